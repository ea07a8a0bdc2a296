/** The table beside the flame graph: what it lists, and the answer's shape. */
import type { EventName, EventUnit } from "./events.js";
import type { TableScope, TreeDifference } from "./queries.js";

/** What the rows of a table are. */
export const TABLE_KINDS = ["functions", "lines", "files", "modules", "threads", "waits"] as const;
export type TableKind = (typeof TABLE_KINDS)[number];

/**
 * A table as columns, all rows of it, in no order. Numeric columns are little-endian arrays in base64, one entry a row: i32 for indices,
 * f64 for values in `unit`.
 */
export interface TableColumns extends TableScope {
  readonly kind: TableKind;
  readonly event: EventName;
  readonly unit: EventUnit;
  readonly rows: number;
  /** What `name` and `place` point into. */
  readonly texts: readonly string[];
  /** i32: of the row, by which the server knows it again while the recording is open. */
  readonly id: string;
  /** i32: the function in the recording that the row is, or that costs most in it; -1 where there is none. */
  readonly function: string;
  /** i32: index into `texts`. */
  readonly name: string;
  /** i32: index into `texts`: the file of a function, the function of a line, the process of a thread. */
  readonly place: string;
  /** i32: 1-based, of functions and lines; 0 where there is none. */
  readonly line: string;
  /** f64: of samples that end in the row. */
  readonly selfOf: string;
  /** f64: of samples that have the row anywhere on their stack, once a sample. */
  readonly totalOf: string;
  /** Where a baseline was chosen. Rows that only it has are there, too, with an id below zero. */
  readonly difference?: TableDifference;
}

/** A table against the baseline: by what ends in each row, and by what has it anywhere on its stack. */
export interface TableDifference extends Pick<TreeDifference, "measure" | "untold"> {
  readonly self: ChangeColumns;
  readonly total: ChangeColumns;
}

/** One entry a row, as in {@link TableColumns}. Values are in the event's unit in each second of wall time, or shares of the sum from 0 to 1. */
export interface ChangeColumns {
  /** f64 */
  readonly base: string;
  readonly next: string;
  /** f64: ends of the 95 % interval of the change; NaN where it is no more than noise, or none can be told. */
  readonly low: string;
  readonly high: string;
  /** i32: index into `VERDICTS`. */
  readonly verdict: string;
}
