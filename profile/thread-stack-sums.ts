/**
 * What the samples of an event add up to by thread and stack. Samples only come, so the sums of a whole recording go on from the sample at
 * which they stood: what a live recording's views are made of costs what is new, and not what was recorded for an hour.
 */
import { float64Column } from "./growable.js";
import { PairTable } from "./pair-table.js";
import type { RecordingTables } from "./tables.js";

/** Rows in the order in which their thread and stack first came together. */
class ThreadStackSums {
  readonly #pairs = new PairTable();
  /** Index into the threads. */
  readonly thread = this.#pairs.first;
  /** Index into the stacks; -1 where the samples have no stack. */
  readonly stack = this.#pairs.second;
  /** In the event's unit; of memory it may be below zero. */
  readonly value = float64Column();
  /** Samples of the profiler. */
  readonly count = float64Column();

  get length(): number {
    return this.#pairs.length;
  }

  add(thread: number, stack: number, value: number, count: number): void {
    const row = this.#pairs.intern(thread, stack);
    if (row === this.value.length) {
      this.value.push(value);
      this.count.push(count);
      return;
    }
    this.value.set(row, this.value.at(row) + value);
    this.count.set(row, this.count.at(row) + count);
  }
}

/** The sums of all samples so far, by index into `EVENTS`. */
class WholeSums {
  readonly #recording: RecordingTables;
  readonly #byEvent: ThreadStackSums[] = [];
  /** Samples that are in the sums. */
  #samples = 0;

  constructor(recording: RecordingTables) {
    this.#recording = recording;
  }

  of(event: number): ThreadStackSums {
    const { samples } = this.#recording;
    for (; this.#samples < samples.length; this.#samples++) {
      const row = this.#samples;
      this.#event(samples.event.at(row)).add(samples.thread.at(row), samples.stack.at(row), samples.value.at(row), samples.count.at(row));
    }
    return this.#event(event);
  }

  #event(event: number): ThreadStackSums {
    return (this.#byEvent[event] ??= new ThreadStackSums());
  }
}

const kept = new WeakMap<RecordingTables, WholeSums>();

/** The sums of all samples of an event, valid until the recording grows. */
export function wholeSums(recording: RecordingTables, event: number): ThreadStackSums {
  let known = kept.get(recording);
  if (known === undefined) {
    known = new WholeSums(recording);
    kept.set(recording, known);
  }
  return known.of(event);
}
