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
  readonly lanes: TimeLanes;
}

/** What processes and threads took over the columns of the grid. */
export interface TimeLanes {
  /** A process is followed by its threads, where it has several. */
  readonly lanes: readonly TimeLane[];
  /** f64 in base64: value by lane and column, `lane * columns + column`. */
  readonly value: string;
  /** What has no lane; the processes' part of the total. */
  readonly restProcesses: number;
  readonly restThreads: number;
  readonly restTotal: number;
  /** Samples that were lost until a moment, since the one before. */
  readonly lost: readonly { readonly timeNs: number; readonly lost: number }[];
}

export interface TimeLane {
  readonly kind: "process" | "thread";
  readonly pid: number;
  readonly tid: number;
  /** Index into the thread table; -1 of a process. */
  readonly thread: number;
  readonly name: string;
  /** Over the whole recording. */
  readonly total: number;
  /** In the order of time: the longest ones, and how many there are beside them. */
  readonly marks: readonly LaneMark[];
  readonly restMarks: number;
}

/** `wait`: it waited for `what`. `start`: it started the process `what`. */
export interface LaneMark {
  readonly kind: "wait" | "start";
  readonly fromNs: number;
  readonly toNs: number;
  readonly what: string;
}
