/**
 * The text of `perf script`, with any fields that it prints by default, and `-F +pid` and `-F +srcline`:
 *
 * ```
 * two words  2173 [000] 24537.448760:   10101010 cpu-clock:
 *             11e6 mix (inlined)                       innermost first; inlined calls before the function that holds them
 *             11e6 work+0x26 (/tmp/two words)
 *   app.c:12                                           with +srcline
 * ffffffff821f51c6 do_syscall_64+0x71 ([kernel.kallsyms])
 * ```
 *
 * | of the file | here |
 * |---|---|
 * | `cpu-clock`, `task-clock` | CPU time: the period in ns |
 * | `page-faults`, `minor-faults`, `major-faults` | memory: 4096 bytes each |
 * | `cycles` and the like, where there is no clock | CPU time, a cycle as a nanosecond: shares are right, seconds are not |
 * | other events | counted and named, not shown; where there is nothing else the first is shown as `cycles` are |
 * | a thread without a pid | a process of its own |
 * | addresses | not kept: they are those of one run |
 */
import { float64Column, int32Column, uint8Column } from "../growable.js";
import { eventIndex, languageIndex } from "../names.js";
import { Recording } from "../recording.js";
import { eachRow, type Steps } from "../steps.js";
import { BytesTable } from "./bytes-table.js";
import { guessLanguage } from "./guess-language.js";
import { LineSplitter } from "./line-splitter.js";
import { type PerfFrame, readFrame, readHead, readSourceLine } from "./perf-lines.js";
import { chooseEvents } from "./perf-events.js";
import { addProcess, addThread, hasRoom, type ReadResult, type StreamReader } from "./stream-reader.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";

/** A frame's line in the cache: not a frame, an inlined one, or (0 and up) an index into the frames. */
const NO_FRAME = -1;

