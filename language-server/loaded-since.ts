import type { Recording } from "../profile/recording.js";
import type { Places } from "./places.js";

/**
 * When the oldest of the processes that have samples in a file started: wall clock, ms since 1970; 0 when the recording
 * does not know its own. A text that was written after that need not be what ran.
 */
export function loadedMs(recording: Recording, places: Places, path: number): number {
  const { info, processes, threads, samples } = recording;
  if (info.startUnixMs === 0) {
    return 0;
  }
  const inFile = Array.from({ length: places.contexts }, (_, context) => stacksInFile(recording, places, context, path));
  const threadOf = samples.thread.view();
  const stackOf = samples.stack.view();
  const marks = threads.map((_, thread) => inFile[places.contextOfThread(thread)] ?? new Uint8Array(0));
  const ran = new Uint8Array(threads.length);
  for (let sample = 0; sample < stackOf.length; sample++) {
    const thread = threadOf[sample] ?? 0;
    if (ran[thread] === 0 && marks[thread]?.[stackOf[sample] ?? -1] === 1) {
      ran[thread] = 1;
    }
  }
  let oldestNs = Number.POSITIVE_INFINITY;
  threads.forEach(({ process }, thread) => {
    if (ran[thread] === 1) {
      oldestNs = Math.min(oldestNs, processes[process]?.startNs ?? 0);
    }
  });
  return info.startUnixMs + (Number.isFinite(oldestNs) ? oldestNs / 1e6 : 0);
}

/** When the oldest of all recorded processes started, ms since 1970: a file that was not written since needs no closer look. */
export function oldestMs({ info, processes }: Recording): number {
  return info.startUnixMs === 0 ? 0 : info.startUnixMs + processes.reduce((oldest, { startNs }) => Math.min(oldest, startNs), 0) / 1e6;
}

/** 1 for each stack that has a position in the file. */
function stacksInFile(recording: Recording, places: Places, context: number, path: number): Uint8Array {
  const { stacks, frames } = recording;
  const parents = stacks.parent.view();
  const frameOf = stacks.frame.view();
  const starts = frames.start.view();
  const counts = frames.count.view();
  const pathOf = places.linePath.view();
  const lineOf = places.linesOf(context);
  const positionOf = places.positionOf;
  const marks = new Uint8Array(parents.length);
  for (let stack = 0; stack < marks.length; stack++) {
    const frame = frameOf[stack] ?? 0;
    const first = starts[frame] ?? 0;
    const end = first + (counts[frame] ?? 0);
    let hit = marks[parents[stack] ?? -1] ?? 0;
    for (let raw = first; hit === 0 && raw < end; raw++) {
      hit = pathOf[lineOf[positionOf[raw] ?? 0] ?? -1] === path ? 1 : 0;
    }
    marks[stack] = hit;
  }
  return marks;
}
