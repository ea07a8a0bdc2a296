import { int32Column } from "../growable.js";
import type { Recording } from "../recording.js";
import { BytesTable } from "./bytes-table.js";
import { LABEL } from "./pprof-fields.js";
import { ProtoReader } from "./proto-reader.js";

type LabelKind = "pid" | "tid" | "thread" | "process" | "time" | "event" | "row";

/** What other tools call the labels of ours: Parca, Pyroscope, Datadog, OpenTelemetry. */
export const LABEL_NAMES: ReadonlyMap<string, LabelKind> = new Map<string, LabelKind>([
  ["pid", "pid"],
  ["process_id", "pid"],
  ["process.pid", "pid"],
  ["tid", "tid"],
  ["thread_id", "tid"],
  ["thread id", "tid"],
  ["thread.id", "tid"],
  ["thread", "thread"],
  ["thread_name", "thread"],
  ["thread name", "thread"],
  ["thread.name", "thread"],
  ["process", "process"],
  ["process_name", "process"],
  ["process name", "process"],
  ["comm", "process"],
  ["timestamp_ns", "time"],
  ["end_timestamp_ns", "time"],
  ["event", "event"],
  ["flameline_thread", "row"],
]);

/** Above this a time is one of the calendar (1973 and later), below it one since the recording's start. */
const CALENDAR_NS = 1e17;

export interface LabelSource {
  readonly bytes: Uint8Array;
  readonly text: (index: number) => string;
  /** The profile's start, ns since 1970, in two halves of 32 bits. */
  readonly start: { readonly high: number; readonly low: number };
  /** Path of the main program, which names the process where labels don't; "" when unknown. */
  readonly executable: string;
}

/**
 * The labels of a sample: `begin`, `add` each, then ask. All samples of a thread have the same labels but for the time, so
 * their raw bytes are compared first, and only new sets of them are decoded.
 */
export class PprofLabels {
  readonly #recording: Recording;
  readonly #source: LabelSource;
  readonly #reader: ProtoReader;
  /** Label kind by string index: a profile has a dozen keys and millions of labels. */
  readonly #kinds = new Map<number, LabelKind | undefined>();
  #start: { high: number; low: number };
  #timeNs = 0;
  /** The other labels of the sample, each with its length before it. */
  #set = new Uint8Array(256);
  #setLength = 0;
  readonly #sets = new BytesTable();
  /** Of each set: its thread, and the string index of its event or 0. */
  readonly #thread = int32Column();
  readonly #event = int32Column();
  readonly #threadByKey = new Map<string, number>();
  readonly #processByKey = new Map<string, number>();

