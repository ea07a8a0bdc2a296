import { timeIndex } from "./time-index.js";
import { BOXED_EVENTS, type EventName } from "../protocol/events.js";
import type { Allocations, Batch, CostAccount, LossCounts, ProcessRow, Rate, Started, Stopped, ThreadRow } from "../protocol/helper.js";
import { allocationsSentence } from "./allocations.js";
import { EVENTS } from "./names.js";
import { RecordingTables } from "./tables.js";
import { amount, membersOf } from "./wire-values.js";
import { WireReader } from "./wire-reader.js";

export interface RecordingInfo {
  readonly name: string;
  /** Wall clock of the start, ns since 1970 as a decimal string; "0" when unknown. */
  readonly startUnixNs: string;
  /** The same in ms; 0 when unknown. */
  readonly startUnixMs: number;
  /** CPU samples a second on each processor; 0 when unknown. */
  readonly hz: number;
  /** The events that were asked for, in the protocol's order. */
  readonly events: readonly EventName[];
  /** ns from the start to the end, or to the latest batch while it is live. */
  readonly durationNs: number;
}

const NO_LOSS: LossCounts = { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 };
const NO_COST: CostAccount = { bpfNs: -1, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 };

/**
 * A recording as columns: interned strings, functions, frames and stacks, and one row a sample. It is append-only and
 * never throws on bad rows: they are left out, counted, and said once a kind in `warnings`.
 */
export class Recording extends RecordingTables {
  info: RecordingInfo = { name: "", startUnixNs: "0", startUnixMs: 0, hz: 0, events: [], durationNs: 0 };
  loss: LossCounts = NO_LOSS;
  cost: CostAccount = NO_COST;
  /** Grows with every change, so that what was derived from the recording can be kept until then. */
  revision = 0;
  readonly #wire = new WireReader(this);
  #pausedNs = 0;
  /** ns since the start at which the pause began that goes on; -1 outside of pauses. */
  #pausedSinceNs = -1;
  #followedSinceNs = 0;

  static empty(): Recording {
    return new Recording();
  }

  static fromStarted(started: Started, name = ""): Recording {
    const recording = new Recording();
    const startUnixNs = typeof started.startUnixNs === "string" && /^\d{1,19}$/.test(started.startUnixNs) ? started.startUnixNs : "0";
    const events = Array.isArray(started.events) ? started.events : [];
    if (started.hz === 0) recording.#pausedSinceNs = 0;
    recording.setInfo({ name, startUnixNs, hz: positive(started.hz), events: EVENTS.filter((event) => events.includes(event)) });
    return recording;
  }

  get strings(): readonly string[] {
    return this.stringTable.values;
  }

  get processes(): readonly ProcessRow[] {
    return this.processRows;
  }

  get threads(): readonly ThreadRow[] {
    return this.threadRows;
  }

  /** One sentence for each kind of thing that could not be read, with its count. */
  get warnings(): string[] {
    return this.notes.sentences();
  }

  /** Changes what is known about the recording as a whole; `startUnixMs` follows `startUnixNs`. */
  setInfo(change: Partial<Omit<RecordingInfo, "startUnixMs">>): void {
    const info = { ...this.info, ...change };
    this.info = { ...info, startUnixMs: Math.floor(Number(info.startUnixNs) / 1e6) };
    this.revision++;
  }

  append(batch: Batch): void {
    const latest = this.#wire.append(batch);
    this.revision++;
    if (latest === undefined) return;
    if (latest.timeNs > this.info.durationNs) this.setInfo({ durationNs: latest.timeNs });
    this.losses.add({ timeNs: latest.timeNs, lost: (latest.loss ?? this.loss).lost - this.loss.lost });
    this.loss = latest.loss ?? this.loss;
    this.cost = latest.cost ?? this.cost;
  }

  /** The rate changes; 0 pauses sampling. What is not readable changes nothing. */
  setRate(rate: Rate): void {
    const { timeNs, hz } = membersOf(rate);
    const at = amount(timeNs);
    if (at < 0 || amount(hz) < 0) return;
    if (this.#pausedSinceNs >= 0) this.#pausedNs += Math.max(at - this.#pausedSinceNs, 0);
    this.#pausedSinceNs = hz === 0 ? at : -1;
    // The latest rate at which there were samples.
    if (hz !== 0) this.setInfo({ hz: positive(hz) });
  }

  /** Allocations are followed, or no longer; what that took is among the warnings. */
  setAllocations(message: Allocations): void {
    const { state, timeNs } = membersOf(message);
    const at = positive(timeNs);
    if (state === "open") {
      this.#followedSinceNs = at;
      this.setInfo({ events: EVENTS.filter((event) => this.info.events.includes(event) || BOXED_EVENTS.has(event)) });
    } else if (state === "closed") {
      this.notes.say(allocationsSentence(message, at - this.#followedSinceNs));
      this.revision++;
    }
  }

  /** How long sampling has paused, ns. */
  get pausedNs(): number {
    return this.#pausedNs + (this.#pausedSinceNs < 0 ? 0 : Math.max(this.info.durationNs - this.#pausedSinceNs, 0));
  }

  /** The recording has ended; batches that the helper sent and we never saw are counted as lost. */
  stop(stopped: Stopped): void {
    this.#wire.stop(stopped);
    const durationNs = positive(stopped.durationNs);
    this.setInfo({ durationNs: Math.max(durationNs, this.info.durationNs) });
  }

  /** The event of an index in `samples.event`. */
  eventName(index: number): EventName {
    return EVENTS[index] ?? "cpu";
  }

  /** The events that have samples or were asked for, in the protocol's order. */
  eventsPresent(): EventName[] {
    const wanted = this.info.events;
    const kinds = this.samples.event.view();
    return EVENTS.filter((event, index) => wanted.includes(event) || kinds.includes(index));
  }

  /** The events that have samples, in the protocol's order. */
  eventsWithSamples(): EventName[] {
    const index = timeIndex(this);
    return EVENTS.filter((_, event) => index.has(event));
  }
}

function positive(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
