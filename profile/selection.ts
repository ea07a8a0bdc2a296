import { GROWTH_EVENTS, WAIT_CLASSES } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import { eventIndex } from "./names.js";
import type { RecordingTables } from "./tables.js";
import { wholeSums } from "./thread-stack-sums.js";
import { BLOCK_ROWS, timeIndex } from "./time-index.js";
import { waitTable } from "./waits.js";
import { withWorkers } from "./workers.js";

/** Some of the rows that are wanted: the first `count` of `rows`, valid during the call only. */
type EachBlock = (rows: Int32Array, count: number) => void;

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
  const one: EachBlock = (rows, count) => {
    for (let i = 0; i < count; i++) each(rows[i] ?? 0);
  };
  forEachSelectedBlock(recording, selection, one, leftOut);
}

/** The same in blocks of rows: a loop over each costs a tenth of a call for each row, which decides where there are millions. */
export function forEachSelectedBlock(
  recording: RecordingTables,
  selection: Selection,
  each: EachBlock,
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
  const mayShrink = GROWTH_EVENTS.has(selection.event);
  const grown: number[] = [];
  const index = timeIndex(recording);
  const block = new Int32Array(BLOCK_ROWS);
  for (let start = 0; start < events.length; start += BLOCK_ROWS) {
    if (!index.mayHave(start / BLOCK_ROWS, event, fromNs, toNs)) continue;
    const end = Math.min(events.length, start + BLOCK_ROWS);
    let count = 0;
    for (let row = start; row < end; row++) {
      const time = times[row] as number;
      if (events[row] === event && time >= fromNs && time < toNs) block[count++] = row;
    }
    if (wanted !== undefined) count = keep(block, count, (row) => wanted[threads[row] ?? 0] === 1);
    if (kindOf !== undefined) {
      count = keep(block, count, (row) => {
        const kind = kindOf(stacks[row] ?? -1, threads[row] ?? 0);
        if (kind === "idle") leftOut?.(row);
        return kind === "wanted";
      });
    }
    if (!mayShrink) each(block, count);
    else for (let i = 0; i < count; i++) grown.push(block[i] ?? 0);
  }
  if (grown.length > 0) forEachGrown(recording, grown, each, leftOut);
}

/** Moves the rows that are wanted to the front; returns how many there are. */
function keep(rows: Int32Array, count: number, isWanted: (row: number) => boolean): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] ?? 0;
    if (isWanted(row)) rows[kept++] = row;
  }
  return kept;
}

/** Columns of a selection's sums: rows of samples, or sums of them. */
interface SumColumns {
  readonly thread: Int32Array;
  /** -1 where there is no stack. */
  readonly stack: Int32Array;
  readonly value: Float64Array;
  readonly count: Float64Array | Int32Array;
}

/**
 * Calls `each` with values of threads and stacks that add up to the selection's, and `leftOut` with those that are only left
 * out. Of the whole time each thread and stack comes once, in the order in which they first came, and it costs what is new since it was
 * last asked; of a range each sample comes.
 */
export function forEachSelectedSum(
  recording: RecordingTables,
  selection: Selection,
  each: (thread: number, stack: number, value: number, count: number) => void,
  leftOut?: (value: number) => void,
): void {
  const block = (rows: Int32Array, length: number, { thread, stack, value, count }: SumColumns): void => {
    for (let i = 0; i < length; i++) {
      const row = rows[i] ?? 0;
      each(thread[row] ?? 0, stack[row] ?? -1, value[row] ?? 0, count[row] ?? 0);
    }
  };
  forEachSelectedSums(recording, selection, block, leftOut);
}

/** The same in blocks of rows of columns. */
export function forEachSelectedSums(
  recording: RecordingTables,
  selection: Selection,
  each: (rows: Int32Array, length: number, columns: SumColumns) => void,
  leftOut?: (value: number) => void,
): void {
  if (selection.fromNs !== undefined || selection.toNs !== undefined) {
    const { thread, stack, value, count } = recording.samples;
    const columns = { thread: thread.view(), stack: stack.view(), value: value.view(), count: count.view() };
    const one: EachBlock = (rows, length) => each(rows, length, columns);
    forEachSelectedBlock(recording, selection, one, (row) => leftOut?.(columns.value[row] ?? 0));
    return;
  }
  const sums = wholeSums(recording, eventIndex(selection.event));
  const wanted = selectedThreads(recording, selection);
  const kindOf = selection.event === "off_cpu" ? waitFilter(recording, selection) : undefined;
  const mayShrink = GROWTH_EVENTS.has(selection.event);
  const columns = { thread: sums.thread.view(), stack: sums.stack.view(), value: sums.value.view(), count: sums.count.view() };
  const block = new Int32Array(BLOCK_ROWS);
  for (let start = 0; start < sums.length; start += BLOCK_ROWS) {
    const end = Math.min(sums.length, start + BLOCK_ROWS);
    let count = 0;
    for (let row = start; row < end; row++) {
      const thread = columns.thread[row] ?? 0;
      const value = columns.value[row] ?? 0;
      if (wanted !== undefined && wanted[thread] !== 1) continue;
      const kind = mayShrink && value < 0 ? "idle" : (kindOf?.(columns.stack[row] ?? -1, thread) ?? "wanted");
      if (kind === "wanted") block[count++] = row;
      else if (kind === "idle") leftOut?.(value);
    }
    each(block, count, columns);
  }
}

/**
 * Rows of memory may be below zero, where memory went back. Over a whole recording a stack of a thread takes at least what it gives back;
 * in a part of the time it may be less, and then all its rows are left out.
 */
function forEachGrown(
  { samples }: RecordingTables,
  rows: readonly number[],
  each: EachBlock,
  leftOut: ((row: number) => void) | undefined,
): void {
  const [stacks, threads, values] = [samples.stack.view(), samples.thread.view(), samples.value.view()];
  const keyOf = (row: number): number => (threads[row] ?? 0) * 2 ** 32 + (stacks[row] ?? -1) + 1;
  const grown = new Map<number, number>();
  for (const row of rows) grown.set(keyOf(row), (grown.get(keyOf(row)) ?? 0) + (values[row] ?? 0));
  const kept = rows.filter((row) => (grown.get(keyOf(row)) ?? 0) >= 0);
  if (leftOut !== undefined) for (const row of rows) if ((grown.get(keyOf(row)) ?? 0) < 0) leftOut(row);
  each(Int32Array.from(kept), kept.length);
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
  if (selection.pids === undefined && selection.threads === undefined) return undefined;
  const { pids, threads } = withWorkers(recording, selection);
  const pidSet = pids === undefined ? undefined : new Set(pids);
  const threadSet = threads === undefined ? undefined : new Set(threads);
  return Uint8Array.from(recording.threadRows, ({ process }, index) => {
    const pid = recording.processRows[process]?.pid ?? -1;
    return (pidSet?.has(pid) ?? true) && (threadSet?.has(index) ?? true) ? 1 : 0;
  });
}
