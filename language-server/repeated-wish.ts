/**
 * Asks the client to ask again, as for lenses and hints. VS Code grants such a wish only when wishes pause for a while
 * (as long as its last answers took, 250 ms at least) and starts that while anew at each: one that is repeated four
 * times a second is never granted. So it is repeated only after it was granted, or after nobody cared for some time.
 */
export class RepeatedWish {
  readonly #send: () => void;
  readonly #patienceMs: number;
  #waiting: NodeJS.Timeout | undefined;
  #again = false;

  /** @param patienceMs after which a wish counts as granted: no editor that shows such things is open */
  constructor(send: () => void, patienceMs = 5000) {
    this.#send = send;
    this.#patienceMs = patienceMs;
  }

  request(): void {
    if (this.#waiting !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#waiting = setTimeout(() => this.granted(), this.#patienceMs);
    this.#send();
  }

  /** The client asked and was answered. Before the answer it would cancel its question for the next wish. */
  granted(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (this.#again) {
      this.request();
    }
  }

  dispose(): void {
    clearTimeout(this.#waiting);
  }
}
