/** One recording on a connection: from the start request to the helper's last word, or to the failure that took it away. */
import type { HelperMessage, Started, Stopped } from "../protocol/helper.js";
import { FlamelineError, type Failure, type TargetName } from "./failures.js";
import { failureOfCode } from "./helper-messages.js";
import type { HelperSocket } from "./helper-socket.js";

/** The helper flushes its last batch at stop; one that says nothing for so long is treated as gone. It may go on to say that it waits for names. */
const STOP_TIMEOUT_MS = 10_000;
/** A helper sends several batches a second, also where nothing runs. One that is stopped or hangs says nothing for longer. */
const SILENT_AFTER_MS = 10_000;
/** Silence is counted in so many looks and not by the clock, so that our own process's hanging or sleeping isn't blamed on the helper. */
const LOOKS = 10;

export interface RecordingListener {
  /** Every message of this recording in order, with its text as received; the next one waits for the promise. */
  readonly onMessage: (text: string, message: HelperMessage) => Promise<void> | void;
}

/** How a recording ended: the helper's last word, or the failure that took the helper away. */
export type RecordingEnd =
  | { readonly kind: "stopped"; readonly stopped: Stopped; readonly failure: Failure | undefined }
  | { readonly kind: "lost"; readonly failure: Failure };

/** A recording that runs. Closing the connection ends it. */
export interface LiveRecording {
  /** Its number on the connection. */
  readonly number: number;
  readonly target: TargetName;
  readonly started: Started;
  /** Batches that the sequence numbers show to be missing so far. */
  readonly missingBatches: number;
  /** Settles once, never rejects. */
  readonly ended: Promise<RecordingEnd>;
  /** Asks the helper to stop and waits for its last batch. */
  stop(): Promise<RecordingEnd>;
  /** Asks for another rate (see `RateRequest`); the answer comes as a message. */
  setRate(hz: number): void;
  /** Follows allocations for some seconds (see `AllocationsRequest`); the answers come as messages. */
  followAllocations(seconds: number): void;
}

export class RunningRecording {
  missingBatches = 0;
  readonly whenStarted: Promise<Started>;
  readonly ended: Promise<RecordingEnd>;
  readonly #id: number;
  readonly #target: TargetName;
  readonly #listener: RecordingListener;
  readonly #socket: Pick<HelperSocket, "send">;
  #batches = 0;
  #stopping = false;
  #nextSequence = 0;
  #quietLooks = 0;
  #receiving = false;
  #stopTimer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  readonly #silentAfterMs: number;
  #failure: Failure | undefined;
  #resolveStarted: (started: Started) => void = () => undefined;
  #rejectStarted: (error: Error) => void = () => undefined;
  #resolveEnded: (end: RecordingEnd) => void = () => undefined;

  constructor(
    id: number,
    target: TargetName,
    listener: RecordingListener,
    socket: Pick<HelperSocket, "send">,
    silentAfterMs = SILENT_AFTER_MS,
  ) {
    this.#silentAfterMs = silentAfterMs;
    this.#id = id;
    this.#target = target;
    this.#listener = listener;
    this.#socket = socket;
    this.whenStarted = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** What callers see of it, once it has started. */
  live(started: Started): LiveRecording {
    const missing = (): number => this.missingBatches;
    return {
      number: this.#id,
      target: this.#target,
      started,
      ended: this.ended,
      stop: () => this.stop(),
      setRate: (hz) => this.#socket.send({ type: "rate", recording: this.#id, hz }),
      followAllocations: (seconds) => this.#socket.send({ type: "allocations", recording: this.#id, seconds }),
      get missingBatches() {
        return missing();
      },
    };
  }

  async receive(text: string, message: HelperMessage): Promise<void> {
    if (message.type === "error") {
      // Our stop and the target's own end may cross on the wire; the helper then refuses the stop, which is no failure.
      if (this.#stopping && message.code === "bad-request") return;
      // Before `started` the helper refuses the recording; after it, `stopped` with reason "failed" follows.
      this.#failure = failureOfCode(message.code, message.detail, this.#target);
      this.#rejectStarted(new FlamelineError(this.#failure));
      return;
    }
    if (message.type === "batch") {
      this.#batches++;
      if (message.sequence > this.#nextSequence) this.missingBatches += message.sequence - this.#nextSequence;
      this.#nextSequence = message.sequence + 1;
    }
    this.#quietLooks = 0;
    this.#stopTimer?.refresh();
    this.#receiving = true;
    try {
      await this.#listener.onMessage(text, message);
    } finally {
      this.#receiving = false;
    }
    if (message.type === "started") {
      this.#resolveStarted(message);
      this.#looking = setInterval(() => this.#look(), this.#silentAfterMs / LOOKS);
    }
    if (message.type === "stopped") this.end({ kind: "stopped", stopped: message, failure: this.#failure });
  }

  /** The connection is gone. */
  lose(failure: Failure): void {
    this.end({ kind: "lost", failure: failure.kind === "helper-closed" ? { ...failure, keptBatches: this.#batches } : failure });
  }

  /** While a message is being kept, the next ones wait for it: that silence is ours. */
  #look(): void {
    this.#quietLooks = this.#receiving ? 0 : this.#quietLooks + 1;
    if (this.#quietLooks >= LOOKS) this.end({ kind: "lost", failure: this.#silent(this.#silentAfterMs) });
  }

  #silent(afterMs: number): Failure {
    return { kind: "helper-silent", seconds: afterMs / 1_000, keptBatches: this.#batches };
  }

  end(end: RecordingEnd): void {
    clearInterval(this.#looking);
    const failure: Failure = end.failure ?? { kind: "helper-refused", detail: "it stopped before it started" };
    this.#rejectStarted(new FlamelineError(failure));
    this.#resolveEnded(end);
  }

  stop(): Promise<RecordingEnd> {
    this.#stopping = true;
    this.#socket.send({ type: "stop", recording: this.#id });
    this.#stopTimer ??= setTimeout(() => this.end({ kind: "lost", failure: this.#silent(STOP_TIMEOUT_MS) }), STOP_TIMEOUT_MS);
    return this.ended.finally(() => clearTimeout(this.#stopTimer));
  }
}
