/**
 * `.cpuprofile` of V8: what `node --cpu-prof`, Chrome, VS Code's debugger and Deno write
 * (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile), and the older form with a tree below `head`.
 *
 * | of the file | here |
 * |---|---|
 * | a node | a stack; `(root)` is the tree's own root |
 * | a sample | lasts until the next one; the last one until `endTime` |
 * | `(idle)` | waiting (`off_cpu`), not CPU time; `(program)` and `(garbage collector)` are CPU time |
 * | `callFrame.lineNumber` | the line of the definition (0-based in the file) |
 * | `positionTicks` | lines of the node's samples: how many were in each is exact, which ones is not in the file, so they are dealt out in turn |
 * | – | lines of calls and threads are not in the file |
 */
import { float64Column, int32Column } from "../growable.js";
import { eventIndex, languageIndex } from "../names.js";
import type { Recording } from "../recording.js";
import { eachRow, type Steps } from "../steps.js";
import { lineOf, membersOf, rowsOf, textOf } from "../wire-values.js";
import { guessLanguage } from "./guess-language.js";
import type { Shape } from "./json-stream.js";
import { addProcess, addThread, hasRoom, MOST_FRAMES } from "./stream-reader.js";

/** A year, µs: no profile is longer, and everything up to it is exact in ns. */
const LONGEST_US = 3.2e13;

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface RawNode extends CallFrame {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly hitCount: number;
  readonly children: readonly unknown[];
  readonly parent: number;
  readonly positionTicks: readonly unknown[];
}

export class CpuProfileReader {
  readonly members: readonly (readonly [string, Shape])[];
  readonly #recording: Recording;
  /** Of each node: its function, whether it is a root or idle, and where its children and lines begin. */
  readonly #idToNode = new Map<number, number>();
  readonly #function = int32Column();
  readonly #kind = int32Column();
  readonly #hits = float64Column();
  readonly #firstChild = int32Column();
  readonly #children = float64Column();
  readonly #parentId = float64Column();
  readonly #firstLine = int32Column();
  readonly #line = int32Column();
  readonly #ticks = float64Column();
  readonly #samples = float64Column();
  readonly #deltas = float64Column();
  readonly #timestamps = float64Column();
  #startUs = Number.NaN;
  #endUs = Number.NaN;
  #head: unknown;

