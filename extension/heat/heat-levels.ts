/** How a line's share becomes a mark and a text. Pure, so that the tests need no editor. */
import type { DocumentHeat, LineChange, LineHeat } from "../../protocol/queries.js";

/** Smallest share (of the selection's total) of levels 1 to 5; roughly even steps on a logarithmic scale. */
export const LEVEL_SHARES = [0.005, 0.02, 0.05, 0.15, 0.4] as const;
export const LEVELS = LEVEL_SHARES.length;

/** Changes of less than this share are within what two short runs of the same code differ by, and are not shown. */
const CHANGE_SHARE = 0.02;

/** A marked line. `level` is 0 to {@link LEVELS} - 1; `text` is empty where nothing is written at the line's end. */
export interface HeatMark {
  readonly lineIndex: number;
  readonly level: number;
  readonly text: string;
}

/** The level of a share, or -1 where the line gets no mark. */
export function levelOf(share: number): number {
  return LEVEL_SHARES.findLastIndex((smallest) => share >= smallest);
}

/**
 * The marks of a document, by line, each line once. Lines that cooled down since the recording before keep their text, and
 * lines that are in `marked` (0-based) keep a mark: a share that wavers about the smallest one would make it blink.
 */
export function heatMarks(heat: DocumentHeat, showEndOfLine: boolean, marked: ReadonlySet<number> = new Set()): HeatMark[] {
  const marks: HeatMark[] = [];
  for (const line of heat.lines) {
    const share = heat.total > 0 ? line.total / heat.total : 0;
    const level = Math.max(levelOf(share), marked.has(line.lineIndex) && share > 0 ? 0 : -1);
    const different = line.change !== undefined && (line.change.verdict === "more" || line.change.verdict === "less");
    const changed = line.before !== undefined && Math.abs(share - line.before) >= CHANGE_SHARE;
    if (level >= 0 || changed || different) {
      marks.push({ lineIndex: line.lineIndex, level, text: endOfLineText(line, share, changed, showEndOfLine && level >= 0) });
    }
  }
  return marks;
}

function endOfLineText(line: LineHeat, share: number, changed: boolean, always: boolean): string {
  if (line.change?.verdict === "more" || line.change?.verdict === "less") {
    return changeText(line.change);
  }
  if (changed && line.before !== undefined) {
    return `${percent(line.before)} → ${percent(share)}`;
  }
  return always ? `${percent(share)}${line.mostly === undefined ? "" : ` ${line.mostly}`}` : "";
}

/** "▲ +25 %", "▼ −12 %", "▲ new", "▼ gone": what is more than noise. */
export function changeText({ next, relative, verdict }: LineChange): string {
  const mark = verdict === "more" ? "▲" : "▼";
  if (relative === null || next === 0) {
    return `${mark} ${relative === null ? "new" : "gone"}`;
  }
  return `${mark} ${relative >= 9.995 ? `×${Math.round(relative + 1)}` : `${relative < 0 ? "−" : "+"}${percent(Math.abs(relative))}`}`;
}

/** A share as people read it: "38 %", "4.2 %", "0.5 %", "<0.1 %", "0 %". */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) {
    return "0 %";
  }
  if (value < 0.1) {
    return "<0.1 %";
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}
