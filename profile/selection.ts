import { GROWTH_EVENTS, WAIT_CLASSES } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import { eventIndex } from "./names.js";
import type { RecordingTables } from "./tables.js";
import { wholeSums } from "./thread-stack-sums.js";
import { BLOCK_ROWS, timeIndex } from "./time-index.js";
import { waitTable } from "./waits.js";

/**
 * Calls `each` with the row of every sample of the selection, in the order of the samples, and `leftOut` with those that are only left out
 * because they are idle waits, or memory of a stack that gave back more than it took: such a stack can't be drawn.
 */
export function forEachSelected(
  recording: RecordingTables,
  selection: Selection,
  each: (row: number) => void,
  leftOut?: (row: number) => void,
): void {
  const { samples } = recording;
  const events = samples.event.view();
  const threads = samples.thread.view();
  const stacks = samples.stack.view();
  const times = samples.timeNs.view();
  const event = eventIndex(selection.event);
  const fromNs = selection.fromNs ?? Number.NEGATIVE_INFINITY;
  const toNs = selection.toNs ?? Number.POSITIVE_INFINITY;
  const wanted = selectedThreads(recording, selection);
  const kindOf = selection.event === "off_cpu" ? waitFilter(recording, selection) : undefined;
  const rows: number[] = [];
  const index = timeIndex(recording);
  for (let start = 0; start < events.length; start += BLOCK_ROWS) {
    if (!index.mayHave(start / BLOCK_ROWS, event, fromNs, toNs)) continue;
    const end = Math.min(events.length, start + BLOCK_ROWS);
    for (let row = start; row < end; row++) {
      if (events[row] !== event) continue;
      const time = times[row] ?? 0;
      if (time < fromNs || time >= toNs) continue;
      if (wanted !== undefined && wanted[threads[row] ?? 0] !== 1) continue;
      if (GROWTH_EVENTS.has(selection.event)) {
        rows.push(row);
        continue;
      }
      const kind = kindOf?.(stacks[row] ?? -1, threads[row] ?? 0) ?? "wanted";
      if (kind === "wanted") each(row);
      else if (kind === "idle") leftOut?.(row);
    }
  }
  if (rows.length > 0) forEachGrown(recording, rows, each, leftOut);
}

/**
 * The same as sums: calls `each` with values of threads and stacks that add up to the selection's, and `leftOut` with those that are only left
 * out. Of the whole time each thread and stack comes once, in the order in which they first came, and it costs what is new since it was
 * last asked; of a range each sample comes.
 */
export function forEachSelectedSum(
  recording: RecordingTables,
  selection: Selection,
  each: (thread: number, stack: number, value: number, count: number) => void,
  leftOut?: (value: number) => void,
): void {
  if (selection.fromNs !== undefined || selection.toNs !== undefined) {
    const { thread, stack, value, count } = recording.samples;
    const [threads, stacks, values, counts] = [thread.view(), stack.view(), value.view(), count.view()];
    const one = (row: number): void => each(threads[row] ?? 0, stacks[row] ?? -1, values[row] ?? 0, counts[row] ?? 0);
    forEachSelected(recording, selection, one, (row) => leftOut?.(values[row] ?? 0));
    return;
  }
  const sums = wholeSums(recording, eventIndex(selection.event));
  const wanted = selectedThreads(recording, selection);
  const kindOf = selection.event === "off_cpu" ? waitFilter(recording, selection) : undefined;
  const mayShrink = GROWTH_EVENTS.has(selection.event);
  const [threads, stacks, values, counts] = [sums.thread.view(), sums.stack.view(), sums.value.view(), sums.count.view()];
  for (let row = 0; row < threads.length; row++) {
    const thread = threads[row] ?? 0;
    const stack = stacks[row] ?? -1;
    const value = values[row] ?? 0;
    if (wanted !== undefined && wanted[thread] !== 1) continue;
    const kind = mayShrink && value < 0 ? "idle" : (kindOf?.(stack, thread) ?? "wanted");
    if (kind === "wanted") each(thread, stack, value, counts[row] ?? 0);
    else if (kind === "idle") leftOut?.(value);
  }
}

/**
 * Rows of memory may be below zero, where memory went back. Over a whole recording a stack of a thread takes at least what it gives back;
 * in a part of the time it may be less, and then all its rows are left out.
 */
function forEachGrown(
  { samples }: RecordingTables,
  rows: readonly number[],
  each: (row: number) => void,
  leftOut: ((row: number) => void) | undefined,
): void {
  const [stacks, threads, values] = [samples.stack.view(), samples.thread.view(), samples.value.view()];
  const keyOf = (row: number): number => (threads[row] ?? 0) * 2 ** 32 + (stacks[row] ?? -1) + 1;
  const grown = new Map<number, number>();
  for (const row of rows) grown.set(keyOf(row), (grown.get(keyOf(row)) ?? 0) + (values[row] ?? 0));
  for (const row of rows) {
    if ((grown.get(keyOf(row)) ?? 0) < 0) leftOut?.(row);
    else each(row);
  }
}

/** What a selection leaves out, in the event's unit: idle waits, or by how much stacks shrank; 0 for other events. */
export function leftOutSum(recording: RecordingTables, selection: Selection): number {
  if (selection.event !== "off_cpu" && !GROWTH_EVENTS.has(selection.event)) return 0;
  let sum = 0;
  forEachSelectedSum(
    recording,
    selection,
    () => undefined,
    (value) => (sum += value),
  );
  return Math.abs(sum);
}

function waitFilter(
  recording: RecordingTables,
  { waits, idle }: Selection,
): ((stack: number, thread: number) => "wanted" | "idle" | "other") | undefined {
  if (waits === undefined && idle === true) return undefined;
  const table = waitTable(recording);
  const classes = waits && new Set(waits.map((each) => WAIT_CLASSES.indexOf(each)));
  return (stack, thread) => {
    if (classes?.has(table.classOf(stack)) === false) return "other";
    return idle !== true && table.isIdle(stack, thread) ? "idle" : "wanted";
  };
}

/** 1 for each thread of the selection; `undefined` where it has them all. An empty list selects none. */
function selectedThreads(recording: RecordingTables, selection: Selection): Uint8Array | undefined {
  const { pids, threads } = selection;
  if (pids === undefined && threads === undefined) return undefined;
  const pidSet = pids === undefined ? undefined : new Set(pids);
  const threadSet = threads === undefined ? undefined : new Set(threads);
  return Uint8Array.from(recording.threadRows, ({ process }, index) => {
    const pid = recording.processRows[process]?.pid ?? -1;
    return (pidSet?.has(pid) ?? true) && (threadSet?.has(index) ?? true) ? 1 : 0;
  });
}
