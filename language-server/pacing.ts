import type { Steps } from "../profile/steps.js";

/**
 * Runs `action` soon after `request()`, at most once in `intervalMs`, and less often when it is slow: a quarter of the
 * time is the most that it takes, so that live updates never starve the requests of a person.
 */
export class Paced {
  readonly #action: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #notBefore = 0;
  #disposed = false;

  constructor(intervalMs: number, action: () => Promise<void>, onError: (error: unknown) => void) {
    this.#intervalMs = intervalMs;
    this.#action = action;
    this.#onError = onError;
  }

  request(): void {
    if (this.#disposed) {
      return;
    }
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#timer ??= setTimeout(() => void this.#run(), Math.max(0, this.#notBefore - performance.now()));
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
    const end = performance.now();
    this.#notBefore = Math.max(start + this.#intervalMs, end + 3 * (end - start));
    this.#running = false;
    if (this.#again) {
      this.#again = false;
      this.request();
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
