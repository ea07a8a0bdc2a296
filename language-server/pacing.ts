import type { Steps } from "../profile/steps.js";

/** How long after the last update the next one may come, ms: for what a person did, and for more samples of the same. */
export interface Pace {
  readonly soon: number;
  readonly later: () => number;
}

/**
 * Runs `action` soon after `request()`, at most as often as its pace says, and less often when it is slow: a quarter of the
 * time is the most that it takes, so that live updates never starve the requests of a person.
 */
export class Paced {
  readonly #action: () => Promise<void>;
  readonly #pace: Pace;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again: "no" | "soon" | "later" = "no";
  /** When the last update began and ended. */
  #last: { readonly start: number; readonly end: number } | undefined;
  #disposed = false;

  constructor(pace: Pace, action: () => Promise<void>, onError: (error: unknown) => void) {
    this.#pace = pace;
    this.#action = action;
    this.#onError = onError;
  }

  request(when: "soon" | "later" = "soon"): void {
    if (this.#disposed) {
      return;
    }
    if (this.#running) {
      this.#again = this.#again === "soon" ? "soon" : when;
      return;
    }
    if (when === "soon") {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#timer ??= setTimeout(() => void this.#run(), Math.max(0, this.#due(when) - performance.now()));
  }

  #due(when: "soon" | "later"): number {
    if (this.#last === undefined) {
      return 0;
    }
    const { start, end } = this.#last;
    const pause = when === "soon" ? this.#pace.soon : Math.max(this.#pace.soon, this.#pace.later());
    return Math.max(start + pause, end + 3 * (end - start));
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#running = true;
    const start = performance.now();
    try {
      await this.#action();
    } catch (error) {
      this.#onError(error);
    }
    this.#last = { start, end: performance.now() };
    this.#running = false;
    const again = this.#again;
    this.#again = "no";
    if (again !== "no") {
      this.request(again);
    }
  }
}

/** Does work step by step, and gives other requests their turns. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  const turns = new Turns();
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      return step.value;
    }
    if (turns.due) {
      await turns.take();
    }
  }
}

/** Gives other requests a turn when the work since the last turn took longer than 8 ms. */
export class Turns {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since > 8;
  }

  async take(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
