/**
 * Keeps recording on one connection: a recording of about a minute goes over into the next one without a gap, each into a segment of the ring
 * with tables of its own, so that nothing grows with the hours, neither here nor in the helper; and the rate follows the budget.
 */
import type { EventName } from "../../protocol/events.js";
import type { Batch, CostAccount, HelperMessage, Target } from "../../protocol/helper.js";
import { FlamelineError, type Failure } from "../failures.js";
import type { HelperConnection } from "../helper-connection.js";
import type { LiveRecording, RecordingEnd } from "../live-recording.js";
import { type KeepFigures, rateText } from "./keep-figures.js";
import { type Budget, type CostReading, RateController } from "./rate-controller.js";
import type { Ring, RingSegment } from "./ring.js";

const SEGMENT_MS = 60_000;
/** How often the rate is judged: the helper measures its cost once a second. */
const JUDGE_EVERY_MS = 2_000;
/** Where the budget of seconds is gone at once, it is judged as soon as that is known. */
const HASTY_MS = 200;
const TURN_EVERY_MS = 5_000;
/** What reading a message off the socket and parsing it takes, which happens before it comes here. */
const DECODED_NS_A_CHARACTER = 15;

export interface KeepOptions {
  readonly connection: HelperConnection;
  readonly target: Target;
  readonly events: readonly EventName[];
  readonly budget: Omit<Budget, "processors">;
  readonly ring: Ring;
  /** The rate to begin with: the last one of the run before. */
  readonly startHz?: number;
  readonly segmentMs?: number;
  /** Processor time of this process that goes into keeping, ns so far; where nothing better is known, what handling messages took. */
  readonly ownCpuNs?: () => number;
  /** True while what is measured holds another recording of ours: the rate then stays. */
  readonly holds?: () => boolean;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

interface Segment {
  live: LiveRecording | undefined;
  file: RingSegment | undefined;
  startedAt: number;
  cost: CostAccount | undefined;
  lost: number;
  unread: number;
}

export class KeepRun {
  /** Settles when everything is written; with the failure that ended it, if any. Never rejects. */
  readonly ended: Promise<Failure | undefined>;
  readonly #options: KeepOptions;
  readonly #controller: RateController;
  #current: Segment = newSegment();
  /** Those whose cost is still told. */
  readonly #alive = new Set<Segment>();
  #lastOver: Promise<void> = Promise.resolve();
  #turning = false;
  #stopping = false;
  #failure: Failure | undefined;
  #spentBeforeNs = 0;
  #lostBefore = 0;
  #memoryBytes = 0;
  #handledNs = 0;
  #samples = 0;
  #segments = 0;
  #judgedAt = 0;
  #turnedAt = 0;
  #pausedMs = 0;
  #pausedAt: number | undefined;
  #resolveEnded: (failure: Failure | undefined) => void = () => undefined;

