import { GROWTH_EVENTS, type EventName } from "../../protocol/events.js";
import { eventIndex } from "../names.js";
import type { Recording } from "../recording.js";
import { forEachSelected } from "../selection.js";

/** The samples of one thread, in the order of their times. */
export interface ThreadRows {
  /** Index into the threads. */
  readonly thread: number;
  /** Rows of the samples' table; of `memory` the first of each stack. */
  readonly rows: readonly number[];
  /** Of `memory`, whose single samples may be below zero: the sum of each row's stack. */
  readonly sums?: readonly number[];
}

/** The samples of an event by thread, idle waits included; threads in the order of the table. */
export function rowsByThread(recording: Recording, event: EventName): ThreadRows[] {
  const byThread = new Map<number, number[]>();
  const { thread, timeNs } = recording.samples;
  forEachSelected(recording, { event, idle: true }, (row) => {
    const rows = byThread.get(thread.at(row));
    if (rows === undefined) byThread.set(thread.at(row), [row]);
    else rows.push(row);
  });
  return [...byThread]
    .sort(([a], [b]) => a - b)
    .map(([index, rows]) => ({ thread: index, rows: rows.sort((a, b) => timeNs.at(a) - timeNs.at(b) || a - b) }))
    .map((each) => (GROWTH_EVENTS.has(event) ? summed(recording, each) : each));
}

/** One row a stack: what it took, less what it gave back. */
function summed({ samples }: Recording, { thread, rows }: ThreadRows): ThreadRows {
  const first = new Map<number, number>();
  const sums = new Map<number, number>();
  for (const row of rows) {
    const stack = samples.stack.at(row);
    if (!first.has(stack)) first.set(stack, row);
    sums.set(stack, (sums.get(stack) ?? 0) + samples.value.at(row));
  }
  return { thread, rows: [...first.values()], sums: [...sums.values()] };
}

/** A sample's place on a line of time on which no two samples lie above each other, and the gap before it. All in the event's unit. */
export interface Placed {
  readonly row: number;
  readonly gap: number;
  readonly start: number;
  readonly value: number;
}

/**
 * Lays samples out in time: each begins at its own time, or later where the one before it still lasts. Values keep, so sums do; times move only
 * where values are longer than the time between two samples. Without times, or for bytes, there are no gaps.
 */
export function* placed(
  recording: Recording,
  { rows, sums }: ThreadRows,
  options: { readonly gaps: boolean; readonly from?: number },
): Generator<Placed> {
  const { timeNs, value } = recording.samples;
  let end = options.from ?? 0;
  for (const [index, row] of rows.entries()) {
    const start = options.gaps ? Math.max(end, timeNs.at(row)) : end;
    const length = sums?.[index] ?? value.at(row);
    yield { row, gap: start - end, start, value: length };
    end = start + length;
  }
}

/** Whether any sample of a recording says when it was: aggregated files don't. */
export function hasTimes({ samples }: Recording, event: EventName): boolean {
  const times = samples.timeNs.view();
  const events = samples.event.view();
  const wanted = eventIndex(event);
  return times.some((time, row) => time > 0 && events[row] === wanted);
}
