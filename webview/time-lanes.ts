import { rangeWords, timeWords } from "../profile/time-words.js";
import type { LaneMark, TimeLane } from "../protocol/time-map.js";
import { makeDiv } from "./elements.js";
import { EVENT_WORDS, formatCount, formatShare, formatValue } from "./format.js";
import { cleanText } from "./graph-tree.js";
import { levelColors } from "./time-canvas.js";
import type { Theme } from "./theme.js";
import { cellNs, spanOfColumn, type TimeChart } from "./time-chart.js";

/** CSS pixels. */
export const LANE_HEIGHT = 18;
/** How far from a mark the pointer may be, CSS pixels. */
const REACH = 4;

/** Blue beside the orange of the cells: everybody can tell these apart. */
const MARK_COLORS = { light: "#1a66b0", dark: "#7cb8f0" } as const;

/** Lanes that are seen at first. */
export function fewLanes(): number {
  return window.innerHeight < 750 ? 2 : 4;
}

/** The lanes' names, each a button that shows it alone in all views. */
export function laneButtons(chart: TimeChart, shown: number, select: (lane: TimeLane) => void): HTMLElement[] {
  return chart.lanes.lanes.slice(0, shown).map((lane) => {
    const button = document.createElement("button");
    button.className = lane.kind === "thread" ? "time-lane time-lane-thread" : "time-lane";
    button.textContent = laneName(lane);
    const words = `${laneName(lane)}: ${formatShare(lane.total, chart.total)} of ${EVENT_WORDS[chart.event]}${marksWords(lane)}`;
    button.title = `${words}. Click to see it alone.`;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => select(lane));
    return button;
  });
}

/** What is not seen of the lanes; empty where all are. */
export function restWords(chart: TimeChart, shown: number): string {
  const { lanes, restProcesses, restThreads, restTotal } = chart.lanes;
  const hidden = lanes.slice(shown);
  const processes = restProcesses + hidden.filter(({ kind }) => kind === "process").length;
  const threads = restThreads + hidden.filter(({ kind }) => kind === "thread").length;
  const parts = [
    processes > 0 ? formatCount(processes, "more process", "more processes") : "",
    threads > 0 ? formatCount(threads, "more thread") : "",
  ].filter((part) => part !== "");
  const total = restTotal + hidden.reduce((sum, { kind, total: own }) => sum + (kind === "process" ? own : 0), 0);
  return parts.length === 0 ? "" : `${parts.join(", ")}${total > 0 ? ` (${formatShare(total, chart.total)})` : ""}`;
}

/** Draws the lanes below each other from `top` on, device pixels. */
export function paintLanes(
  context: CanvasRenderingContext2D,
  chart: TimeChart,
  shown: number,
  top: number,
  theme: Theme,
  ratio: number,
): void {
  const { width } = context.canvas;
  const pitch = LANE_HEIGHT * ratio;
  const xOf = (column: number): number => Math.round((column * width) / chart.columns);
  const atNs = (timeNs: number): number => ((timeNs - chart.fromNs) / chart.columnNs / chart.columns) * width;
  const bar = levelColors(theme.kind)[3] ?? "";
  const mark = MARK_COLORS[theme.kind === "dark" || theme.kind === "high-contrast" ? "dark" : "light"];
  chart.lanes.lanes.slice(0, shown).forEach((lane, index) => {
    const values = chart.laneValue.subarray(index * chart.columns, (index + 1) * chart.columns);
    const most = values.reduce((a, b) => Math.max(a, b), 0);
    const foot = Math.round(top + (index + 1) * pitch - 2 * ratio);
    const room = pitch - 6 * ratio;
    context.fillStyle = bar;
    values.forEach((value, column) => {
      if (!(value > 0)) return;
      const height = Math.max(ratio, Math.round((value / most) * room));
      context.fillRect(xOf(column), foot - height, Math.max(1, xOf(column + 1) - xOf(column)), height);
    });
    context.fillStyle = theme.foreground;
    context.globalAlpha = 0.3;
    context.fillRect(0, foot, width, Math.max(1, Math.round(ratio)));
    context.globalAlpha = 1;
    context.fillStyle = mark;
    for (const { kind, fromNs, toNs } of lane.marks) {
      const [left, right] = [atNs(fromNs), atNs(toNs)];
      if (kind === "wait") context.fillRect(Math.round(left), foot - 2 * ratio, Math.max(2 * ratio, Math.round(right - left)), 3 * ratio);
      else drawStart(context, left, foot, ratio);
    }
  });
  // A cross on the axis wherever samples were lost.
  context.fillStyle = theme.foreground;
  context.font = `bold ${11 * ratio}px sans-serif`;
  for (const { timeNs } of chart.lanes.lost) context.fillText("×", atNs(timeNs) - 3 * ratio, top - 16 * ratio);
}

