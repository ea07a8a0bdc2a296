import { WAIT_CLASSES } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import { eventIndex } from "./names.js";
import type { RecordingTables } from "./tables.js";
import { waitTable } from "./waits.js";

/**
 * Calls `each` with the row of every sample of the selection, in the order of the samples, and `leftOut` with those that are only left out
 * because they are idle waits.
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
  const times = samples.timeNs.view();
  const event = eventIndex(selection.event);
  const fromNs = selection.fromNs ?? Number.NEGATIVE_INFINITY;
  const toNs = selection.toNs ?? Number.POSITIVE_INFINITY;
  const wanted = selectedThreads(recording, selection);
  const kindOf = selection.event === "off_cpu" ? waitFilter(recording, selection) : undefined;
  for (let row = 0; row < events.length; row++) {
    if (events[row] !== event) continue;
    const time = times[row] ?? 0;
    if (time < fromNs || time >= toNs) continue;
    if (wanted !== undefined && wanted[threads[row] ?? 0] !== 1) continue;
    const kind = kindOf?.(row) ?? "wanted";
    if (kind === "wanted") each(row);
    else if (kind === "idle") leftOut?.(row);
  }
}

/** Sum of the idle waits that a selection leaves out, ns; 0 for other events. */
export function idleSum(recording: RecordingTables, selection: Selection): number {
  if (selection.event !== "off_cpu") return 0;
  const values = recording.samples.value.view();
  let sum = 0;
  forEachSelected(
    recording,
    selection,
    () => undefined,
    (row) => (sum += values[row] ?? 0),
  );
  return sum;
}

function waitFilter(recording: RecordingTables, { waits, idle }: Selection): ((row: number) => "wanted" | "idle" | "other") | undefined {
  if (waits === undefined && idle === true) return undefined;
  const table = waitTable(recording);
  const { stack, thread } = recording.samples;
  const classes = waits && new Set(waits.map((each) => WAIT_CLASSES.indexOf(each)));
  return (row) => {
    if (classes?.has(table.classOf(stack.at(row))) === false) return "other";
    return idle !== true && table.isIdle(stack.at(row), thread.at(row)) ? "idle" : "wanted";
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
