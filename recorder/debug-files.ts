/** Brings the debug files that a recording lacks, and tells the helper where they are. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DebugFile } from "../protocol/helper.js";
import { cached, type Debuginfod, download } from "./debuginfod.js";

const AT_ONCE = 3;
/** The helper counts messages: a program with hundreds of libraries must not look like a flood. */
const BETWEEN_MESSAGES_MS = 40;
const BUILD_ID = /^([0-9a-f]{2}){2,64}$/;

export interface DebugFileOptions {
  readonly from: Debuginfod;
  /** How long the end of a recording may wait for downloads. */
  readonly patienceMs: number;
  /** Whether downloads go on after the end of the recording, for the next one. */
  readonly goesOn: boolean;
  readonly log?: (line: string) => void;
}

/** Of the files that a recording lacked. */
export interface DebugFileCounts {
  readonly downloaded: number;
  /** No server has them. */
  readonly missing: number;
  /** Why the first of those failed of which nobody knows. */
  readonly failure: string | undefined;
  readonly failed: number;
}

export class DebugFiles {
  readonly #options: DebugFileOptions;
  readonly #known = new Set<string>();
  readonly #waiting: string[] = [];
  readonly #coming = new Set<string>();
  readonly #stop = new AbortController();
  #send: (message: DebugFile) => void = () => undefined;
  #sending: Promise<void> = Promise.resolve();
  #running = 0;
  #counts: DebugFileCounts = { downloaded: 0, missing: 0, failure: undefined, failed: 0 };
  #patience: NodeJS.Timeout | undefined;

  constructor(options: DebugFileOptions) {
    this.#options = options;
  }

  get counts(): DebugFileCounts {
    return this.#counts;
  }

  /** Build ids as they come from the helper; each is looked for once. */
  want(buildIds: readonly unknown[], send: (message: DebugFile) => void): void {
    this.#send = send;
    for (const id of buildIds) {
      if (typeof id !== "string" || !BUILD_ID.test(id) || this.#known.has(id)) continue;
      this.#known.add(id);
      void this.#begin(id);
    }
  }

  /** The recording is to end: what has not come when patience is over is not waited for. */
  ending(): void {
    this.#patience ??= setTimeout(() => {
      for (const buildId of this.#coming) this.#tell({ type: "debug-file", buildId, state: "none", path: "" });
    }, this.#options.patienceMs);
  }

  /** The recording is over: nobody listens any more. */
  close(): void {
    clearTimeout(this.#patience);
    this.#send = () => undefined;
    if (this.#options.goesOn) return;
    this.#waiting.length = 0;
    this.#stop.abort();
  }

  async #begin(buildId: string): Promise<void> {
    const found = await cached(this.#options.from, buildId);
    if (found !== undefined) return this.#found(buildId, found);
    this.#coming.add(buildId);
    this.#tell({ type: "debug-file", buildId, state: "coming", path: "" });
    this.#waiting.push(buildId);
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const id = this.#waiting.shift();
      if (id === undefined) return;
      this.#running++;
      void this.#download(id).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #download(buildId: string): Promise<void> {
    try {
      const found = await download(this.#options.from, buildId, this.#stop.signal);
      if (found === "") this.#counts = { ...this.#counts, missing: this.#counts.missing + 1 };
      else this.#counts = { ...this.#counts, downloaded: this.#counts.downloaded + 1 };
      this.#options.log?.(
        found === "" ? `no server has debug information of ${buildId}` : `debug information of ${buildId} is in ${found}`,
      );
      this.#found(buildId, found);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (!this.#stop.signal.aborted) {
        this.#options.log?.(failure);
        this.#counts = { ...this.#counts, failure: this.#counts.failure ?? failure, failed: this.#counts.failed + 1 };
      }
      this.#found(buildId, "");
    }
  }

  #found(buildId: string, found: string): void {
    const wasComing = this.#coming.delete(buildId);
    if (found !== "") this.#tell({ type: "debug-file", buildId, state: "here", path: found });
    else if (wasComing) this.#tell({ type: "debug-file", buildId, state: "none", path: "" });
  }

  #tell(message: DebugFile): void {
    this.#sending = this.#sending.then(() => {
      this.#send(message);
      return sleep(BETWEEN_MESSAGES_MS);
    });
  }
}
