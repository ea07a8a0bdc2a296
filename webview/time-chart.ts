import { fromBase64 } from "../profile/base64.js";
import { rangeWords, timeWords } from "../profile/time-words.js";
import type { TimeGrid, TimeMap } from "../protocol/time-map.js";
import { EVENT_WORDS, formatShare, formatValue } from "./format.js";

/** Colours of the scale: each a sixth of what the fullest cells have. */
export const LEVELS = 6;

/** Times in ns since the recording's start; `fromNs` < `toNs`. */
export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** A cell of the grid: its column, and its row from the foot. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

/** The heat map as numbers, ready to be drawn. */
export interface TimeChart extends TimeGrid, Pick<TimeMap, "event" | "unit" | "durationNs" | "total" | "lanes"> {
  /** By cell, `column * rows + row`. */
  readonly value: Float64Array;
  /** 0 for a cell without value, else 1 to {@link LEVELS}. */
  readonly level: Uint8Array;
  /** Value from which a cell has the last colour: one in a hundred cells with a value has more. */
  readonly top: number;
  /** The largest value of a cell. */
  readonly most: number;
  /** By lane and column, `lane * columns + column`. */
  readonly laneValue: Float64Array;
}

/** Throws an Error with one sentence where the columns are not as long as the grid. */
export function decodeTimeMap(map: TimeMap): TimeChart {
  const bytes = fromBase64(map.value);
  const lanes = fromBase64(map.lanes.value);
  const cells = map.columns * map.rows;
  if (bytes?.length !== cells * 8 || lanes?.length !== map.lanes.lanes.length * map.columns * 8 || !(map.columnNs > 0)) {
    throw new Error("The answer is not a map of time; reopen the recording, and report this if it comes back.");
  }
  const value = new Float64Array(bytes.buffer);
  const sorted = value.filter((each) => each > 0).sort();
  const most = sorted.at(-1) ?? 0;
  // One cell of a burst must not turn all others pale.
  const top = sorted[Math.floor(sorted.length * 0.99)] ?? most;
  const level = Uint8Array.from(value, (each) => (each > 0 ? Math.min(LEVELS, Math.max(1, Math.ceil((each / top) * LEVELS))) : 0));
  const { fromNs, columnNs, rows, columns, event, unit, durationNs, total } = map;
  const laneValue = new Float64Array(lanes.buffer);
  return { fromNs, columnNs, rows, columns, event, unit, durationNs, total, value, level, top, most, lanes: map.lanes, laneValue };
}

export function cellNs({ columnNs, rows }: TimeGrid): number {
  return columnNs / rows;
}

export function spanOfCell(grid: TimeGrid, { column, row }: Cell): Span {
  const fromNs = grid.fromNs + column * grid.columnNs + row * cellNs(grid);
  return { fromNs, toNs: fromNs + cellNs(grid) };
}

export function spanOfColumn(grid: TimeGrid, column: number): Span {
  const fromNs = grid.fromNs + column * grid.columnNs;
  return { fromNs, toNs: fromNs + grid.columnNs };
}

/** From the earlier of two cells to the end of the later one, or of whole columns; cut at the recording's ends. */
export function spanBetween(chart: TimeChart, a: Cell, b: Cell, columns = false): Span {
  const spans = columns ? [spanOfColumn(chart, a.column), spanOfColumn(chart, b.column)] : [spanOfCell(chart, a), spanOfCell(chart, b)];
  const fromNs = Math.min(...spans.map((span) => span.fromNs));
  const toNs = Math.max(...spans.map((span) => span.toNs));
  // The last cell ends with the recording, and what lies at its very end belongs to it.
  return { fromNs: Math.max(0, fromNs), toNs: toNs >= chart.durationNs ? Math.max(chart.durationNs, fromNs) + 1 : toNs };
}

/** The cell at a place of the plot, 0 to 1 from the left and from the foot; places outside count to the nearest cell. */
export function cellAt(grid: TimeGrid, x: number, y: number): Cell {
  const inside = (share: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return { column: inside(x, grid.columns), row: inside(y, grid.rows) };
}

/** Columns from the left as a number with a fraction, and the height in its column from 0 to 1. */
export function placeOf(grid: TimeGrid, timeNs: number): { readonly column: number; readonly height: number } {
  const columns = Math.min(grid.columns, Math.max(0, (timeNs - grid.fromNs) / grid.columnNs));
  return { column: Math.floor(columns), height: columns - Math.floor(columns) };
}

/**
 * The corners of a range as it lies on the grid, in columns and heights: its first and last column may be there in part.
 *
 * ```
 *   ┌─────┐
 *   │   ┌─┘
 * ┌─┘   │
 * └─────┘   → up to three rectangles
 * ```
 */
export function partsOf(
  grid: TimeGrid,
  { fromNs, toNs }: Span,
): { readonly column: number; readonly columns: number; readonly from: number; readonly to: number }[] {
  const [a, b] = [placeOf(grid, fromNs), placeOf(grid, toNs)];
  if (a.column === b.column) return [{ column: a.column, columns: 1, from: a.height, to: b.height }];
  const whole = b.column - a.column - 1;
  return [
    { column: a.column, columns: 1, from: a.height, to: 1 },
    ...(whole > 0 ? [{ column: a.column + 1, columns: whole, from: 0, to: 1 }] : []),
    ...(b.height > 0 ? [{ column: b.column, columns: 1, from: 0, to: b.height }] : []),
  ];
}

/** Sum of the cells that begin in a range. */
export function sumIn(chart: TimeChart, { fromNs, toNs }: Span): number {
  const size = cellNs(chart);
  const first = Math.max(0, Math.round((fromNs - chart.fromNs) / size));
  const end = Math.min(chart.value.length, Math.ceil((toNs - chart.fromNs) / size - 1e-6));
  let sum = 0;
  for (let cell = first; cell < end; cell++) sum += chart.value[cell] ?? 0;
  return sum;
}

/** "CPU time of 12.34 s to 12.36 s: 19.8 ms (0.45 % of all)". */
export function cellWords(chart: TimeChart, cell: Cell): { readonly time: string; readonly value: string; readonly share: string } {
  const value = chart.value[cell.column * chart.rows + cell.row] ?? 0;
  return {
    time: rangeWords(spanOfCell(chart, cell), chart.durationNs),
    value: `${formatValue(value, chart.unit)} of ${EVENT_WORDS[chart.event]}`,
    share: `${formatShare(value, chart.total)} of all`,
  };
}

/** "1 s", "20 ms": how long a column or a cell is. */
export function lengthWords(ns: number): string {
  if (ns >= 1e9) return timeWords(ns, 1e9);
  return ns >= 1e6 ? `${Number((ns / 1e6).toFixed(2))} ms` : `${Number((ns / 1e3).toFixed(2))} µs`;
}

/** Times to write below the plot, at most `most` of them, each at the left edge of its column. */
export function ticks(grid: TimeGrid, most: number): { readonly column: number; readonly words: string }[] {
  const step = [1, 2, 5, 10, 20, 30, 50, 60, 100, 150].find((each) => grid.columns / each <= most) ?? grid.columns;
  const first = Math.ceil(Math.round(grid.fromNs / grid.columnNs) / step) * step - Math.round(grid.fromNs / grid.columnNs);
  return Array.from({ length: Math.max(0, Math.ceil((grid.columns - first) / step)) }, (_, i) => {
    const column = first + i * step;
    return { column, words: timeWords(grid.fromNs + column * grid.columnNs, grid.columnNs) };
  });
}
