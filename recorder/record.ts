/** One recording from start to end: asks the helper, keeps what comes, hands it on, and stops by request, by timer or by the target's end. */
import type { EventName } from "../protocol/events.js";
import type { HelperMessage, LossCounts, Started, Target } from "../protocol/helper.js";
import { DebugFiles, type DebugFileCounts, type DebugFileOptions } from "./debug-files.js";
import { describe, FlamelineError, type Failure } from "./failures.js";
import type { HelperConnection } from "./helper-connection.js";
import type { LiveRecording, RecordingEnd } from "./live-recording.js";
import type { RecordingWriter } from "./recording-writer.js";
import type { RecordingStore } from "./storage.js";

export interface RecordOptions {
  readonly connection: HelperConnection;
  readonly target: Target;
  readonly events: readonly EventName[];
  /** CPU samples a second on each processor: 1 to 999. */
  readonly hz: number;
  /** With an event of allocations: see `StartRequest`. */
  readonly allocationSeconds?: number;
  /** Keeps the recording on disk; without it the listener alone has it. */
  readonly keep?: { readonly store: RecordingStore; readonly name: string; readonly folders: readonly string[] };
  /** Stops by itself after this time. */
  readonly seconds?: number;
  /** Gives up while the recording is being prepared; afterwards `stop()` ends it. */
  readonly signal?: AbortSignal;
  /** Where debug information that this machine lacks may be fetched; nobody is asked without it. */
  readonly debugFiles?: DebugFileOptions;
  /** Every message of the recording in order, after it is on disk; `text` as received. */
  readonly onMessage: (text: string, message: HelperMessage) => Promise<void> | void;
}

/** The end of a recording; whatever the failure, all that was taken before is on disk and was handed on. */
export interface RecordingResult {
  readonly reason: "requested" | "target-exited" | "helper-exiting" | "failed" | "helper-lost";
  readonly failure: Failure | undefined;
  readonly durationNs: number;
  readonly batches: number;
  readonly missingBatches: number;
  readonly samples: number;
  /** As the last batch said; undefined when there was none. */
  readonly loss: LossCounts | undefined;
  /** What was fetched for it; undefined where nothing was to be. */
  readonly debugFiles: DebugFileCounts | undefined;
}

export interface ActiveRecording {
  /** The stored recording's id and folder; undefined when it is not kept. */
  readonly stored: { readonly id: string; readonly folder: string } | undefined;
  readonly started: Started;
  /** Samples so far. */
  readonly samples: number;
  /** Settles when everything is written; never rejects. */
  readonly ended: Promise<RecordingResult>;
  stop(): Promise<RecordingResult>;
  /** Follows allocations for some seconds (see `AllocationsRequest`); the answers come as messages. */
  followAllocations(seconds: number): void;
}

/** Starts a recording; resolves when samples are being taken. Throws `FlamelineError`. */
export async function record(options: RecordOptions): Promise<ActiveRecording> {
  const taking = new Taking(options);
  const live = await options.connection.start(
    {
      target: options.target,
      events: options.events,
      hz: options.hz,
      ...(options.allocationSeconds === undefined ? {} : { allocationSeconds: options.allocationSeconds }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
    { onMessage: (text, message) => taking.receive(text, message) },
  );
  return taking.run(live);
}

class Taking {
  readonly #options: RecordOptions;
  #writer: RecordingWriter | undefined;
  #batches = 0;
  #samples = 0;
  #lastNs = 0;
  #loss: LossCounts | undefined;
  #failure: Failure | undefined;
  #onFailure: () => void = () => undefined;
  readonly #debugFiles: DebugFiles | undefined;

  constructor(options: RecordOptions) {
    this.#options = options;
    this.#debugFiles = options.debugFiles && new DebugFiles(options.debugFiles);
  }

  async receive(text: string, message: HelperMessage): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      if (message.type === "started") this.#writer = await this.#createWriter(message);
      // Progress comes before there is a folder, and nothing of it is worth keeping.
      if (message.type !== "progress") await this.#writer?.append(text);
    } catch (error) {
      if (!(error instanceof FlamelineError)) throw error;
      // A full disk ends the recording in order; what is written stays.
      this.#failure = error.failure;
      this.#onFailure();
      return;
    }
    if (message.type === "batch") {
      this.#batches++;
      this.#samples += Array.isArray(message.samples.stack) ? message.samples.stack.length : 0;
      this.#lastNs = message.timeNs;
      this.#loss = message.loss;
      if (Array.isArray(message.debugFiles))
        this.#debugFiles?.want(message.debugFiles, (file) => this.#options.connection.tellDebugFile(file));
    }
    await this.#options.onMessage(text, message);
  }

  run(live: LiveRecording): ActiveRecording {
    const { seconds } = this.#options;
    const stop = (): Promise<RecordingEnd> => {
      this.#debugFiles?.ending();
      return live.stop();
    };
    const timer = seconds === undefined ? undefined : setTimeout(() => void stop(), seconds * 1_000);
    this.#onFailure = () => void stop();
    if (this.#failure !== undefined) this.#onFailure();
    const ended = live.ended.then((end) => {
      clearTimeout(timer);
      return this.#finish(live, end);
    });
    const writer = this.#writer;
    const samples = (): number => this.#samples;
    return {
      stored: writer === undefined ? undefined : { id: writer.meta.id, folder: writer.folder },
      started: live.started,
      get samples() {
        return samples();
      },
      ended,
      followAllocations: (seconds) => live.followAllocations(seconds),
      stop: async () => {
        await stop();
        return ended;
      },
    };
  }

  async #createWriter(started: Started): Promise<RecordingWriter | undefined> {
    const { keep } = this.#options;
    if (keep === undefined) return undefined;
    return keep.store.create({
      name: keep.name,
      folders: keep.folders,
      events: started.events,
      hz: started.hz,
      startedUnixMs: Math.round(Number(BigInt(started.startUnixNs) / 1_000_000n)),
    });
  }

  async #finish(live: LiveRecording, end: RecordingEnd): Promise<RecordingResult> {
    this.#debugFiles?.close();
    const durationNs = end.kind === "stopped" ? end.stopped.durationNs : this.#lastNs;
    const failure = this.#failure ?? end.failure;
    const result = { durationNs, batches: this.#batches, samples: this.#samples };
    const notes = [
      ...(failure === undefined ? [] : [describe(failure).sentence]),
      ...(live.missingBatches === 0 ? [] : [`${live.missingBatches} batches are missing.`]),
    ];
    let written = failure;
    try {
      await this.#writer?.end({ ...result, state: end.kind === "stopped" ? "ended" : "interrupted", notes });
    } catch (error) {
      if (error instanceof FlamelineError) written ??= error.failure;
    }
    return {
      ...result,
      reason: end.kind === "stopped" ? end.stopped.reason : "helper-lost",
      failure: written,
      missingBatches: live.missingBatches,
      loss: this.#loss,
      debugFiles: this.#debugFiles?.counts,
    };
  }
}
