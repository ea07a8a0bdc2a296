import { GROWTH_EVENTS } from "../../protocol/events.js";
import { eventIndex } from "../names.js";
import type { Recording } from "../recording.js";
import type { Steps } from "../steps.js";
import type { IdMap } from "./id-map.js";
import { PROFILE, SAMPLE } from "./pprof-fields.js";
import { type LabelSource, PprofLabels } from "./pprof-labels.js";
import { ProtoReader } from "./proto-reader.js";
import type { ChosenColumns } from "./sample-types.js";
import { StackBytes } from "./stack-bytes.js";

/** Samples between two steps: about two milliseconds. */
const SAMPLES_A_STEP = 1024;

export interface SampleSource extends LabelSource {
  readonly columns: ChosenColumns;
  /** From location ids to frames. */
  readonly locations: IdMap;
  /** Heap profiles of other tools list what has been freed as samples of 0; ours mean what they say. */
  readonly keepZeros: boolean;
}

/** Reads the samples of a profile in one pass over its bytes, with scratch that is used again for each. */
export class PprofSamples {
  readonly #recording: Recording;
  readonly #source: SampleSource;
  readonly #stacks: StackBytes;
  readonly #labels: PprofLabels;
  readonly #message: ProtoReader;
  readonly #part: ProtoReader;
  /** The sample's values so far; no file has more than a dozen. */
  readonly #values = new Float64Array(64);
  #valueCount = 0;
  readonly #ids: (number | bigint)[] = [];
  readonly #addPackedValue = (): void => this.#addValue(this.#part.int64());

  constructor(recording: Recording, source: SampleSource) {
    this.#recording = recording;
    this.#source = source;
    this.#message = new ProtoReader(source.bytes);
    this.#part = new ProtoReader(source.bytes);
    this.#stacks = new StackBytes(recording, source.bytes, source.locations);
    this.#labels = new PprofLabels(recording, source);
  }

  *read(from: number, to: number): Steps<void> {
    const fields = new ProtoReader(this.#source.bytes, from, to);
    for (let read = 1; fields.next(); read++) {
      if (fields.field === PROFILE.sample && fields.isBytes) this.#readSample(fields.start, fields.end);
      if (read % SAMPLES_A_STEP === 0) yield;
    }
  }

  #readSample(start: number, end: number): void {
    const message = this.#message;
    this.#valueCount = 0;
    this.#labels.begin();
    let hasLoneIds = false;
    let [idsStart, idsEnd] = [-1, -1];
    message.reset(start, end);
    while (message.next()) {
      if (message.field === SAMPLE.locationId) {
        if (message.isBytes && idsStart < 0 && !hasLoneIds) [idsStart, idsEnd] = [message.start, message.end];
        else hasLoneIds = true;
      } else if (message.field === SAMPLE.value) {
        if (message.isBytes) this.#part.packed(message.start, message.end, this.#addPackedValue);
        else this.#addValue(message.int64());
      } else if (message.field === SAMPLE.label && message.isBytes) this.#labels.add(message.start, message.end);
    }
    if (message.broken || this.#valueCount === 0) this.#recording.notes.count("bad-sample");
    else this.#push(hasLoneIds ? this.#stackOfParts(start, end) : idsStart < 0 ? -1 : this.#stacks.ofPacked(idsStart, idsEnd));
  }

  #addValue(value: number): void {
    if (this.#valueCount < this.#values.length) this.#values[this.#valueCount++] = value;
  }

  /** Rare: ids in several parts, or not packed (Go's runtime writes stacks of one or two frames so). */
  #stackOfParts(start: number, end: number): number {
    const ids = this.#ids;
    ids.length = 0;
    this.#message.reset(start, end);
    while (this.#message.next()) {
      if (this.#message.field !== SAMPLE.locationId) continue;
      if (this.#message.isBytes) this.#part.packed(this.#message.start, this.#message.end, () => ids.push(this.#part.id()));
      else ids.push(this.#message.id());
    }
    return this.#stacks.ofIds(ids);
  }

  #push(stack: number): void {
    const { columns, countIndex } = this.#source.columns;
    const { samples, notes } = this.#recording;
    const { timeNs } = this.#labels;
    const { thread, event } = this.#labels.owner();
    if (timeNs < 0) {
      notes.count("bad-sample");
      return;
    }
    const counted = countIndex >= 0 && countIndex < this.#valueCount ? (this.#values[countIndex] ?? 1) : 1;
    const count = counted >= 0 && counted < 2 ** 31 ? counted : 1;
    const named = event > 0 ? this.#source.text(event) : columns.length === 1 ? columns[0]?.event : undefined;
    for (const column of columns) {
      if (column.index >= this.#valueCount) continue;
      const value = (this.#values[column.index] ?? 0) * column.scale;
      // Memory goes back, too.
      if (value < 0 && !GROWTH_EVENTS.has(column.event)) notes.count("bad-sample");
      else if (value !== 0 || (this.#source.keepZeros && column.event === named)) {
        samples.push(stack, thread, timeNs, eventIndex(column.event), value, count);
      }
    }
  }
}
