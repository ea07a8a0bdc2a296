import { clampRange, type Range } from "./viewport.js";
import type { GraphTree } from "./graph-tree.js";

/** The map's own size in CSS pixels, and what it is a map of. */
export interface MapScale {
  readonly width: number;
  readonly height: number;
  /** Value of the root: the map's whole width. */
  readonly total: number;
  /** Rows of the graph: the map's whole height. May be a fraction where the last one is seen in part. */
  readonly rows: number;
}

/** What of the graph is on the screen; rows count from 0 and may be fractions. */
export interface Seen {
  readonly range: Range;
  readonly firstRow: number;
  readonly rows: number;
}

/** CSS pixels of the map. */
export interface MapRect {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What of the map is under the pointer: an edge of what is seen, what is seen, or the rest. */
export type Grip = "left" | "right" | "inside" | "outside";

/** A smaller window could neither be seen nor be held. */
const SMALLEST_PX = 4;
/** How far outside of an edge it can still be held, px: inside of a narrow window there would be no room. */
const GRIP_PX = 6;

/** Where on the map the visible part is. */
export function windowRect({ width, height, total, rows }: MapScale, { range, firstRow, rows: seen }: Seen): MapRect {
  const [left, right] = atLeast((range.start / total) * width, (range.end / total) * width, width);
  const [top, bottom] = atLeast((firstRow / rows) * height, ((firstRow + Math.min(seen, rows)) / rows) * height, height);
  return { left, right, top, bottom };
}

export function gripAt({ left, right, top, bottom }: MapRect, x: number, y: number): Grip {
  if (y < top - 1 || y > bottom + 1) return "outside";
  const inner = Math.min(GRIP_PX, (right - left) / 4);
  if (x >= left - GRIP_PX && x <= left + inner) return "left";
  if (x >= right - inner && x <= right + GRIP_PX) return "right";
  return x > left && x < right ? "inside" : "outside";
}

/** The range with one edge moved to `x` px of the map; the other one stays, a pixel of the map away at least. */
export function withEdge(tree: GraphTree, { width, total }: MapScale, range: Range, edge: "left" | "right", x: number): Range {
  const at = (Math.min(width, Math.max(0, x)) / width) * total;
  const least = total / width;
  const moved =
    edge === "left"
      ? { start: Math.min(at, range.end - least), end: range.end }
      : { start: range.start, end: Math.max(at, range.start + least) };
  return clampRange(tree, moved);
}

/** The range moved so that its middle is at `x` px of the map. */
export function centeredAt(tree: GraphTree, { width, total }: MapScale, range: Range, x: number): Range {
  const half = (range.end - range.start) / 2;
  const at = (x / width) * total;
  return clampRange(tree, { start: at - half, end: at + half });
}

/** "12.0 % to 38.0 % of the width, rows 3 to 20 of 51", for who does not see it. */
export function windowWords({ total, rows }: MapScale, { range, firstRow, rows: seen }: Seen): string {
  const percent = (value: number): string => `${((100 * value) / total).toFixed(1)} %`;
  const last = Math.min(Math.ceil(rows), Math.max(1, Math.floor(firstRow + seen)));
  return `${percent(range.start)} to ${percent(range.end)} of the width, rows ${Math.floor(firstRow) + 1} to ${last} of ${Math.ceil(rows)}`;
}

function atLeast(from: number, to: number, end: number): [number, number] {
  if (to - from >= SMALLEST_PX) return [Math.max(0, from), Math.min(end, to)];
  const start = Math.min(end - SMALLEST_PX, Math.max(0, (from + to - SMALLEST_PX) / 2));
  return [start, start + SMALLEST_PX];
}
