/** Keeps profiling on, whatever happens to the helper: connects, records, and begins again when it is lost, later and later where that fails. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventName } from "../../protocol/events.js";
import type { Target } from "../../protocol/helper.js";
import { FlamelineError, type Failure } from "../failures.js";
import type { HelperConnection } from "../helper-connection.js";
import type { KeepFigures } from "./keep-figures.js";
import { type KeepOptions, KeepRun } from "./keep-run.js";
import type { Ring } from "./ring.js";

const RETRY_SECONDS = [1, 2, 5, 10, 30, 60] as const;
/** A run of this length was a good one: the next loss is a new one. */
const GOOD_RUN_MS = 60_000;

export type KeepState =
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly figures: KeepFigures }
  /** It will be tried again by itself after `seconds`, or at once by `retry`. */
  | { readonly kind: "waiting"; readonly failure: Failure; readonly seconds: number }
  | { readonly kind: "off"; readonly failure: Failure | undefined };

export interface KeeperOptions extends Pick<KeepOptions, "budget" | "ownCpuNs" | "holds" | "segmentMs" | "log"> {
  readonly ring: Ring;
  /** `mayAsk` is true where a person has just asked for it: then a password may be asked for. */
  readonly connect: (mayAsk: boolean, signal: AbortSignal) => Promise<HelperConnection>;
  readonly plan: (connection: HelperConnection) => Promise<{ readonly target: Target; readonly events: readonly EventName[] }>;
  readonly onState: (state: KeepState) => void;
  /** Seconds before each try after another; for tests. */
  readonly retrySeconds?: readonly number[];
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #stopped = new AbortController();
  #run: KeepRun | undefined;
  #waiting = new AbortController();
  #mayAsk: boolean;
  #hz: number | undefined;
  #over: Promise<Failure | undefined>;

  /** Begins at once. */
  constructor(options: KeeperOptions, mayAsk: boolean) {
    this.#options = options;
    this.#mayAsk = mayAsk;
    this.#over = this.#keep().then(async (failure) => {
      await options.ring.close();
      options.onState({ kind: "off", failure });
      return failure;
    });
  }

  /** Settles when it is off for good, by `stop` or because what it recorded is over; never rejects. */
  get over(): Promise<Failure | undefined> {
    return this.#over;
  }

  get figures(): KeepFigures | undefined {
    return this.#run?.figures;
  }

  /** Tries again now, by a person's wish. */
  retry(): void {
    this.#mayAsk = true;
    this.#waiting.abort();
  }

  /** Ends it; settles when everything is on the disk. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#waiting.abort();
    await this.#run?.stop();
    await this.#over;
  }

  async #keep(): Promise<Failure | undefined> {
    const retries = this.#options.retrySeconds ?? RETRY_SECONDS;
    for (let tries = 0; !this.#isStopped; tries++) {
      const began = performance.now();
      const failure = await this.#once();
      if (this.#isStopped) return undefined;
      // What it recorded is over.
      if (failure === undefined || isFinal(failure)) return failure;
      if (performance.now() - began > GOOD_RUN_MS) tries = 0;
      const seconds = retries[Math.min(tries, retries.length - 1)] ?? 60;
      this.#options.log?.(`${new FlamelineError(failure).message} Trying again in ${seconds} s.`);
      this.#options.onState({ kind: "waiting", failure, seconds });
      this.#waiting = new AbortController();
      await sleep(seconds * 1_000, undefined, { signal: this.#waiting.signal }).catch(() => undefined);
    }
    return undefined;
  }

  /** One run, from connecting to its end; with what ended it, nothing where it ended in order. */
  async #once(): Promise<Failure | undefined> {
    const { connect, plan, onState } = this.#options;
    onState({ kind: "starting" });
    let connection: HelperConnection | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const mayAsk = this.#mayAsk;
      this.#mayAsk = false;
      connection = await connect(mayAsk, this.#stopped.signal);
      const planned = await plan(connection);
      const run = await KeepRun.start({
        ...this.#options,
        ...planned,
        connection,
        signal: this.#stopped.signal,
        ...(this.#hz === undefined ? {} : { startHz: this.#hz }),
      });
      this.#run = run;
      if (this.#isStopped) void run.stop();
      const tell = (): void => onState({ kind: "running", figures: run.figures });
      tell();
      timer = setInterval(tell, 2_000);
      const failure = await run.ended;
      this.#hz = Math.max(run.figures.hz, 1);
      return failure;
    } catch (error) {
      if (error instanceof FlamelineError) return error.failure;
      return { kind: "helper-failed", detail: error instanceof Error ? error.message : String(error) };
    } finally {
      clearInterval(timer);
      this.#run = undefined;
      connection?.close();
    }
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }
}

/** What no later try could mend. */
function isFinal({ kind }: Failure): boolean {
  return kind === "no-such-process" || kind === "not-permitted" || kind === "unsupported-platform" || kind === "events-unavailable";
}
