import type { EventName } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import { forEachSelected } from "./selection.js";
import type { RecordingTables } from "./tables.js";

const TRANSFERS: ReadonlySet<EventName> = new Set(["io_read", "io_write", "net_send", "net_recv"]);

/** Whether an event counts bytes that go to or come from a file or a peer: the leaf of its stacks. */
export function isTransfer(event: EventName): boolean {
  return TRANSFERS.has(event);
}

/** A file or a peer, as the index of the function that is its name, and its bytes. */
export interface SubjectSum {
  readonly subject: number;
  readonly total: number;
}

/** The selection's bytes by file or peer, the most first; none for other events. */
export function subjectSums(
  recording: RecordingTables,
  selection: Selection,
): { readonly rows: readonly SubjectSum[]; readonly total: number; readonly samples: number } {
  const { stacks, frames, samples } = recording;
  const sums = new Map<number, number>();
  let [total, count] = [0, 0];
  forEachSelected(recording, selection, (row) => {
    const stack = samples.stack.at(row);
    const leaf = stack < 0 ? undefined : frames.positions(stacks.frame.at(stack))[0]?.function;
    total += samples.value.at(row);
    count += samples.count.at(row);
    if (leaf !== undefined) sums.set(leaf, (sums.get(leaf) ?? 0) + samples.value.at(row));
  });
  const rows = isTransfer(selection.event) ? [...sums].map(([subject, sum]) => ({ subject, total: sum })) : [];
  return { rows: rows.toSorted((a, b) => b.total - a.total), total, samples: count };
}
