import { WAIT_CLASSES } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import type { LaneMark, TimeGrid, TimeLane, TimeLanes } from "../protocol/time-map.js";
import { toBase64 } from "./base64.js";
import type { Recording } from "./recording.js";
import { forEachSelected, forEachSelectedBlock } from "./selection.js";
import { waitTable } from "./waits.js";

/** Waits from this length on are all told one by one. */
const LONG_WAIT_NS = 5e6;
/** Marks of a lane: more can't be told apart. */
const MOST_MARKS = 40;
/** Threads of one process, so that a pool doesn't push other processes out. */
const MOST_THREADS = 4;

/** What threads have of a selection. */
interface ThreadSums {
  /** In all, by thread. */
  readonly perThread: Float64Array;
  /** In each column of the grid, `thread * columns + column`; undefined where that would be too many. */
  readonly byThread: Float64Array | undefined;
}

/** A lane before it is numbered: the threads that it adds up. */
interface Draft {
  readonly lane: Pick<TimeLane, "kind" | "pid" | "tid" | "thread" | "name">;
  readonly threads: readonly number[];
  readonly total: number;
}

/**
 * What processes and their threads took over the time of a grid, those with most of it first and at most `most` lanes; and what happened to
 * them: waits of 5 ms or longer, processes that they started, samples that were lost. What is left out is counted.
 */
export function timeLanes(
  recording: Recording,
  selection: Selection,
  grid: TimeGrid,
  { perThread, byThread }: ThreadSums,
  most: number,
): TimeLanes {
  const { drafts, rest } = chooseLanes(recording, perThread, most);
  const processLane = new Int32Array(perThread.length).fill(-1);
  const threadLane = new Int32Array(perThread.length).fill(-1);
  drafts.forEach(({ lane, threads: own }, index) => {
    for (const thread of own) (lane.kind === "process" ? processLane : threadLane)[thread] = index;
  });
  const value =
    byThread === undefined
      ? lanesOfSamples(recording, selection, grid, processLane, threadLane, drafts.length)
      : lanesOfThreads(byThread, grid.columns, drafts);
  const toNs = grid.fromNs + grid.columns * grid.columnNs;
  const marks = new Marks(drafts.length);
  const narrowest = (thread: number): number =>
    (threadLane[thread] ?? -1) >= 0 ? (threadLane[thread] ?? -1) : (processLane[thread] ?? -1);
  markWaits(recording, selection, { fromNs: grid.fromNs, toNs }, narrowest, marks);
  markSpawned(recording, { fromNs: grid.fromNs, toNs }, drafts, marks);
  return {
    lanes: drafts.map(({ lane, total }, index) => ({ ...lane, total, ...marks.of(index) })),
    value: toBase64(value),
    ...rest,
    lost: recording.losses.moments.filter(({ timeNs }) => timeNs >= grid.fromNs && timeNs <= toNs),
  };
}

function lanesOfThreads(byThread: Float64Array, columns: number, drafts: readonly Draft[]): Float64Array {
  const value = new Float64Array(drafts.length * columns);
  drafts.forEach(({ threads }, lane) => {
    for (const thread of threads) {
      for (let column = 0; column < columns; column++) {
        const at = lane * columns + column;
        value[at] = (value[at] ?? 0) + (byThread[thread * columns + column] ?? 0);
      }
    }
  });
  return value;
}

function lanesOfSamples(
  recording: Recording,
  selection: Selection,
  { fromNs, columnNs, columns }: TimeGrid,
  processLane: Int32Array,
  threadLane: Int32Array,
  lanes: number,
): Float64Array {
  const { samples } = recording;
  const [times, values, threads] = [samples.timeNs.view(), samples.value.view(), samples.thread.view()];
  const value = new Float64Array(lanes * columns);
  forEachSelectedBlock(recording, { ...selection, fromNs, toNs: fromNs + columns * columnNs + 1 }, (block, count) => {
    for (let i = 0; i < count; i++) {
      const row = block[i] as number;
      const column = Math.min(columns - 1, Math.floor(((times[row] as number) - fromNs) / columnNs));
      const thread = threads[row] as number;
      const worth = values[row] as number;
      const ofProcess = (processLane[thread] as number) * columns + column;
      const ofThread = (threadLane[thread] as number) * columns + column;
      if (ofProcess >= 0) value[ofProcess] = (value[ofProcess] as number) + worth;
      if (ofThread >= 0) value[ofThread] = (value[ofThread] as number) + worth;
    }
  });
  return value;
}

