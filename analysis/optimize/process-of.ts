import { stackSums } from "../../profile/cost.js";
import { forEachSelected } from "../../profile/selection.js";
import type { RecordingTables } from "../../profile/tables.js";
import type { ProcessRow } from "../../protocol/helper.js";
import type { Selection } from "../../protocol/queries.js";

/** The process that spent most in some lines (rows of `frames.lines`): the one to run again for a proof. */
export function processOf(recording: RecordingTables, selection: Selection, isWanted: (row: number) => boolean): ProcessRow | undefined {
  const { stacks, frames, samples, threadRows, processRows } = recording;
  const { self } = stackSums(recording, selection);
  // Of each stack whether it has such a line: a parent's index is smaller than its child's.
  const has = new Uint8Array(self.length);
  for (let stack = 0; stack < has.length; stack++) {
    const frame = stacks.frame.at(stack);
    const first = frames.start.at(frame);
    const parent = stacks.parent.at(stack);
    let found = parent >= 0 && has[parent] === 1;
    for (let position = first; !found && position < first + frames.count.at(frame); position++) {
      found = isWanted(frames.positionLine.at(position));
    }
    has[stack] = found ? 1 : 0;
  }
  const sums = new Map<number, number>();
  forEachSelected(recording, selection, (row) => {
    const process = threadRows[samples.thread.at(row)]?.process;
    if (process !== undefined && has[samples.stack.at(row)] === 1) {
      sums.set(process, (sums.get(process) ?? 0) + samples.value.at(row));
    }
  });
  const [hottest] = [...sums].sort((a, b) => b[1] - a[1]);
  return hottest === undefined ? undefined : processRows[hottest[0]];
}
