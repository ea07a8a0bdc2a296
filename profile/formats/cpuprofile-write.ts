import type { EventName } from "../../protocol/events.js";
import { int32Column } from "../growable.js";
import { PairTable } from "../pair-table.js";
import type { Recording } from "../recording.js";
import { eachRow, type Steps } from "../steps.js";
import { TextParts } from "./text-parts.js";
import { hasTimes, placed, rowsByThread } from "./timeline.js";

/**
 * One event of the recording as V8's CPU profile, in parts to be written one after another. The event must be one of time. Such a file has one
 * thread: of several each is a node below the root, and they stand one behind the other in time. Not in the file: lines of calls (those of the
 * innermost functions are), modules, languages, losses; times are whole microseconds.
 */
export function* encodeCpuProfileInSteps(recording: Recording, event: EventName): Steps<string[]> {
  const writer = new CpuProfileWriter(recording);
  const threads = rowsByThread(recording, event);
  const apart = threads.length > 1;
  const gaps = !apart && hasTimes(recording, event);
  let end = 0;
  for (const thread of threads) {
    const root = apart ? writer.thread(thread.thread) : ROOT;
    const laid = placed(recording, thread, { gaps, from: end });
    yield* eachRow(thread.rows.length, () => {
      const { value } = laid.next();
      if (value === undefined) return;
      if (value.gap > 0 && value.start > 0) writer.idle(value.start - value.gap);
      end = value.start + value.value;
      writer.sample(root, recording.samples.stack.at(value.row), value.start);
    });
  }
  return yield* writer.parts(end);
}

const ROOT = 0;
/** What stands for a function in nodes that are none: the root, idle time, and threads from `FIRST_THREAD` down. */
const [ROOT_MARK, IDLE_MARK, FIRST_THREAD] = [-1, -2, -3];

class CpuProfileWriter {
  readonly #recording: Recording;
  /** (parent, function or mark). A node's id in the file is its index + 1. */
  readonly #nodes = new PairTable();
  readonly #nodeOf = new Map<number, number>();
  readonly #hits = int32Column();
  /** Counts of (node, line of the innermost function). */
  readonly #ticks = new PairTable();
  readonly #tickCounts = int32Column();
  readonly #samples = int32Column();
  readonly #deltas: number[] = [];
  #lastUs = 0;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#node(-1, ROOT_MARK);
  }

  thread(thread: number): number {
    return this.#node(ROOT, FIRST_THREAD - thread);
  }

  idle(startNs: number): void {
    this.#push(this.#node(ROOT, IDLE_MARK), startNs);
  }

  sample(root: number, stack: number, startNs: number): void {
    const { stacks, frames } = this.#recording;
    const node = this.#of(root, stack);
    const line = stack < 0 ? 0 : frames.lines.second.at(frames.positionLine.at(frames.start.at(stacks.frame.at(stack))));
    if (line > 0) {
      const tick = this.#ticks.intern(node, line);
      if (tick === this.#tickCounts.length) this.#tickCounts.push(0);
      this.#tickCounts.set(tick, this.#tickCounts.at(tick) + 1);
    }
    this.#push(node, startNs);
  }

  *parts(endNs: number): Steps<string[]> {
    // Many readers know no end but the last sample.
    if (this.#samples.length > 0) this.idle(endNs);
    const parts = new TextParts();
    parts.add('{"nodes":[');
    const children: number[][] = Array.from({ length: this.#nodes.length }, () => []);
    const ticks: { line: number; ticks: number }[][] = Array.from({ length: this.#nodes.length }, () => []);
    yield* eachRow(this.#nodes.length, (node) => void children[this.#nodes.first.at(node)]?.push(node + 1));
    yield* eachRow(this.#ticks.length, (row) => {
      ticks[this.#ticks.first.at(row)]?.push({ line: this.#ticks.second.at(row), ticks: this.#tickCounts.at(row) });
    });
    yield* eachRow(this.#nodes.length, (node) => {
      const lines = ticks[node] ?? [];
      const positionTicks = lines.length === 0 ? {} : { positionTicks: lines };
      const row = {
        id: node + 1,
        callFrame: this.#callFrame(node),
        hitCount: this.#hits.at(node),
        children: children[node],
        ...positionTicks,
      };
      parts.add(`${node === 0 ? "\n" : ",\n"}${JSON.stringify(row)}`);
    });
    parts.add(`],\n"startTime":0,"endTime":${Math.max(this.#lastUs, Math.round(endNs / 1000))},\n"samples":[`);
    yield* eachRow(this.#samples.length, (row) => parts.add(`${row === 0 ? "" : ","}${this.#samples.at(row) + 1}`));
    parts.add('],\n"timeDeltas":[');
    yield* eachRow(this.#deltas.length, (row) => parts.add(`${row === 0 ? "" : ","}${this.#deltas[row] ?? 0}`));
    parts.add("]}\n");
    return parts.all();
  }

  #push(node: number, startNs: number): void {
    const us = Math.max(this.#lastUs, Math.round(startNs / 1000));
    this.#samples.push(node);
    this.#deltas.push(us - this.#lastUs);
    this.#lastUs = us;
    this.#hits.set(node, this.#hits.at(node) + 1);
  }

  #node(parent: number, fn: number): number {
    const node = this.#nodes.intern(parent, fn);
    if (node === this.#hits.length) this.#hits.push(0);
    return node;
  }

  /** The node of a stack below a root, with all that is between them. */
  #of(root: number, stack: number): number {
    const { stacks, frames } = this.#recording;
    const key = (at: number): number => root * 2 ** 32 + at;
    const path: number[] = [];
    let at = stack;
    for (; at >= 0 && !this.#nodeOf.has(key(at)); at = stacks.parent.at(at)) path.push(at);
    let node = at < 0 ? root : (this.#nodeOf.get(key(at)) ?? root);
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      const frame = stacks.frame.at(next);
      const first = frames.start.at(frame);
      for (let position = first + frames.count.at(frame) - 1; position >= first; position--) {
        node = this.#node(node, frames.lines.first.at(frames.positionLine.at(position)));
      }
      this.#nodeOf.set(key(next), node);
    }
    return node;
  }

  #callFrame(node: number): object {
    const mark = this.#nodes.second.at(node);
    if (mark < 0) {
      const functionName = mark === ROOT_MARK ? "(root)" : mark === IDLE_MARK ? "(idle)" : this.#threadName(FIRST_THREAD - mark);
      return { functionName, scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 };
    }
    const { functions } = this.#recording;
    const url = urlOfPath(functions.fileOf(mark));
    // Numbers from 0; -1 is V8's own word for unknown.
    return {
      functionName: functions.labelOf(mark),
      scriptId: `${functions.file.at(mark)}`,
      url,
      lineNumber: functions.lineOf(mark) - 1,
      columnNumber: -1,
    };
  }

  #threadName(thread: number): string {
    const row = this.#recording.threads[thread];
    const process = this.#recording.processes[row?.process ?? -1];
    return `(${[process?.name, process?.pid, "/", row?.name, row?.tid].filter((part) => part !== undefined && part !== "" && part !== 0).join(" ")})`;
  }
}

/** An absolute path as a `file:` URL, as V8 names modules; anything else as it is. */
function urlOfPath(path: string): string {
  if (/^[A-Za-z]:[\\/]/.test(path)) return `file:///${encodePath(path.replaceAll("\\", "/"))}`;
  return path.startsWith("/") ? `file://${encodePath(path)}` : path;
}

function encodePath(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part.replace(/[\ud800-\udfff]/gu, "\ufffd")).replaceAll("%3A", ":"))
    .join("/");
}
