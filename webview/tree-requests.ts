import type { Selection, TreeDirection } from "../protocol/queries.js";

export interface TreeQuery {
  readonly direction: TreeDirection;
  readonly selection: Selection;
  readonly minimumShare: number;
}

/** Time as the pacing sees it; handed in so that tests need not wait. */
export interface Clock {
  /** ms */
  now(): number;
  after(ms: number, run: () => void): void;
}

/** A live recording asks again at most this often, and never for more than a third of the time. */
const REFRESH_MS = 1000;

/**
 * Decides when a tree is asked for. What the user chose is asked for at once and makes older answers worthless; a
 * recording that merely grew waits for the answer under way and for its turn.
 */
export class TreeRequests<Q = TreeQuery> {
  readonly #send: (request: number, query: Q) => void;
  readonly #clock: Clock;
  #latest: number;
  #sentMs = -Infinity;
  #waiting = false;
  /** What is waited for was asked because the recording grew. */
  #refreshing = false;
  #pauseMs = REFRESH_MS;
  #timer = false;
  #stale: Q | undefined;

  /** Requests are numbered from `after` on, so that several askers' numbers differ. */
  constructor(send: (request: number, query: Q) => void, clock: Clock, after = 0) {
    this.#latest = after;
    this.#send = send;
    this.#clock = clock;
  }

  ask(query: Q): void {
    this.#stale = undefined;
    this.#waiting = true;
    this.#refreshing = false;
    this.#sentMs = this.#clock.now();
    this.#send(++this.#latest, query);
  }

  refresh(query: Q): void {
    this.#stale = query;
    this.#askWhenDue();
  }

  /** Forgets what only the recording's growth asked for; an answer to it that is under way is thrown away. */
  hold(): void {
    this.#stale = undefined;
    if (this.#refreshing) this.#waiting = false;
  }

  /** True when the answer is to the newest question; false when it is to be thrown away. */
  answered(request: number): boolean {
    if (request !== this.#latest || !this.#waiting) return false;
    this.#waiting = false;
    this.#pauseMs = Math.max(REFRESH_MS, 3 * (this.#clock.now() - this.#sentMs));
    this.#askWhenDue();
    return true;
  }

  #askWhenDue(): void {
    if (!this.#stale || this.#waiting || this.#timer) return;
    const due = this.#sentMs + this.#pauseMs - this.#clock.now();
    if (due <= 0) {
      this.ask(this.#stale);
      this.#refreshing = true;
      return;
    }
    this.#timer = true;
    this.#clock.after(due, () => {
      this.#timer = false;
      this.#askWhenDue();
    });
  }
}
