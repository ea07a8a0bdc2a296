import type { EventName } from "../../protocol/events.js";
import { int32Column } from "../growable.js";
import { eventIndex } from "../names.js";
import { PairTable } from "../pair-table.js";
import type { Recording } from "../recording.js";
import type { IdMap } from "./id-map.js";
import { LABEL, PROFILE, SAMPLE } from "./pprof-fields.js";
import { ProtoReader } from "./proto-reader.js";
import type { ChosenColumns } from "./sample-types.js";
import { StackBytes } from "./stack-bytes.js";

export interface SampleSource {
  readonly bytes: Uint8Array;
  readonly columns: ChosenColumns;
  /** From location ids to frames. */
  readonly locations: IdMap;
  readonly text: (index: number) => string;
  /** The profile's start, ns since 1970, in two halves of 32 bits. */
  readonly start: { readonly high: number; readonly low: number };
  /** Path of the main program where labels name none; "" when unknown. */
  readonly executable: string;
  /** Heap profiles of other tools list what has been freed as samples of 0; ours mean what they say. */
  readonly keepZeros: boolean;
}

type LabelKind = "pid" | "tid" | "thread" | "process" | "time" | "event" | "row";

/** What other tools call the labels of ours: Parca, Pyroscope, Datadog, OpenTelemetry. */
const LABEL_NAMES = new Map<string, LabelKind>([
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

/** Reads the samples of a profile in one pass over its bytes, with scratch that is used again for each. */
export class PprofSamples {
  readonly #recording: Recording;
  readonly #source: SampleSource;
  readonly #stacks: StackBytes;
  readonly #message: ProtoReader;
  readonly #part: ProtoReader;
  readonly #values: number[] = [];
  readonly #ids: (number | bigint)[] = [];
  /** Label kind by string index: a profile has a dozen keys and millions of labels. */
  readonly #kinds = new Map<number, LabelKind | undefined>();
  #label: Record<LabelKind, number> = noLabels();
  #start: { high: number; low: number };
  /** Thread of each (pid, tid) and (thread, process) name. */
  readonly #numbers = new PairTable();
  readonly #names = new PairTable();
  readonly #owners = new PairTable();
  readonly #threadOfOwner = int32Column();
  readonly #threadByKey = new Map<string, number>();
  readonly #processByKey = new Map<string, number>();

  constructor(recording: Recording, source: SampleSource) {
    this.#recording = recording;
    this.#source = source;
    this.#start = source.start;
    this.#message = new ProtoReader(source.bytes);
    this.#part = new ProtoReader(source.bytes);
    this.#stacks = new StackBytes(recording, source.bytes, source.locations);
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

  read(from: number, to: number): void {
    const fields = new ProtoReader(this.#source.bytes, from, to);
    while (fields.next()) if (fields.field === PROFILE.sample && fields.isBytes) this.#readSample(fields.start, fields.end);
  }

  #readSample(start: number, end: number): void {
    const message = this.#message;
    this.#values.length = 0;
    this.#ids.length = 0;
    this.#label = noLabels();
    let [idsStart, idsEnd] = [-1, -1];
    message.reset(start, end);
    while (message.next()) {
      if (message.field === SAMPLE.locationId) {
        if (!message.isBytes) this.#ids.push(message.id());
        else if (idsStart < 0 && this.#ids.length === 0) [idsStart, idsEnd] = [message.start, message.end];
        else this.#moreIds(message.start, message.end);
      } else if (message.field === SAMPLE.value) {
        if (message.isBytes) this.#part.packed(message.start, message.end, () => this.#values.push(this.#part.int64()));
        else this.#values.push(message.int64());
      } else if (message.field === SAMPLE.label && message.isBytes) this.#readLabel(message.start, message.end);
    }
    if (message.broken) {
      this.#recording.notes.count("bad-sample");
      return;
    }
    const stack = idsStart >= 0 && this.#ids.length === 0 ? this.#stacks.ofPacked(idsStart, idsEnd) : this.#stackOfParts(idsStart, idsEnd);
    this.#push(stack);
  }

  /** Rare: ids in several parts, or not packed (Go's runtime writes stacks of one or two frames so). */
  #stackOfParts(idsStart: number, idsEnd: number): number {
    const unpacked = this.#ids.splice(0);
    if (idsStart >= 0) this.#moreIds(idsStart, idsEnd);
    return this.#stacks.ofIds([...this.#ids, ...unpacked]);
  }

  #moreIds(start: number, end: number): void {
    this.#part.packed(start, end, () => this.#ids.push(this.#part.id()));
  }

  #readLabel(start: number, end: number): void {
    const label = this.#part;
    label.reset(start, end);
    let [key, text, number, high, low] = [0, 0, 0, 0, 0];
    while (label.next()) {
      if (label.field === LABEL.key) key = label.int64();
      else if (label.field === LABEL.text) text = label.int64();
      else if (label.field === LABEL.number) [number, high, low] = [label.int64(), label.high, label.low >>> 0];
    }
    let kind = this.#kinds.get(key);
    if (kind === undefined && !this.#kinds.has(key)) {
      kind = LABEL_NAMES.get(this.#source.text(key));
      this.#kinds.set(key, kind);
    }
    if (kind === undefined) return;
    const isText = kind === "thread" || kind === "process" || kind === "event";
    if (kind === "time") this.#label.time = this.#timeNs(number, high, low);
    else if (isText) this.#label[kind] = text;
    // Some tools write the numbers as texts.
    else this.#label[kind] = text > 0 ? Number.parseInt(this.#source.text(text), 10) || 0 : number;
  }

  /** ns since the recording's start. Calendar times are subtracted in halves: a double has no room for their ns. */
  #timeNs(number: number, high: number, low: number): number {
    if (number < CALENDAR_NS) return number;
    if (this.#start.high === 0 && this.#start.low === 0) {
      this.#start = { high, low };
      this.#recording.setInfo({ startUnixNs: ((BigInt(high) << 32n) | BigInt(low)).toString() });
    }
    return Math.max((high - this.#start.high) * 0x1_0000_0000 + (low - this.#start.low), 0);
  }

  #push(stack: number): void {
    const { columns, countIndex } = this.#source.columns;
    const { samples, notes } = this.#recording;
    const { time, event } = this.#label;
    if (this.#values.length === 0 || time < 0) {
      notes.count("bad-sample");
      return;
    }
    const thread = this.#thread();
    const counted = countIndex < 0 ? 1 : (this.#values[countIndex] ?? 1);
    const count = counted >= 0 && counted < 2 ** 31 ? counted : 1;
    const only: EventName | undefined = columns.length === 1 ? columns[0]?.event : undefined;
    const named = event > 0 ? this.#source.text(event) : only;
    for (const column of columns) {
      const value = (this.#values[column.index] ?? 0) * column.scale;
      if (value < 0) notes.count("bad-sample");
      else if (value > 0 || (this.#source.keepZeros && column.event === named))
        samples.push(stack, thread, time, eventIndex(column.event), value, count);
    }
  }

  #thread(): number {
    const { pid, tid, thread, process, row } = this.#label;
    if (row > 0 && row < this.#recording.threadRows.length) return row;
    const owner = this.#owners.intern(this.#numbers.intern(int32(pid), int32(tid)), this.#names.intern(int32(thread), int32(process)));
    if (owner === this.#threadOfOwner.length) this.#threadOfOwner.push(this.#findThread());
    return this.#threadOfOwner.at(owner);
  }

  #findThread(): number {
    const [pid, tid] = [int32(this.#label.pid), int32(this.#label.tid)];
    const [thread, process] = [this.#source.text(this.#label.thread), this.#source.text(this.#label.process)];
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

function noLabels(): Record<LabelKind, number> {
  return { pid: 0, tid: 0, thread: 0, process: 0, time: 0, event: 0, row: 0 };
}

function int32(value: number): number {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : 0;
}
