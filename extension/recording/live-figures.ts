/** The figures of the status bar, from what the helper sends. Pure. */
import type { EventName } from "../../protocol/events.js";
import type { Batch, LossCounts } from "../../protocol/helper.js";
import { type CostReading, ownShare } from "./own-cost.js";

/** Rates are over about this long: steady enough to read, quick enough to follow. */
const WINDOW_NS = 3e9;

interface Reading extends CostReading {
  /** Samples since the recording's start. */
  readonly samples: number;
}

export class LiveFigures {
  readonly #processors: number;
  readonly #readings: Reading[] = [];
  readonly #event: EventName;
  #samples = 0;
  #loss: LossCounts | undefined;

  /**
   * @param processors number of processors of the machine
   * @param event whose samples count: those of another event would make the rate say nothing of either
   */
  constructor(processors: number, event: EventName) {
    this.#processors = Math.max(processors, 1);
    this.#event = event;
  }

  add(batch: Batch): void {
    for (const event of batch.samples.event) {
      this.#samples += event === this.#event ? 1 : 0;
    }
    this.#loss = batch.loss;
    this.#readings.push({ timeNs: batch.timeNs, cost: batch.cost, samples: this.#samples });
    while (this.#readings.length > 2 && (this.#readings[1]?.timeNs ?? 0) < batch.timeNs - WINDOW_NS) {
      this.#readings.shift();
    }
  }

  get samples(): number {
    return this.#samples;
  }

  /** Since the recording's start. */
  get lost(): number {
    return this.#loss?.lost ?? 0;
  }

  /** Samples whose stack lacks frames, since the recording's start. */
  get incomplete(): number {
    const { leafOnly = 0, truncated = 0, broken = 0 } = this.#loss ?? {};
    return leafOnly + truncated + broken;
  }

  /** How many waits are over, and of how many the stack was taken, since the recording's start; undefined where all have theirs. */
  get thinnedWaits(): { readonly waits: number; readonly stacks: number } | undefined {
    const { waits = 0, waitStacks = 0 } = this.#loss ?? {};
    return waits > waitStacks ? { waits, stacks: waitStacks } : undefined;
  }

  /** Samples a second over the last seconds. */
  get rate(): number {
    const [first, last] = this.#ends();
    return first === undefined || last === undefined || last.timeNs <= first.timeNs
      ? 0
      : ((last.samples - first.samples) / (last.timeNs - first.timeNs)) * 1e9;
  }

  /** Share of the machine that recording takes over the last seconds, 0 to 1; undefined before two batches. */
  get ownShare(): number | undefined {
    const [first, last] = this.#ends();
    return first === undefined || last === undefined || first === last ? undefined : ownShare(first, last, this.#processors);
  }

  /** False where the kernel does not tell how long BPF programs ran: then they are not in `ownShare`. */
  get kernelTells(): boolean {
    return (this.#readings.at(-1)?.cost.bpfNs ?? 0) >= 0;
  }

  #ends(): [Reading | undefined, Reading | undefined] {
    return [this.#readings[0], this.#readings.at(-1)];
  }
}
