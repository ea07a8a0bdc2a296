/** Workers of one program: processes that do the same work, as gunicorn, jest and multiprocessing start them. */
import type { ProcessRow } from "../protocol/helper.js";
import type { Selection } from "../protocol/queries.js";
import type { RecordingTables } from "./tables.js";

/** Of each process the first process of its role: one with the same parent and command line; itself where there is no other one. */
export function rolesOf(processes: readonly ProcessRow[]): Int32Array {
  const first = new Map<string, number>();
  return Int32Array.from(processes, ({ pid, parentPid, commandLine }, index) => {
    // Of what has none nobody knows what it runs.
    const key = commandLine.length === 0 ? `pid ${pid}` : [parentPid, ...commandLine.map(withoutPipes)].join("\0");
    const known = first.get(key) ?? index;
    first.set(key, known);
    return known;
  });
}

/** Python's multiprocessing tells each of its workers the numbers of its own pipes: `spawn_main(tracker_fd=5, pipe_handle=7)`. */
function withoutPipes(word: string): string {
  return word.replaceAll(/\b(\w*(?:fd|handle))=\d+/g, "$1=");
}

/** Of each thread the first one that it is merged with: of the same name, in processes of one role. */
function mergedThreads({ processRows, threadRows }: RecordingTables): Int32Array {
  const roles = rolesOf(processRows);
  const first = new Map<string, number>();
  return Int32Array.from(threadRows, ({ process, name }, index) => {
    const key = `${roles[process] ?? process} ${name}`;
    const known = first.get(key) ?? index;
    first.set(key, known);
    return known;
  });
}

/** A selection whose processes and threads stand for those of their roles, as one that names them all. */
export function withWorkers(recording: RecordingTables, selection: Selection): Selection {
  const { mergeWorkers, pids, threads, ...rest } = selection;
  if (mergeWorkers !== true) return selection;
  return {
    ...rest,
    ...(pids === undefined ? {} : { pids: pidsOfRoles(recording, pids) }),
    ...(threads === undefined ? {} : { threads: threadsOfRoles(recording, threads) }),
  };
}

function pidsOfRoles({ processRows }: RecordingTables, pids: readonly number[]): number[] {
  const roles = rolesOf(processRows);
  const wanted = new Set(processRows.flatMap(({ pid }, index) => (pids.includes(pid) ? [roles[index]] : [])));
  const found = processRows.filter((_, index) => wanted.has(roles[index])).map(({ pid }) => pid);
  return [...new Set([...pids, ...found])];
}

function threadsOfRoles(recording: RecordingTables, threads: readonly number[]): number[] {
  const merged = mergedThreads(recording);
  const wanted = new Set(threads.map((thread) => merged[thread]));
  return Array.from(merged.keys()).filter((thread) => wanted.has(merged[thread]));
}

/** Threads merged by role: which one each is added to, and how many of them and of how many processes each of those is. */
export interface MergedThreads {
  readonly first: Int32Array;
  readonly threads: Int32Array;
  readonly workers: Int32Array;
}

/** As {@link MergedThreads}, of the threads for which `has` holds. */
export function mergeThreads(recording: RecordingTables, has: (thread: number) => boolean): MergedThreads {
  const first = mergedThreads(recording);
  const threads = new Int32Array(first.length);
  const processes = new Map<number, Set<number>>();
  recording.threadRows.forEach(({ process }, thread) => {
    if (!has(thread)) return;
    const to = first[thread] ?? thread;
    threads[to] = (threads[to] ?? 0) + 1;
    const known = processes.get(to) ?? new Set();
    processes.set(to, known.add(recording.processRows[process]?.pid ?? -1));
  });
  return { first, threads, workers: Int32Array.from(first, (_, thread) => processes.get(thread)?.size ?? 0) };
}

/** How many processes that have samples in the threads for which `has` holds are merged with others. */
export function mergedCount(recording: RecordingTables, has: (thread: number) => boolean): number {
  const roles = rolesOf(recording.processRows);
  const pids = new Map<number, Set<number>>();
  recording.threadRows.forEach(({ process }, thread) => {
    const role = roles[process];
    if (role === undefined || !has(thread)) return;
    pids.set(role, (pids.get(role) ?? new Set()).add(recording.processRows[process]?.pid ?? -1));
  });
  return [...pids.values()].reduce((sum, { size }) => sum + (size > 1 ? size : 0), 0);
}
