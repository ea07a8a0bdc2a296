/**
 * Collapsed stacks, one line each: `main;work;hash 250`, root first, as flamegraph.pl, inferno, py-spy and perf scripts
 * write and read them. Lines and files have no place in it, so they are not kept. Ours begins with a line that says what
 * the numbers are; other tools skip it:
 *
 * ```
 * # flameline event=cpu unit=ns
 * main;work;hash 20202020
 * ```
 *
 * Numbers without that line count samples, and are shown as 10 ms of CPU time each.
 */
import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import type { Selection } from "../../protocol/queries.js";
import { stackSums } from "../cost.js";
import { functionTree } from "../function-tree.js";
import { int32Column } from "../growable.js";
import { EVENTS, eventIndex, languageIndex } from "../names.js";
import { Recording } from "../recording.js";
import { atOnce, type Steps } from "../steps.js";
import { BytesTable } from "./bytes-table.js";
import { LineSplitter } from "./line-splitter.js";
import { ASSUMED_PERIOD_NS } from "./sample-types.js";
import { StackMemo } from "./stack-memo.js";
import { addProcess, addThread, hasRoom, type ReadResult, type StreamReader } from "./stream-reader.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";

const [HASH, BLANK, SEMICOLON] = [35, 32, 59];
/** Digits of a count that is read from its bytes; all such are whole numbers that a double holds. */
const MOST_DIGITS = 15;
/** Of texts that are remembered, 4 bytes each. */
const MOST_WORDS = 24e6;

const HEADER = /^# flameline event=(\w+) unit=\w+$/;

/** One line for each function path with self cost, in the order in which the paths first came. */
export function encodeCollapsed(recording: Recording, selection: Selection): string {
  const tree = functionTree(recording);
  const { self } = tree.costs(stackSums(recording, selection).self);
  const parents = tree.parent.view();
  const functions = tree.function.view();
  // A `;` would split a name, and a newline its line: most tools have no way to write either.
  const nameOf = (fn: number): string =>
    recording.functions
      .labelOf(fn)
      .replace(/;/g, ":")
      .replace(/[\r\n]/g, " ");
  const lines = [`# flameline event=${selection.event} unit=${EVENT_UNITS[selection.event]}`];
  self.forEach((cost, node) => {
    const value = Math.round(cost);
    if (value === 0) return;
    const path: string[] = [];
    for (let at = node; at >= 0; at = parents[at] ?? -1) path.push(nameOf(functions[at] ?? 0));
    lines.push(`${path.reverse().join(";")} ${value}`);
  });
  return `${lines.join("\n")}\n`;
}

/** Never throws: lines without a stack and a number are left out and counted in `warnings`. */
export function decodeCollapsed(text: string): ReadResult {
  const reader = new CollapsedReader();
  reader.push(encodeUtf8(text));
  return atOnce(reader.end());
}

