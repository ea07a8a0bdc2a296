import type { Selection } from "../protocol/queries.js";
import { eventIndex } from "./names.js";
import type { RecordingTables } from "./tables.js";

/** Calls `each` with the row of every sample of the selection, in the order of the samples. */
export function forEachSelected(recording: RecordingTables, selection: Selection, each: (row: number) => void): void {
  const { samples } = recording;
  const events = samples.event.view();
  const threads = samples.thread.view();
  const times = samples.timeNs.view();
  const event = eventIndex(selection.event);
  const fromNs = selection.fromNs ?? Number.NEGATIVE_INFINITY;
  const toNs = selection.toNs ?? Number.POSITIVE_INFINITY;
  const wanted = selectedThreads(recording, selection);
  for (let row = 0; row < events.length; row++) {
    if (events[row] !== event) continue;
    const time = times[row] ?? 0;
    if (time < fromNs || time >= toNs) continue;
    if (wanted !== undefined && wanted[threads[row] ?? 0] !== 1) continue;
    each(row);
  }
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
