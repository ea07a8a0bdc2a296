/** A recording's time as a grid: what the time heat map asks for, and the answer. Times are in ns since the recording's start. */
import type { EventName, EventUnit } from "./events.js";

/**
 * Time runs up a column, then on at the foot of the next one.
 *
 * ```
 * row 1   1 3 5      columnNs: 1 and 2 together
 * row 0   0 2 4      rows: 2
 * ```
 */
export interface TimeGrid {
  /** Start of the first column: a multiple of `columnNs`. */
  readonly fromNs: number;
  readonly columnNs: number;
  /** Cells in a column. */
  readonly rows: number;
  readonly columns: number;
}

/** A selection by time, whatever its own range; values are in `unit`. */
export interface TimeMap extends TimeGrid {
  readonly event: EventName;
  readonly unit: EventUnit;
  /** Of the whole recording. */
  readonly durationNs: number;
  /** Sum over the whole recording: what shares are shares of where no range is chosen. */
  readonly total: number;
  /** f64 in base64: value by cell, `column * rows + row`. Of memory it may be below zero. */
  readonly value: string;
}
