/** Work over many nodes in pieces, so that the page answers in between: a frame at 1,000,000 nodes would take half a second otherwise. */
import type { Steps } from "../profile/steps.js";
import type { Clock } from "./tree-requests.js";

/** As long as the page may be busy at a time, ms: what a piece takes comes on top, and frames are to stay below 50. */
const BUSY_MS = 12;

/** Runs one work at a time: a new one ends the one before. What fits into one piece is done before `run` returns. */
export class Pieces {
  readonly #clock: Clock;
  #newest = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run<T>(steps: Steps<T>, done: (result: T) => void, failed: (error: unknown) => void): void {
    const own = ++this.#newest;
    const goOn = (): void => {
      if (own !== this.#newest) return;
      const until = this.#clock.now() + BUSY_MS;
      let result: T;
      try {
        for (;;) {
          const step = steps.next();
          if (step.done === true) {
            result = step.value;
            break;
          }
          if (this.#clock.now() >= until) {
            this.#clock.after(0, goOn);
            return;
          }
        }
      } catch (error) {
        failed(error);
        return;
      }
      done(result);
    };
    goOn();
  }

  /** What is under way is not wanted any more. */
  stop(): void {
    this.#newest++;
  }
}
