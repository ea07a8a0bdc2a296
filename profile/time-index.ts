import type { RecordingTables } from "./tables.js";

/** Rows of a block: small enough that a range reads next to nothing beside itself, large enough that the index is a thousandth of the samples. */
export const BLOCK_ROWS = 2048;

/**
 * Of each block of neighbouring samples which time and which events it has. Samples come nearly in the order of time, so a range skips all
 * other blocks; where a file has them in another order nothing is skipped, and nothing is wrong. Grows with the recording.
 */
class TimeIndex {
  readonly #recording: RecordingTables;
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  /** A bit for each event. */
  readonly #events: number[] = [];
  #rows = 0;

  constructor(recording: RecordingTables) {
    this.#recording = recording;
  }

  update(): this {
    const { samples } = this.#recording;
    const [times, events] = [samples.timeNs.view(), samples.event.view()];
    for (let row = this.#rows; row < events.length; ) {
      const block = Math.floor(row / BLOCK_ROWS);
      const end = Math.min(events.length, (block + 1) * BLOCK_ROWS);
      let first = this.#first[block] ?? Number.POSITIVE_INFINITY;
      let last = this.#last[block] ?? Number.NEGATIVE_INFINITY;
      let mask = this.#events[block] ?? 0;
      for (; row < end; row++) {
        const time = times[row] ?? 0;
        if (time < first) first = time;
        if (time > last) last = time;
        mask |= 1 << (events[row] ?? 0);
      }
      this.#first[block] = first;
      this.#last[block] = last;
      this.#events[block] = mask;
    }
    this.#rows = events.length;
    return this;
  }

  /** Whether any sample is of an event. */
  has(event: number): boolean {
    return this.#events.some((mask) => (mask & (1 << event)) !== 0);
  }

  /** Whether a block may have samples of an event in a range; `toNs` is exclusive. */
  mayHave(block: number, event: number, fromNs: number, toNs: number): boolean {
    return ((this.#events[block] ?? 0) & (1 << event)) !== 0 && (this.#last[block] ?? 0) >= fromNs && (this.#first[block] ?? 0) < toNs;
  }
}

const kept = new WeakMap<RecordingTables, TimeIndex>();

/** The index of a recording, up to date. */
export function timeIndex(recording: RecordingTables): TimeIndex {
  let known = kept.get(recording);
  if (known === undefined) {
    known = new TimeIndex(recording);
    kept.set(recording, known);
  }
  return known.update();
}
