import { float64Column } from "../growable.js";
import type { Steps } from "../steps.js";
import { PROFILE } from "./pprof-fields.js";
import { ProtoReader } from "./proto-reader.js";
import { decodeUtf8 } from "./utf8.js";

/** Fields between two steps: about a millisecond. */
const FIELDS_A_STEP = 4096;

/** Where a message lies in the file. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where everything is in a profile, found in one pass: writers put the strings before or after what refers to them, and
 * the tables before or after the samples.
 */
export class PprofIndex {
  readonly strings: string[] = [];
  readonly sampleTypes: Range[] = [];
  readonly mappings = ranges();
  readonly functions = ranges();
  readonly locations = ranges();
  /** From the first sample to the end of the last; other fields may lie between. */
  samples: Range | undefined;
  periodType: Range | undefined;
  details: Range | undefined;
  /** Indices into the strings. */
  readonly comments: number[] = [];
  defaultSampleType = 0;
  durationNanos = 0;
  period = 0;
  /** ns since 1970, in two halves of 32 bits. */
  start = { high: 0, low: 0 };
  /** The bytes ended in the middle of a field, or were none. */
  broken = false;
  readonly #reader: ProtoReader;

  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new ProtoReader(bytes);
  }

  *read(): Steps<void> {
    let after = 0;
    for (let fields = 1; this.#reader.next(); fields++) {
      if (this.#reader.isBytes) this.#keepBytes(this.#bytes, after);
      else this.#keepNumber();
      after = this.#reader.position;
      if (fields % FIELDS_A_STEP === 0) yield;
    }
    this.broken = this.#reader.broken;
  }

  /** `after` is where the field before ended, so where this one begins with its key. */
  #keepBytes(bytes: Uint8Array, after: number): void {
    const { field, start, end } = this.#reader;
    if (field === PROFILE.sample) this.samples = { start: this.samples?.start ?? after, end };
    else if (field === PROFILE.stringTable) this.strings.push(decodeUtf8(bytes, start, end));
    else if (field === PROFILE.location) this.locations.push(start, end);
    else if (field === PROFILE.function) this.functions.push(start, end);
    else if (field === PROFILE.mapping) this.mappings.push(start, end);
    else if (field === PROFILE.sampleType) this.sampleTypes.push({ start, end });
    else if (field === PROFILE.periodType) this.periodType = { start, end };
    else if (field === PROFILE.flamelineDetails) this.details = { start, end };
    else if (field === PROFILE.comment) {
      const packed = new ProtoReader(bytes);
      packed.packed(start, end, () => this.comments.push(packed.int64()));
    }
  }

  #keepNumber(): void {
    const { field, high, low } = this.#reader;
    const number = this.#reader.int64();
    if (field === PROFILE.comment) this.comments.push(number);
    else if (field === PROFILE.durationNanos) this.durationNanos = Math.max(number, 0);
    else if (field === PROFILE.period) this.period = Math.max(number, 0);
    else if (field === PROFILE.defaultSampleType) this.defaultSampleType = number;
    else if (field === PROFILE.timeNanos && high >= 0) this.start = { high, low: low >>> 0 };
  }
}

/** A column of (start, end) pairs: an object for each of a million locations would weigh more than the file. */
function ranges() {
  const starts = float64Column();
  const ends = float64Column();
  return {
    push(start: number, end: number): void {
      starts.push(start);
      ends.push(end);
    },
    *each(visit: (start: number, end: number) => void): Steps<void> {
      for (let i = 0; i < starts.length; i++) {
        visit(starts.at(i), ends.at(i));
        if (i % FIELDS_A_STEP === FIELDS_A_STEP - 1) yield;
      }
    },
  };
}