export class PerfScriptReader implements StreamReader {
  readonly #recording = Recording.empty();
  readonly #lines = new LineSplitter((bytes, start, end) => this.#line(bytes, start, end));
  /** Lines of frames without their addresses, and what each means. */
  readonly #texts = new BytesTable();
  readonly #frames: (PerfFrame | undefined)[] = [];
  /** The recording's frame for a physical frame with the calls inlined into it, and a source line. */
  readonly #known = new Map<string, number>();
  readonly #threads = new Map<string, number>();
  readonly #processes = new Map<string, number>();
  readonly #eventNames: string[] = [];
  /** One row a sample, until it is known which events are shown. */
  readonly #stack = int32Column();
  readonly #thread = int32Column();
  readonly #time = float64Column();
  readonly #event = uint8Column();
  readonly #period = float64Column();
  #head: { thread: number; timeNs: number; event: number; period: number } | undefined;
  /** The sample that is being read: texts of its frames, innermost first, and the source line of each ("" for none). */
  readonly #open: number[] = [];
  readonly #sources: string[] = [];
  #onlyThreads = false;
  #strange = 0;

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  *end(): Steps<ReadResult> {
    this.#lines.end();
    this.#endSample();
    const { notes, samples } = this.#recording;
    if (this.#strange > 0) notes.count("bad-line", this.#strange);
    if (this.#lines.tooLong > 0) notes.count("bad-line", this.#lines.tooLong);
    const totals = this.#eventNames.map((name) => ({ name, samples: 0, withPeriod: 0 }));
    let firstNs = Number.POSITIVE_INFINITY;
    let lastNs = 0;
    yield* eachRow(this.#stack.length, (row) => {
      const total = totals[this.#event.at(row)];
      if (total === undefined) return;
      total.samples++;
      if (this.#period.at(row) > 0) total.withPeriod++;
      firstNs = Math.min(firstNs, this.#time.at(row));
      lastNs = Math.max(lastNs, this.#time.at(row));
    });
    const { shown, sentences } = chooseEvents(totals);
    for (const sentence of sentences) notes.say(sentence);
    if (this.#onlyThreads && this.#threads.size > 1) {
      notes.say("The file names threads but not their processes, so each is shown as a process; perf script -F +pid tells both.");
    }
    yield* eachRow(this.#stack.length, (row) => {
      const as = shown[this.#event.at(row)];
      if (as === undefined) return;
      const period = this.#period.at(row);
      const value = period > 0 ? period * as.scale : as.otherwise;
      samples.push(this.#stack.at(row), this.#thread.at(row), this.#time.at(row) - firstNs, eventIndex(as.event), value);
    });
    const durationNs = this.#stack.length > 0 ? lastNs - firstNs : 0;
    this.#recording.setInfo({ events: this.#recording.eventsWithSamples(), durationNs });
    return { recording: this.#recording, warnings: this.#recording.warnings };
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    while (from < end && isBlank(bytes[from] ?? 0)) from++;
    if (from === end) return this.#endSample();
    const first = bytes[start] ?? 0;
    if (first === HASH) return;
    // A frame: a tab, an address in hexadecimal, a blank. Heads of samples without stacks begin with blanks too.
    let at = from;
    if (from > start && this.#head !== undefined && (first === TAB || !this.#looksLikeHead(bytes, start, end))) {
      while (at < end && isHexadecimal(bytes[at] ?? 0)) at++;
      if (at > from && at < end && isBlank(bytes[at] ?? 0)) return this.#frame(bytes, at + 1, end);
      if (this.#open.length > 0) {
        const source = decodeUtf8(bytes, from, end);
        if (readSourceLine(source) !== undefined) this.#sources[this.#open.length - 1] = source;
        // Without line numbers perf prints the address once more.
        else if (!source.endsWith("]") && !source.includes("+0x")) this.#strange++;
        return;
      }
    }
    this.#readHead(decodeUtf8(bytes, start, Math.min(end, start + LONGEST_HEAD_BYTES)));
  }

  #looksLikeHead(bytes: Uint8Array, start: number, end: number): boolean {
    return readHead(decodeUtf8(bytes, start, Math.min(end, start + LONGEST_HEAD_BYTES))) !== undefined;
  }

  #readHead(line: string): void {
    this.#endSample();
    const head = readHead(line);
    if (head === undefined) {
      this.#strange++;
      return;
    }
    if (!hasRoom(this.#recording, this.#stack.length)) return;
    const { timeNs, period } = head;
    this.#head = { thread: this.#threadOf(head), timeNs, event: this.#eventOf(head.event), period };
    // Without stacks the one frame follows in the same line.
    const lone = /^([0-9a-f]{1,16}) (.*)$/.exec(head.rest);
    if (lone === null) return;
    const text = encodeUtf8(lone[2] ?? "");
    this.#frame(text, 0, text.length);
  }

  #frame(bytes: Uint8Array, start: number, end: number): void {
    const id = this.#texts.intern(bytes, start, end);
    if (id === this.#frames.length) this.#frames.push(readFrame(decodeUtf8(bytes, start, end).trim()));
    if (this.#frames[id] === undefined) this.#strange++;
    else {
      this.#open.push(id);
      this.#sources.push("");
    }
  }

  #endSample(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    let stack = -1;
    // Root first: from the end, each physical frame with the inlined calls before it.
    for (let last = this.#open.length - 1; last >= 0; ) {
      let first = last;
      while (first > 0 && this.#frames[this.#open[first - 1] ?? NO_FRAME]?.inlined === true) first--;
      stack = this.#recording.stacks.intern(stack, this.#frameOf(first, last));
      last = first - 1;
    }
    this.#open.length = 0;
    this.#sources.length = 0;
    this.#stack.push(stack);
    this.#thread.push(head.thread);
    this.#time.push(head.timeNs);
    this.#event.push(head.event);
    this.#period.push(head.period);
  }

  /** The frame of the open lines from `first`, the innermost, to `last`, which is the physical one. */
  #frameOf(first: number, last: number): number {
    const key =
      first === last && this.#sources[last] === ""
        ? `${this.#open[last]}`
        : JSON.stringify([this.#open.slice(first, last + 1), this.#sources.slice(first, last + 1)]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { frames, functions, stringTable } = this.#recording;
    const physical = this.#frames[this.#open[last] ?? NO_FRAME];
    const module = stringTable.intern(physical?.module ?? "");
    const positions = this.#open.slice(first, last + 1).map((text, index) => {
      const each = this.#frames[text];
      const source = readSourceLine(this.#sources[first + index] ?? "");
      const file = stringTable.intern(each?.file || (source?.file ?? ""));
      const told = each?.inlined === true ? physical?.language : each?.language;
      const language = languageIndex(told === "native" && source !== undefined ? guessLanguage(source.file, "") : (told ?? "native"));
      const name = stringTable.intern(each?.name ?? "");
      return { function: functions.intern(name, file, language, module, each?.definition ?? 0), line: source?.line ?? 0, column: 0 };
    });
    const language = functions.language.at(positions[positions.length - 1]?.function ?? 0);
    const frame = frames.add({ language, module, addressHigh: 0, addressLow: 0 }, positions);
    this.#known.set(key, frame);
    return frame;
  }

  #eventOf(name: string): number {
    const known = this.#eventNames.indexOf(name);
    if (known >= 0) return known;
    // A column of bytes; no recording has so many.
    return this.#eventNames.length < 255 ? this.#eventNames.push(name) - 1 : 254;
  }

  #threadOf({ comm, pid, tid }: { comm: string; pid: number; tid: number }): number {
    const key = JSON.stringify([pid, tid, comm]);
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    if (pid === 0) this.#onlyThreads = true;
    // A thread without a pid is a process; one with a pid is known by it alone, whatever its name.
    const owner = pid === 0 ? `${tid} ${comm}` : `${pid}`;
    const process = this.#processes.get(owner) ?? addProcess(this.#recording, pid === 0 ? tid : pid, comm);
    this.#processes.set(owner, process);
    const thread = addThread(this.#recording, process, tid, comm);
    this.#threads.set(key, thread);
    return thread;
  }
}

const [TAB, HASH] = [9, 35];
const LONGEST_HEAD_BYTES = 4096;

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

function isHexadecimal(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102);
}