/** The processes that took most, each followed by its threads where it has several. */
function chooseLanes(recording: Recording, perThread: Float64Array, most: number) {
  const byPid = new Map<number, { name: string; total: number; threads: number[] }>();
  perThread.forEach((total, thread) => {
    if (total === 0) return;
    const { pid = 0, name = "" } = recording.processes[recording.threads[thread]?.process ?? -1] ?? {};
    const known = byPid.get(pid) ?? { name, total: 0, threads: [] };
    byPid.set(pid, known);
    known.total += total;
    known.threads.push(thread);
  });
  const processes = [...byPid].sort(([, a], [, b]) => b.total - a.total);
  const drafts: Draft[] = [];
  let shownThreads = 0;
  let shownProcesses = 0;
  let shownTotal = 0;
  for (const [pid, { name, total, threads }] of processes) {
    if (drafts.length >= most) break;
    drafts.push({ lane: { kind: "process", pid, tid: pid, thread: -1, name }, threads, total });
    shownProcesses++;
    shownTotal += total;
    if (threads.length === 1) shownThreads++;
    else {
      const widest = threads
        .toSorted((a, b) => (perThread[b] ?? 0) - (perThread[a] ?? 0))
        .slice(0, Math.min(MOST_THREADS, most - drafts.length));
      shownThreads += widest.length;
      for (const thread of widest) {
        const { tid = 0, name: threadName = "" } = recording.threads[thread] ?? {};
        drafts.push({ lane: { kind: "thread", pid, tid, thread, name: threadName }, threads: [thread], total: perThread[thread] ?? 0 });
      }
    }
  }
  const all = processes.reduce((sum, [, { total }]) => sum + total, 0);
  const allThreads = processes.reduce((sum, [, { threads }]) => sum + threads.length, 0);
  const rest = { restProcesses: processes.length - shownProcesses, restThreads: allThreads - shownThreads, restTotal: all - shownTotal };
  return { drafts, rest };
}

/** The longest marks of each lane. */
class Marks {
  readonly #of: LaneMark[][];
  readonly #left: number[];

  constructor(lanes: number) {
    this.#of = Array.from({ length: lanes }, () => []);
    this.#left = Array.from({ length: lanes }, () => 0);
  }

  add(lane: number, mark: LaneMark): void {
    const marks = this.#of[lane];
    if (marks === undefined) return;
    marks.push(mark);
    if (marks.length > 4 * MOST_MARKS) this.#cut(lane);
  }

  of(lane: number): Pick<TimeLane, "marks" | "restMarks"> {
    this.#cut(lane);
    const marks = (this.#of[lane] ?? []).sort((a, b) => a.fromNs - b.fromNs);
    return { marks, restMarks: this.#left[lane] ?? 0 };
  }

  #cut(lane: number): void {
    const marks = this.#of[lane] ?? [];
    // What was started stands first: there are few of them, and they have no length.
    marks.sort((a, b) => Number(b.kind === "start") - Number(a.kind === "start") || b.toNs - b.fromNs - (a.toNs - a.fromNs));
    this.#left[lane] = (this.#left[lane] ?? 0) + marks.splice(MOST_MARKS).length;
  }
}

function markWaits(
  recording: Recording,
  { pids, threads, idle, mergeWorkers }: Selection,
  { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number },
  laneOf: (thread: number) => number,
  marks: Marks,
): void {
  const { samples } = recording;
  const selection: Selection = {
    event: "off_cpu",
    fromNs,
    toNs,
    ...(pids === undefined ? {} : { pids }),
    ...(threads === undefined ? {} : { threads }),
    ...(idle === undefined ? {} : { idle }),
    ...(mergeWorkers === undefined ? {} : { mergeWorkers }),
  };
  const table = recording.eventsWithSamples().includes("off_cpu") ? waitTable(recording) : undefined;
  if (table === undefined) return;
  forEachSelected(recording, selection, (row) => {
    const value = samples.value.at(row);
    if (value < LONG_WAIT_NS || samples.count.at(row) !== 1) return;
    const end = samples.timeNs.at(row);
    const what = WAIT_CLASSES[table.classOf(samples.stack.at(row))] ?? "unknown wait";
    marks.add(laneOf(samples.thread.at(row)), { kind: "wait", fromNs: Math.max(0, end - value), toNs: end, what });
  });
}

/** On the lane of the process that started it, else on its own. */
function markSpawned(
  recording: Recording,
  { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number },
  drafts: readonly Draft[],
  marks: Marks,
): void {
  const laneOfPid = new Map(drafts.flatMap(({ lane }, index) => (lane.kind === "process" ? [[lane.pid, index] as const] : [])));
  for (const { pid, parentPid, name, startNs } of recording.processes) {
    if (!(startNs > 0) || startNs < fromNs || startNs >= toNs) continue;
    const lane = laneOfPid.get(parentPid) ?? laneOfPid.get(pid) ?? -1;
    marks.add(lane, { kind: "start", fromNs: startNs, toNs: startNs, what: `${name} (${pid})` });
  }
}