  constructor(recording: Recording, source: LabelSource) {
    this.#recording = recording;
    this.#source = source;
    this.#start = source.start;
    this.#reader = new ProtoReader(source.bytes);
    recording.processRows.forEach(({ pid, name }, index) => {
      const key = JSON.stringify([pid, name]);
      if (!this.#processByKey.has(key)) this.#processByKey.set(key, index);
    });
    recording.threadRows.forEach(({ process, tid, name }, index) => {
      const owner = recording.processRows[process];
      const key = JSON.stringify([owner?.pid ?? 0, tid, name, owner?.name ?? ""]);
      if (!this.#threadByKey.has(key)) this.#threadByKey.set(key, index);
    });
  }

  begin(): void {
    this.#timeNs = 0;
    this.#setLength = 0;
  }

  /** One label: where its message lies. */
  add(start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(start, end);
    // The key comes first in all files seen; the rest of the label is read only where it is a time.
    const kind = reader.next() && reader.field === LABEL.key ? this.#kindOf(reader.int64()) : undefined;
    if (kind === "time") {
      while (reader.next()) if (reader.field === LABEL.number) this.#timeNs = this.#sinceStart();
      return;
    }
    const length = end - start;
    const needed = this.#setLength + length + 2;
    if (length > 0xffff || needed > 0xfffff) return;
    if (needed > this.#set.length) {
      const wider = new Uint8Array(needed * 2);
      wider.set(this.#set);
      this.#set = wider;
    }
    this.#set[this.#setLength++] = length & 255;
    this.#set[this.#setLength++] = length >> 8;
    const { bytes } = this.#source;
    // Labels are a few bytes long: a loop is faster than a view and a copy.
    for (let i = start; i < end; i++) this.#set[this.#setLength++] = bytes[i] ?? 0;
  }

  /** ns since the recording's start; 0 without a time. */
  get timeNs(): number {
    return this.#timeNs;
  }

  /** The sample's thread in the recording, and the string index of its event (0 for none). */
  owner(): { thread: number; event: number } {
    const set = this.#sets.intern(this.#set, 0, this.#setLength);
    if (set === this.#thread.length) this.#decodeSet();
    return { thread: this.#thread.at(set), event: this.#event.at(set) };
  }

  #decodeSet(): void {
    const reader = new ProtoReader(this.#set);
    const values: Record<LabelKind, number> = { pid: 0, tid: 0, thread: 0, process: 0, time: 0, event: 0, row: 0 };
    for (let at = 0; at < this.#setLength; ) {
      const length = (this.#set[at] ?? 0) | ((this.#set[at + 1] ?? 0) << 8);
      reader.reset(at + 2, at + 2 + length);
      at += 2 + length;
      let [key, text, number] = [0, 0, 0];
      while (reader.next()) {
        if (reader.field === LABEL.key) key = reader.int64();
        else if (reader.field === LABEL.text) text = reader.int64();
        else if (reader.field === LABEL.number) number = reader.int64();
      }
      const kind = this.#kindOf(key);
      if (kind === undefined) continue;
      const isText = kind === "thread" || kind === "process" || kind === "event";
      // Some tools write numbers as texts.
      values[kind] = int32(isText ? text : text > 0 ? Number.parseInt(this.#source.text(text), 10) : number);
    }
    const { row } = values;
    this.#thread.push(row > 0 && row < this.#recording.threadRows.length ? row : this.#findThread(values));
    this.#event.push(values.event);
  }

  #kindOf(key: number): LabelKind | undefined {
    const known = this.#kinds.get(key);
    if (known !== undefined || this.#kinds.has(key)) return known;
    const kind = LABEL_NAMES.get(this.#source.text(key));
    this.#kinds.set(key, kind);
    return kind;
  }

  /** Calendar times are subtracted in halves: a double has no room for their ns. */
  #sinceStart(): number {
    const { high, low } = this.#reader;
    const number = this.#reader.int64();
    if (number < CALENDAR_NS) return number;
    if (this.#start.high === 0 && this.#start.low === 0) {
      this.#start = { high, low: low >>> 0 };
      this.#recording.setInfo({ startUnixNs: ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString() });
    }
    return Math.max((high - this.#start.high) * 0x1_0000_0000 + ((low >>> 0) - this.#start.low), 0);
  }

  #findThread(values: Record<LabelKind, number>): number {
    const { pid, tid } = values;
    const [thread, process] = [this.#source.text(values.thread), this.#source.text(values.process)];
    const key = JSON.stringify([pid, tid, thread, process]);
    const known = this.#threadByKey.get(key);
    if (known !== undefined) return known;
    const index = this.#recording.threadRows.length;
    this.#recording.threadRows.push({ process: this.#findProcess(pid, process), tid, name: thread });
    this.#threadByKey.set(key, index);
    return index;
  }

  #findProcess(pid: number, name: string): number {
    const key = JSON.stringify([pid, name]);
    const known = this.#processByKey.get(key);
    if (known !== undefined) return known;
    const { executable } = this.#source;
    const index = this.#recording.processRows.length;
    this.#recording.processRows.push({
      pid,
      parentPid: 0,
      name: name || executable.slice(executable.lastIndexOf("/") + 1),
      executable: name === "" ? executable : "",
      commandLine: [],
      workingDirectory: "",
      root: "/",
      uid: 0,
      startNs: 0,
    });
    this.#processByKey.set(key, index);
    return index;
  }
}

function int32(value: number): number {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : 0;
}