function drawStart(context: CanvasRenderingContext2D, x: number, foot: number, ratio: number): void {
  context.beginPath();
  context.moveTo(x, foot - 10 * ratio);
  context.lineTo(x + 5 * ratio, foot - 6 * ratio);
  context.lineTo(x, foot - 2 * ratio);
  context.closePath();
  context.fill();
}

/** What a place of a lane tells; `x` from 0 to 1, `width` in CSS pixels. */
export function laneWords(chart: TimeChart, index: number, x: number, width: number) {
  const lane = chart.lanes.lanes[index];
  if (lane === undefined) return undefined;
  const timeNs = chart.fromNs + x * chart.columns * chart.columnNs;
  const reachNs = (REACH / Math.max(1, width)) * chart.columns * chart.columnNs;
  const marks = lane.marks.filter(({ fromNs, toNs }) => timeNs >= fromNs - reachNs && timeNs <= toNs + reachNs);
  const column = Math.min(chart.columns - 1, Math.max(0, Math.floor(x * chart.columns)));
  const value = chart.laneValue[index * chart.columns + column] ?? 0;
  return {
    time: `${laneName(lane)}, ${rangeWords(spanOfColumn(chart, column), chart.durationNs)}`,
    value: [
      `${formatValue(value, chart.unit)} of ${EVENT_WORDS[chart.event]}`,
      ...marks.slice(0, 4).map((mark) => markWords(chart, mark)),
    ].join("\n"),
    share: marks.length > 4 ? `and ${marks.length - 4} more` : "",
  };
}

/** "12 samples lost until 50 s"; undefined where none were near. */
export function lossWords(chart: TimeChart, x: number, width: number): string | undefined {
  const timeNs = chart.fromNs + x * chart.columns * chart.columnNs;
  const reachNs = (REACH / Math.max(1, width)) * chart.columns * chart.columnNs;
  const near = chart.lanes.lost.find((each) => Math.abs(each.timeNs - timeNs) <= reachNs);
  return near && `${formatCount(near.lost, "sample")} lost until ${timeWords(near.timeNs, chart.columnNs)}`;
}

function markWords(chart: TimeChart, { kind, fromNs, toNs, what }: LaneMark): string {
  const at = timeWords(fromNs, cellNs(chart));
  return kind === "start" ? `started ${cleanText(what)} at ${at}` : `waited ${formatValue(toNs - fromNs, "ns")} for ${what} from ${at} on`;
}

function laneName({ kind, name, pid, tid }: TimeLane): string {
  return `${cleanText(name) || "(no name)"} (${kind === "process" ? pid : tid})`;
}

function marksWords({ marks, restMarks }: TimeLane): string {
  const starts = marks.filter(({ kind }) => kind === "start").length;
  const waits = marks.length - starts + restMarks;
  return [
    waits > 0
      ? `, ${formatCount(waits, "wait")} of 5 ms or longer${restMarks > 0 ? `, the longest ${marks.length - starts} drawn` : ""}`
      : "",
    starts > 0 ? `, ${formatCount(starts, "process", "processes")} started` : "",
  ].join("");
}

/** The row below the lanes that tells the rest, and unfolds it. */
export function restRow(chart: TimeChart, shown: number, toggle: () => void): HTMLElement[] {
  const words = restWords(chart, shown);
  const more = chart.lanes.lanes.length > fewLanes();
  if (words === "" && !more) return [];
  const row = makeDiv("time-rest");
  const button = document.createElement("button");
  button.className = "time-more";
  button.textContent = shown < chart.lanes.lanes.length ? "Show more lanes" : "Show fewer lanes";
  button.addEventListener("click", toggle);
  row.append(...(more ? [button] : []), words);
  return [row];
}