export class CollapsedReader implements StreamReader {
  readonly #recording = Recording.empty();
  readonly #lines = new LineSplitter((bytes, start, end) => {
    if (!this.#plainLine(bytes, start, end)) this.#line(decodeUtf8(bytes, start, end).trimEnd());
  });
  readonly #frameOfName = new Map<string, number>();
  /** Names as the file has them, and the frame of each. */
  readonly #names = new BytesTable();
  readonly #frameOfBytes = int32Column();
  /** Stacks by their text, which lies in words of four bytes, the length last. */
  readonly #memo = new StackMemo(MOST_WORDS);
  #words = new Int32Array(1024);
  #text = new Uint8Array(this.#words.buffer);
  #event: EventName = "cpu";
  #scale = ASSUMED_PERIOD_NS;

  constructor() {
    addThread(this.#recording, addProcess(this.#recording, 0, ""), 0, "");
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  *end(): Steps<ReadResult> {
    this.#lines.end();
    yield;
    const { notes, samples } = this.#recording;
    if (this.#lines.tooLong > 0) notes.count("bad-line", this.#lines.tooLong);
    if (this.#scale !== 1 && samples.length > 0) notes.say("The file only counts samples; each is shown as 10 ms of CPU time.");
    this.#recording.setInfo({ events: [this.#event], hz: this.#scale === 1 ? 0 : 1e9 / ASSUMED_PERIOD_NS });
    return { recording: this.#recording, warnings: this.#recording.warnings };
  }

  /** Reads a line that is a stack, a blank and a whole number, as nearly all are, without making a text of it; false for any other. */
  #plainLine(bytes: Uint8Array, start: number, end: number): boolean {
    let at = end;
    let count = 0;
    for (let unit = 1; at > start; unit *= 10) {
      const byte = bytes[at - 1] ?? 0;
      if (byte < 48 || byte > 57) break;
      count += (byte - 48) * unit;
      at--;
    }
    if (at === end || end - at > MOST_DIGITS || bytes[at - 1] !== BLANK || at - 1 <= start || bytes[start] === HASH) return false;
    if (!hasRoom(this.#recording)) return true;
    this.#addSample(this.#stackOf(bytes, start, at - 1), count);
    return true;
  }

  #addSample(stack: number, count: number): void {
    const isCount = this.#scale !== 1 && count < 2 ** 31;
    const event = eventIndex(this.#event);
    this.#recording.samples.push(stack, 0, 0, event, count * this.#scale, isCount ? Math.max(1, Math.round(count)) : 1);
  }

  #stackOf(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const words = (length + 3) >> 2;
    if (words >= this.#words.length) {
      this.#words = new Int32Array(2 * (words + 1));
      this.#text = new Uint8Array(this.#words.buffer);
    }
    this.#words[words - 1] = 0;
    this.#text.set(bytes.subarray(start, end));
    this.#words[words] = length;
    return this.#memo.stackOf(this.#words, words + 1, () => this.#newStack(bytes, start, end));
  }

  #newStack(bytes: Uint8Array, start: number, end: number): number {
    const { stacks } = this.#recording;
    let stack = -1;
    for (let from = start; from <= end; ) {
      let to = from;
      while (to < end && bytes[to] !== SEMICOLON) to++;
      const name = this.#names.intern(bytes, from, to);
      if (name === this.#frameOfBytes.length) this.#frameOfBytes.push(this.#frame(decodeUtf8(bytes, from, to).trim()));
      stack = stacks.intern(stack, this.#frameOfBytes.at(name));
      from = to + 1;
    }
    return stack;
  }

  #line(line: string): void {
    if (line === "") return;
    if (line.startsWith("# ")) {
      const name = HEADER.exec(line)?.[1];
      this.#event = EVENTS.find((known) => known === name) ?? this.#event;
      if (name !== undefined) this.#scale = 1;
      return;
    }
    const { stacks, notes } = this.#recording;
    const blank = line.lastIndexOf(" ");
    const number = line.slice(blank + 1);
    const count = /^\d+(\.\d+)?$/.test(number) ? Number(number) : Number.NaN;
    if (blank <= 0 || !Number.isFinite(count)) return notes.count("bad-sample");
    if (!hasRoom(this.#recording)) return;
    let stack = -1;
    for (const name of line.slice(0, blank).split(";")) stack = stacks.intern(stack, this.#frame(name.trim()));
    this.#addSample(stack, count);
  }

  #frame(name: string): number {
    const known = this.#frameOfName.get(name);
    if (known !== undefined) return known;
    const { functions, frames, stringTable } = this.#recording;
    // What py-spy writes: `work (pkg/app.py:12)`.
    const spied = /^(.*) \(([^()]+\.py)(?::(\d+))?\)$/.exec(name);
    const kernel = name.endsWith("_[k]");
    const language = languageIndex(spied !== null ? "python" : kernel ? "kernel" : "native");
    const bare = spied?.[1] ?? name.replace(/_\[[kij]\]$/, "");
    const fn = functions.intern(stringTable.intern(bare), stringTable.intern(spied?.[2] ?? ""), language, 0);
    const position = { function: fn, line: Number(spied?.[3] ?? 0), column: 0 };
    const frame = frames.add({ language, module: 0, addressHigh: 0, addressLow: 0 }, [position]);
    this.#frameOfName.set(name, frame);
    return frame;
  }
}