  private constructor(options: KeepOptions) {
    this.#options = options;
    this.#controller = new RateController({ ...options.budget, processors: options.connection.hello.processors }, options.startHz);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Resolves when samples are being taken. Throws `FlamelineError`. */
  static async start(options: KeepOptions): Promise<KeepRun> {
    const run = new KeepRun(options);
    const { target, events, signal } = options;
    const segment = run.#current;
    const live = await options.connection.start(
      { target, events, hz: run.#controller.hz, cpuShare: options.budget.cpuShare, ...(signal === undefined ? {} : { signal }) },
      { onMessage: (text, message) => run.#receive(segment, text, message) },
    );
    run.#begun(segment, live);
    return run;
  }

  get figures(): KeepFigures {
    const { hz, reason, share } = this.#controller;
    return {
      hz,
      reason,
      share,
      pausedMs: this.#pausedMs + (this.#pausedAt === undefined ? 0 : performance.now() - this.#pausedAt),
      samples: this.#samples,
      lost: [...this.#alive].reduce((sum, { lost }) => sum + lost, this.#lostBefore),
      unread: this.#current.unread,
      memoryBytes: this.#memoryBytes,
      segments: this.#segments,
    };
  }

  async stop(): Promise<Failure | undefined> {
    this.#stopping = true;
    await this.#current.live?.stop();
    return this.ended;
  }

  #begun(segment: Segment, live: LiveRecording): void {
    segment.live = live;
    const earlier = this.#lastOver;
    this.#lastOver = live.ended.then((end) => this.#over(segment, end, earlier));
    // A failure that came with the first message is about a recording that nobody could stop yet.
    if (this.#failure !== undefined || this.#stopping) void live.stop();
  }

  async #receive(segment: Segment, text: string, message: HelperMessage): Promise<void> {
    if (this.#failure !== undefined || message.type === "progress") return;
    const began = performance.now();
    try {
      if (message.type === "started") {
        segment.startedAt = began;
        this.#alive.add(segment);
        segment.file = await this.#options.ring.segment(Number(BigInt(message.startUnixNs) / 1_000_000n));
        this.#segments++;
      }
      await segment.file?.append(text);
    } catch (error) {
      if (!(error instanceof FlamelineError)) throw error;
      this.#fail(error.failure);
      return;
    }
    if (message.type === "batch") this.#batch(segment, message);
    this.#handledNs += (performance.now() - began) * 1e6 + text.length * DECODED_NS_A_CHARACTER;
  }

  #batch(segment: Segment, batch: Batch): void {
    this.#samples += Array.isArray(batch.samples.stack) ? batch.samples.stack.length : 0;
    segment.cost = batch.cost;
    segment.lost = batch.loss.lost;
    segment.unread = batch.loss.unread ?? 0;
    this.#memoryBytes = batch.cost.residentBytes + batch.cost.mapBytes;
    if (segment !== this.#current || segment.live === undefined) return;
    const now = performance.now();
    const sinceMs = now - this.#judgedAt;
    if (sinceMs >= HASTY_MS) {
      const reading = this.#reading(now);
      if (sinceMs >= JUDGE_EVERY_MS || this.#controller.isOverdrawn(reading)) this.#judge(segment.live, now, reading);
    }
    const long = now - segment.startedAt >= (this.#options.segmentMs ?? SEGMENT_MS);
    // One that is full at once would be renewed with every batch; the helper refuses while the end before waits for names.
    if ((long || segment.file?.full === true) && now - this.#turnedAt >= TURN_EVERY_MS) void this.#turn(segment.live, now);
  }

  #reading(now: number): CostReading {
    const own = this.#options.ownCpuNs?.() ?? this.#handledNs;
    return {
      timeNs: now * 1e6,
      spentNs: [...this.#alive].reduce((sum, { cost }) => sum + spentNs(cost), this.#spentBeforeNs + own),
      memoryBytes: this.#memoryBytes,
    };
  }

  #judge(live: LiveRecording, now: number, reading: CostReading): void {
    this.#judgedAt = now;
    const controller = this.#controller;
    const before = controller.hz;
    if (this.#options.holds?.() === true) controller.skip(reading);
    else controller.next(reading);
    if (controller.hz === before) return;
    live.setRate(controller.hz);
    if (controller.hz === 0) this.#pausedAt = now;
    else if (this.#pausedAt !== undefined) {
      this.#pausedMs += now - this.#pausedAt;
      this.#pausedAt = undefined;
    }
    this.#options.log?.(`${rateText(controller.hz, controller.reason)} (cost ${((controller.share ?? 0) * 100).toFixed(2)} %)`);
  }

  async #turn(live: LiveRecording, now: number): Promise<void> {
    if (this.#turning || this.#stopping) return;
    this.#turning = true;
    this.#turnedAt = now;
    const next = newSegment();
    const before = this.#current;
    try {
      const renewed = await this.#options.connection.renew(live, {
        onMessage: (text, message) => {
          // The first message of the next one is the moment of the turn.
          if (message.type === "started") this.#current = next;
          return this.#receive(next, text, message);
        },
      });
      this.#begun(next, renewed);
    } catch (error) {
      this.#current = before;
      this.#options.log?.(`the segment goes on: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#turning = false;
    }
  }

  /** A full disk ends it in order; what is written stays. */
  #fail(failure: Failure): void {
    this.#failure ??= failure;
    void this.#current.live?.stop();
  }

  async #over(segment: Segment, end: RecordingEnd, earlier: Promise<void>): Promise<void> {
    this.#spentBeforeNs += spentNs(segment.cost);
    this.#lostBefore += segment.lost;
    this.#alive.delete(segment);
    await segment.file?.end();
    if (segment !== this.#current) return;
    // Whoever waits for the end wants all of it on the disk.
    await earlier;
    this.#resolveEnded(this.#failure ?? end.failure ?? unexpected(end, this.#stopping));
  }
}

function newSegment(): Segment {
  return { live: undefined, file: undefined, startedAt: 0, cost: undefined, lost: 0, unread: 0 };
}

/** A recording of a workspace has no end of its own: the helper is going, or the target was a process. */
function unexpected(end: RecordingEnd, stopping: boolean): Failure | undefined {
  if (stopping || end.kind === "lost" || end.stopped.reason === "target-exited" || end.stopped.reason === "requested") return undefined;
  return { kind: "helper-closed", keptBatches: end.stopped.batches, detail: end.stopped.reason };
}

function spentNs(cost: CostAccount | undefined): number {
  // -1: the kernel does not say what BPF took.
  return cost === undefined ? 0 : Math.max(cost.bpfNs, 0) + cost.helperCpuNs + cost.symbolizerCpuNs;
}
