import { mixColors, type ThemeKind } from "./palette.js";
import type { Theme } from "./theme.js";
import { type Cell, LEVELS, partsOf, type Span, type TimeChart, ticks } from "./time-chart.js";

/** CSS pixels. */
export const AXIS_HEIGHT = 18;
const FONT_SIZE = 11;
/** Room for one time below the plot. */
const TICK_WIDTH = 90;

/** One hue from weak to strong: the steps differ in lightness, so everybody can tell them apart. */
const LIGHT = ["#ffe8c7", "#fbc982", "#ee9f3f", "#cf7413", "#9f5000", "#652d00"];
const DARK = ["#573405", "#74460a", "#985d0e", "#c67e1f", "#efac4f", "#ffe0ae"];
/** Stronger at the weak end, where black is next to it. */
const CONTRAST = ["#5c3600", "#7f4d00", "#a86800", "#d08a24", "#f3b65e", "#ffe9c4"];

/** Height of the plot, CSS pixels: in a low panel it leaves the room to the graph. */
export function plotHeight(): number {
  return Math.round(Math.min(120, Math.max(56, (window.innerHeight - 400) * 0.216)));
}

/** Colours of the levels from 1 on. */
export function levelColors(kind: ThemeKind): readonly string[] {
  return kind === "high-contrast" ? CONTRAST : kind === "dark" ? DARK : LIGHT;
}

/** What is drawn beside the cells. */
export interface TimeMarks {
  readonly range: Span | undefined;
  readonly baseline: Span | undefined;
  /** Where the keys are. */
  readonly cursor: Cell | undefined;
}

/** Draws the plot and its axis into the whole of a canvas; lengths of the canvas are device pixels. */
export function paintTime(context: CanvasRenderingContext2D, chart: TimeChart, marks: TimeMarks, theme: Theme, ratio: number): void {
  const { width, height } = context.canvas;
  const plot = Math.round(plotHeight() * ratio);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  const xOf = (column: number): number => Math.round((column * width) / chart.columns);
  const yOf = (share: number): number => Math.round(plot * (1 - share));
  const empty = mixColors(theme.background, theme.foreground, 0.06);
  context.fillStyle = empty;
  context.fillRect(0, 0, xOf(Math.min(chart.columns, (chart.durationNs - chart.fromNs) / chart.columnNs)), plot);
  const colors = levelColors(theme.kind);
  for (let level = 1; level <= LEVELS; level++) {
    context.fillStyle = colors[level - 1] ?? "";
    for (let column = 0; column < chart.columns; column++) {
      const [left, right] = [xOf(column), xOf(column + 1)];
      for (let row = 0; row < chart.rows; row++) {
        if (chart.level[column * chart.rows + row] !== level) continue;
        const [top, bottom] = [yOf((row + 1) / chart.rows), yOf(row / chart.rows)];
        context.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
      }
    }
  }
  const place = { xOf, yOf, line: Math.max(1, Math.round(ratio)) };
  if (marks.range !== undefined) dimOutside(context, chart, marks.range, theme, place);
  if (marks.baseline !== undefined) outline(context, chart, marks.baseline, theme, place, true);
  if (marks.range !== undefined) outline(context, chart, marks.range, theme, place, false);
  if (marks.cursor !== undefined) {
    const { column, row } = marks.cursor;
    const [left, top] = [xOf(column), yOf((row + 1) / chart.rows)];
    context.strokeStyle = theme.focus;
    context.lineWidth = 2 * place.line;
    context.setLineDash([]);
    const size = [Math.max(4 * place.line, xOf(column + 1) - left), Math.max(4 * place.line, yOf(row / chart.rows) - top)] as const;
    context.strokeRect(left, top, ...size);
  }
  drawAxis(context, chart, theme, ratio, plot, xOf);
}

interface Place {
  readonly xOf: (column: number) => number;
  readonly yOf: (share: number) => number;
  /** Device pixels of a thin line. */
  readonly line: number;
}

/** What is not chosen steps back, but stays legible. */
function dimOutside(context: CanvasRenderingContext2D, chart: TimeChart, range: Span, theme: Theme, { xOf, yOf }: Place): void {
  const end = chart.fromNs + chart.columns * chart.columnNs;
  context.fillStyle = theme.background;
  context.globalAlpha = 0.6;
  const outside = [
    { fromNs: chart.fromNs, toNs: Math.min(end, range.fromNs) },
    { fromNs: Math.max(chart.fromNs, range.toNs), toNs: end },
  ].filter(({ fromNs, toNs }) => toNs > fromNs);
  for (const part of outside.flatMap((span) => partsOf(chart, span))) {
    const [left, top] = [xOf(part.column), yOf(part.to)];
    context.fillRect(left, top, xOf(part.column + part.columns) - left, yOf(part.from) - top);
  }
  context.globalAlpha = 1;
}

/** Around the range's parts, without the lines between them; a baseline's is dashed. */
function outline(context: CanvasRenderingContext2D, chart: TimeChart, span: Span, theme: Theme, place: Place, dashed: boolean): void {
  const { xOf, yOf, line } = place;
  if (span.toNs <= chart.fromNs || span.fromNs >= chart.fromNs + chart.columns * chart.columnNs) return;
  const parts = partsOf(chart, span);
  const first = parts[0];
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return;
  const path = new Path2D();
  const corner = (column: number, height: number): void => path.lineTo(xOf(column), yOf(height));
  const right = last.column + last.columns;
  // From the foot of the first column up, along the top, down where the last column ends, and back.
  corner(first.column, first.from);
  corner(first.column, parts.length === 1 ? first.to : 1);
  if (parts.length > 1 && last.to < 1) corner(last.column, 1);
  corner(parts.length > 1 && last.to < 1 ? last.column : right, last.to);
  corner(right, last.to);
  corner(right, parts.length === 1 ? first.from : 0);
  if (parts.length > 1 && first.from > 0) corner(first.column + 1, 0);
  if (parts.length > 1) corner(first.column + 1, first.from);
  path.closePath();
  for (const [color, width] of [
    [theme.background, 4 * line],
    [theme.focus, 2 * line],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dashed ? [5 * line, 4 * line] : []);
    context.stroke(path);
  }
  context.setLineDash([]);
}

function drawAxis(
  context: CanvasRenderingContext2D,
  chart: TimeChart,
  theme: Theme,
  ratio: number,
  plot: number,
  xOf: (column: number) => number,
): void {
  const { width } = context.canvas;
  context.font = `${FONT_SIZE * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "top";
  context.fillStyle = theme.foreground;
  for (const { column, words } of ticks(chart, Math.max(2, Math.floor(width / (TICK_WIDTH * ratio))))) {
    const x = xOf(column);
    if (x + context.measureText(words).width > width) continue;
    context.fillRect(x, plot, Math.max(1, Math.round(ratio)), 3 * ratio);
    context.fillText(words, x + 3 * ratio, plot + 4 * ratio);
  }
}
