import type { Selection } from "../protocol/queries.js";
import { forEachSelected } from "./selection.js";
import type { RecordingTables } from "./tables.js";

/** What the cost is of: functions by index, or lines by function and 1-based line (0 for the unknown line). */
export type ShareTarget =
  | { readonly kind: "functions"; readonly functions: readonly number[] }
  | { readonly kind: "lines"; readonly lines: readonly { readonly function: number; readonly line: number }[] };

export interface Share {
  readonly self: number;
  /** Once a sample, however often it recurs. */
  readonly total: number;
}

/** Cost of functions or lines by process, thread and caller; each list by falling total, without rows of no cost. */
export interface Shares extends Share {
  /** Sum and number of samples of the selection. */
  readonly sum: number;
  readonly samples: number;
  readonly processes: readonly (Share & { readonly pid: number; readonly name: string })[];
  /** `thread` is the index into the thread table. */
  readonly threads: readonly (Share & { readonly thread: number; readonly pid: number; readonly tid: number; readonly name: string })[];
  /** Who called the outermost occurrence and from which line; function -1 where nobody did. Self is not known by caller. */
  readonly callers: readonly { readonly function: number; readonly line: number; readonly total: number }[];
  /** Where its stacks end: of what is transferred the files and peers. */
  readonly leaves: readonly { readonly function: number; readonly total: number }[];
}

/** For hovers: one target, all lines of one source line for example, which may be several (function, line) rows. */
export function sharesOf(recording: RecordingTables, selection: Selection, target: ShareTarget): Shares {
  const places = findTarget(recording, target);
  const stacks = recording.samples.stack.view();
  const threadOf = recording.samples.thread.view();
  const values = recording.samples.value.view();
  const counts = recording.samples.count.view();
  const threads = recording.threadRows.map(() => ({ self: 0, total: 0 }));
  const callers = new Map<number, number>();
  const leaves = new Map<number, number>();
  let sum = 0;
  let samples = 0;
  forEachSelected(recording, selection, (row) => {
    const value = values[row] ?? 0;
    sum += value;
    samples += counts[row] ?? 0;
    const stack = stacks[row] ?? -1;
    const found = stack < 0 ? 0 : (places.found[stack] ?? 0);
    if (found === 0) return;
    const share = threads[threadOf[row] ?? 0];
    if (share !== undefined) {
      share.total += value;
      if (places.innermost[stack] === 1) share.self += value;
    }
    const caller = found - 2;
    callers.set(caller, (callers.get(caller) ?? 0) + value);
    const leaf = places.leaf[stack] ?? -1;
    leaves.set(leaf, (leaves.get(leaf) ?? 0) + value);
  });
  const { lines } = recording.frames;
  return {
    self: threads.reduce((total, share) => total + share.self, 0),
    total: threads.reduce((total, share) => total + share.total, 0),
    sum,
    samples,
    ...byOwner(recording, threads),
    callers: [...callers]
      .map(([row, total]) => ({ function: row < 0 ? -1 : lines.first.at(row), line: row < 0 ? 0 : lines.second.at(row), total }))
      .sort((a, b) => b.total - a.total),
    leaves: [...leaves].map(([row, total]) => ({ function: row < 0 ? -1 : lines.first.at(row), total })).sort((a, b) => b.total - a.total),
  };
}

/**
 * Of each stack: whether the target is on it, and who called the outermost occurrence. `found` is 0 where it is not,
 * 1 where nobody called it, else the caller's line row + 2. `leaf` is the line row of its innermost position.
 */
function findTarget(recording: RecordingTables, target: ShareTarget): { found: Int32Array; innermost: Uint8Array; leaf: Int32Array } {
  const { frames } = recording;
  const wanted = wantedLines(recording, target);
  const parents = recording.stacks.parent.view();
  const frameOf = recording.stacks.frame.view();
  const start = frames.start.view();
  const count = frames.count.view();
  const lineOf = frames.positionLine.view();
  const found = new Int32Array(parents.length);
  const innermost = new Uint8Array(parents.length);
  const leaf = new Int32Array(parents.length);
  for (let stack = 0; stack < parents.length; stack++) {
    const parent = parents[stack] ?? -1;
    const frame = frameOf[stack] ?? 0;
    const first = start[frame] ?? 0;
    let known = parent < 0 ? 0 : (found[parent] ?? 0);
    let caller = parent < 0 ? -1 : (lineOf[start[frameOf[parent] ?? 0] ?? 0] ?? -1);
    for (let position = first + (count[frame] ?? 0) - 1; position >= first; position--) {
      const line = lineOf[position] ?? 0;
      if (known === 0 && wanted[line] === 1) known = caller + 2;
      caller = line;
    }
    found[stack] = known;
    innermost[stack] = wanted[lineOf[first] ?? 0] ?? 0;
    leaf[stack] = lineOf[first] ?? -1;
  }
  return { found, innermost, leaf };
}

/** 1 for each line row that belongs to the target. */
function wantedLines(recording: RecordingTables, target: ShareTarget): Uint8Array {
  const { lines } = recording.frames;
  const wanted = new Uint8Array(lines.length);
  if (target.kind === "lines") {
    for (const { function: fn, line } of target.lines) {
      const row = lines.find(fn, line);
      if (row >= 0) wanted[row] = 1;
    }
    return wanted;
  }
  const functions = new Set(target.functions);
  lines.first.view().forEach((fn, row) => {
    if (functions.has(fn)) wanted[row] = 1;
  });
  return wanted;
}

function byOwner(recording: RecordingTables, shares: readonly Share[]): Pick<Shares, "processes" | "threads"> {
  const threads: Shares["threads"][number][] = [];
  const processes = new Map<number, { pid: number; name: string; self: number; total: number }>();
  shares.forEach(({ self, total }, thread) => {
    if (total === 0) return;
    const row = recording.threadRows[thread];
    const process = recording.processRows[row?.process ?? -1];
    const pid = process?.pid ?? 0;
    threads.push({ thread, pid, tid: row?.tid ?? 0, name: row?.name ?? "", self, total });
    const known = processes.get(pid);
    processes.set(pid, { pid, name: process?.name ?? "", self: self + (known?.self ?? 0), total: total + (known?.total ?? 0) });
  });
  const costlier = (a: Share, b: Share): number => b.total - a.total;
  return { processes: [...processes.values()].sort(costlier), threads: threads.sort(costlier) };
}