  constructor(recording: Recording) {
    this.#recording = recording;
    const numbers = (column: { push(value: number): number; readonly length: number }): Shape => {
      const add = (value: number): void => {
        if (hasRoom(recording, column.length)) column.push(value);
      };
      return {
        kind: "items",
        take: (items) => items.forEach((item) => add(typeof item === "number" ? item : Number.NaN)),
        plain: {
          kind: "numbers",
          take: (all, count) => {
            for (let i = 0; i < count; i++) add(all[i] ?? 0);
          },
        },
      };
    };
    this.members = [
      ["nodes", { kind: "items", take: (items) => items.forEach((item) => this.#addNode(item as RawNode)) }],
      ["samples", numbers(this.#samples)],
      ["timeDeltas", numbers(this.#deltas)],
      ["timestamps", numbers(this.#timestamps)],
      ["startTime", { kind: "value", take: (value) => (this.#startUs = Number(value)) }],
      ["endTime", { kind: "value", take: (value) => (this.#endUs = Number(value)) }],
      ["head", { kind: "value", take: (value) => (this.#head = value) }],
    ];
  }

  get hasNodes(): boolean {
    return this.#function.length > 0 || this.#head !== undefined;
  }

  *finish(): Steps<void> {
    if (this.#head !== undefined) this.#addTree(this.#head);
    const stacks = yield* this.#stacks();
    addThread(this.#recording, addProcess(this.#recording, 0, ""), 0, "");
    if (this.#samples.length > 0) yield* this.#addSamples(stacks);
    else yield* this.#addHits(stacks);
    const events = this.#recording.eventsWithSamples();
    this.#recording.setInfo({ events: events.length > 0 ? events : ["cpu"] });
  }

  /** The old form: nodes inside one another, times in seconds. */
  #addTree(head: unknown): void {
    // V8 counted seconds then, and microseconds only in `timestamps`.
    this.#startUs *= 1e6;
    this.#endUs *= 1e6;
    const open: unknown[] = [head];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const children = rowsOf(membersOf(node as RawNode).children);
      this.#addNode({ ...(node as RawNode), children: children.map((child) => membersOf(child as RawNode).id) });
      for (const child of children) open.push(child);
    }
  }

  #addNode(node: RawNode): void {
    const { notes, stringTable, functions } = this.#recording;
    const { id, callFrame, hitCount, children, parent, positionTicks } = membersOf(node);
    if (typeof id !== "number" || this.#idToNode.has(id)) return notes.count("bad-stack");
    if (this.#function.length >= MOST_FRAMES) return void hasRoom(this.#recording, Number.POSITIVE_INFINITY);
    // The old form has the function's members in the node itself.
    const frame = membersOf(typeof callFrame === "object" && callFrame !== null ? (callFrame as CallFrame) : node);
    const name = textOf(frame.functionName);
    const url = textOf(frame.url);
    const inside = url === "" && name.startsWith("(") && name !== "(anonymous function)";
    const language = inside ? "native" : guessLanguage(url, "<javascript>");
    const line = typeof frame.lineNumber === "number" && url !== "" ? lineOf(frame.lineNumber + (this.#head === undefined ? 1 : 0)) : 0;
    const label = stringTable.intern(name === "" ? "(anonymous)" : name);
    this.#idToNode.set(id, this.#function.length);
    this.#function.push(functions.intern(label, stringTable.intern(pathOfUrl(url)), languageIndex(language), 0, line));
    this.#kind.push(inside && name === "(root)" ? ROOT : inside && name === "(idle)" ? IDLE : ORDINARY);
    this.#hits.push(typeof hitCount === "number" && hitCount > 0 ? hitCount : 0);
    this.#parentId.push(typeof parent === "number" ? parent : Number.NaN);
    this.#firstChild.push(this.#children.length);
    for (const child of rowsOf(children)) this.#children.push(typeof child === "number" ? child : Number.NaN);
    this.#firstLine.push(this.#line.length);
    for (const row of rowsOf(positionTicks)) {
      const { line: at, ticks } = membersOf(row as { line: number; ticks: number });
      if (lineOf(at) === 0 || typeof ticks !== "number" || !(ticks >= 1)) notes.count("bad-frame");
      else {
        this.#line.push(lineOf(at));
        this.#ticks.push(Math.floor(ticks));
      }
    }
  }

  /** The stack of each node; -1 for a root. A node that is its own ancestor has no callers: it could not be told where they begin. */
  *#stacks(): Steps<Int32Array> {
    const { notes, stacks } = this.#recording;
    const nodes = this.#function.length;
    const parents = new Int32Array(nodes).fill(-1);
    yield* eachRow(nodes, (node) => {
      const above = this.#idToNode.get(this.#parentId.at(node));
      if (above !== undefined) parents[node] = above;
    });
    yield* eachRow(nodes, (node) => {
      const end = node + 1 < nodes ? this.#firstChild.at(node + 1) : this.#children.length;
      for (let i = this.#firstChild.at(node); i < end; i++) {
        const child = this.#idToNode.get(this.#children.at(i)) ?? -1;
        if (child < 0 || ((parents[child] ?? -1) >= 0 && parents[child] !== node)) notes.count("bad-stack");
        else parents[child] = node;
      }
    });
    const stackOf = new Int32Array(nodes).fill(UNKNOWN);
    const path: number[] = [];
    yield* eachRow(nodes, (first) => {
      let node = first;
      for (; node >= 0 && stackOf[node] === UNKNOWN; node = parents[node] ?? -1) {
        stackOf[node] = ON_PATH;
        path.push(node);
      }
      const cycle = node >= 0 && stackOf[node] === ON_PATH;
      if (cycle) notes.count("bad-stack");
      let stack = node >= 0 && !cycle ? (stackOf[node] ?? -1) : -1;
      for (let at = path.pop(); at !== undefined; at = path.pop()) {
        if (this.#kind.at(at) !== ROOT || (parents[at] ?? -1) >= 0) stack = stacks.intern(stack, this.#frame(this.#function.at(at), 0));
        stackOf[at] = stack;
      }
    });
    return Int32Array.from(stackOf, (stack, node) => (this.#kind.at(node) === ROOT && (parents[node] ?? -1) < 0 ? -1 : stack));
  }

  readonly #frames = new Map<number, number>();

  /** The frame of a function at a line, or at none (0). */
  #frame(fn: number, line: number): number {
    const { frames, functions } = this.#recording;
    const key = fn * 2 ** 31 + line;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const origin = { language: functions.language.at(fn), module: 0, addressHigh: 0, addressLow: 0 };
    const frame = frames.add(origin, [{ function: fn, line, column: 0 }]);
    this.#frames.set(key, frame);
    return frame;
  }

  *#addSamples(stackOf: Int32Array): Steps<void> {
    const { notes } = this.#recording;
    const count = this.#samples.length;
    const times = this.#times();
    const order = new Int32Array(count);
    let last = Number.NEGATIVE_INFINITY;
    let late = 0;
    yield* eachRow(count, (row) => {
      order[row] = row;
      const time = times[row] ?? 0;
      if (time < last) late++;
      last = Math.max(last, time);
    });
    if (late > 0) {
      // Threads of the profiler hand samples over a little out of order; V8 says so itself.
      order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
      notes.say(`${late} of the samples were not in the order of their times; they were put in order.`);
    }
    const startUs = Number.isFinite(this.#startUs) ? this.#startUs : (times[order[0] ?? 0] ?? 0);
    const end = Number.isFinite(this.#endUs) ? this.#endUs : last;
    // The last sample has no next one: it lasts as long as the file says, or as the others do.
    const usual = count > 1 ? (last - (times[order[0] ?? 0] ?? 0)) / (count - 1) : 0;
    const rest = Number.isFinite(this.#endUs) && end >= last && end - last < LONGEST_US ? end - last : usual;
    const lines = new LineDealer(this.#firstLine.view(), this.#line.view(), this.#ticks.view());
    yield* eachRow(count, (index) => {
      const row = order[index] ?? 0;
      const time = times[row] ?? 0;
      const value = index + 1 < count ? (times[order[index + 1] ?? 0] ?? 0) - time : rest;
      this.#addSample(this.#idToNode.get(this.#samples.at(row)) ?? -1, stackOf, lines, (time - startUs) * 1000, value * 1000, 1);
    });
    const durationNs = Math.max(0, Math.round((Math.max(end, last) - startUs) * 1000));
    this.#recording.setInfo({ durationNs, hz: usual > 0 ? Math.round(1e6 / usual) : 0 });
  }

  /** Of each sample, µs on the clock of `startTime`. */
  #times(): Float64Array {
    const { notes } = this.#recording;
    const count = this.#samples.length;
    const given = this.#timestamps.length > 0 ? this.#timestamps : this.#deltas;
    const apart = given === this.#deltas;
    const times = new Float64Array(count);
    let time = Number.isFinite(this.#startUs) ? this.#startUs : 0;
    let unreadable = count > given.length ? count - given.length : 0;
    for (let row = 0; row < count; row++) {
      const value = row < given.length ? given.at(row) : Number.NaN;
      const step = apart ? value : value - time;
      if (Math.abs(step) < LONGEST_US) time += step;
      else if (row < given.length) unreadable++;
      times[row] = time;
    }
    if (unreadable > 0) notes.say(`${unreadable} of the samples have no readable time, and take none.`);
    return times;
  }

  /** Without samples there are counts: how often each node was met. */
  *#addHits(stackOf: Int32Array): Steps<void> {
    const hits = this.#hits.view();
    const total = hits.reduce((sum, each) => sum + each, 0);
    const spanNs = (this.#endUs - this.#startUs) * 1000;
    const each = spanNs > 0 && spanNs < LONGEST_US * 1000 && total > 0 ? spanNs / total : 0;
    if (total > 0)
      this.#recording.notes.say("The file has no samples, only how often each function was met; times within the run are unknown.");
    yield* eachRow(hits.length, (node) => {
      const met = hits[node] ?? 0;
      if (met > 0) this.#addSample(node, stackOf, undefined, 0, met * each, Math.min(met, 2 ** 31 - 1));
    });
    this.#recording.setInfo({ durationNs: each > 0 ? spanNs : 0 });
  }

  #addSample(node: number, stackOf: Int32Array, lines: LineDealer | undefined, timeNs: number, valueNs: number, count: number): void {
    const { stacks, samples, notes } = this.#recording;
    if (node < 0 || !(valueNs >= 0) || !(Math.abs(timeNs) < LONGEST_US * 1000)) return notes.count("bad-sample");
    // Ours end with one.
    if (valueNs === 0 && this.#kind.at(node) === IDLE) return;
    if (!hasRoom(this.#recording)) return;
    const line = lines?.next(node) ?? 0;
    let stack = stackOf[node] ?? -1;
    if (line > 0 && stack >= 0) stack = stacks.intern(stacks.parent.at(stack), this.#frame(this.#function.at(node), line));
    const event = this.#kind.at(node) === IDLE ? OFF_CPU : CPU;
    samples.push(stack, 0, Math.max(0, Math.round(timeNs)), event, Math.round(valueNs), count);
  }
}

const [ORDINARY, ROOT, IDLE] = [0, 1, 2];
const [UNKNOWN, ON_PATH] = [-3, -2];
const CPU = eventIndex("cpu");
const OFF_CPU = eventIndex("off_cpu");

/** Deals a node's lines out to its samples, one tick each in turn, until they are used up; then the line is unknown (0). */
class LineDealer {
  readonly #first: Int32Array;
  readonly #line: Int32Array;
  readonly #left: Float64Array;
  /** Of each node: lines with ticks left stand first, and this many there are; and whose turn it is. */
  readonly #open: Int32Array;
  readonly #turn: Int32Array;

  constructor(first: Int32Array, line: Int32Array, ticks: Float64Array) {
    this.#first = first;
    this.#line = line.slice();
    this.#left = ticks.slice();
    this.#open = first.map((start, node) => (first[node + 1] ?? line.length) - start);
    this.#turn = new Int32Array(first.length);
  }

  next(node: number): number {
    const open = this.#open[node] ?? 0;
    if (open === 0) return 0;
    const first = this.#first[node] ?? 0;
    const turn = (this.#turn[node] ?? 0) % open;
    const at = first + turn;
    const line = this.#line[at] ?? 0;
    const left = (this.#left[at] ?? 0) - 1;
    this.#left[at] = left;
    this.#turn[node] = turn + 1;
    if (left <= 0) {
      const last = first + open - 1;
      this.#line[at] = this.#line[last] ?? 0;
      this.#left[at] = this.#left[last] ?? 0;
      this.#open[node] = open - 1;
      this.#turn[node] = turn;
    }
    return line;
  }
}

/** A `file:` URL as the path that it names; everything else as it is. */
export function pathOfUrl(url: string): string {
  if (!url.startsWith("file://")) return url;
  const path = url.slice("file://".length).replace(/^[^/]*(?=\/)/, "");
  try {
    return decodeURIComponent(path).replace(/^\/(?=[A-Za-z]:)/, "");
  } catch {
    return path;
  }
}
