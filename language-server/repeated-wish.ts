/**
 * Asks the client to ask again, as for lenses and hints. VS Code grants such a wish only when wishes pause for a while
 * (as long as its last answers took, 250 ms at least) and starts that while anew at each; and once more (375 ms at
 * first) from an answer until it draws new lens texts. One that is repeated four times a second is never seen. So a wish
 * is repeated only some time after it was granted, or after nobody cared.
 */
export class RepeatedWish {
  readonly #send: () => void;
  readonly #pauseMs: number;
  readonly #patienceMs: number;
  #waiting: NodeJS.Timeout | undefined;
  #again = false;

  /**
   * @param pauseMs between an answer and the next wish
   * @param patienceMs after which a wish counts as granted: no editor that shows such things is open, or none has the focus
   */
  constructor(send: () => void, { pauseMs, patienceMs } = { pauseMs: 700, patienceMs: 3000 }) {
    this.#send = send;
    this.#pauseMs = pauseMs;
    this.#patienceMs = patienceMs;
  }

  request(): void {
    if (this.#waiting !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#wait(this.#patienceMs);
    this.#send();
  }

  /** The client asked and was answered. Before the answer it would cancel its question for the next wish. */
  granted(): void {
    this.#wait(this.#pauseMs);
  }

  dispose(): void {
    clearTimeout(this.#waiting);
  }

  #wait(ms: number): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      if (this.#again) {
        this.request();
      }
    }, ms);
  }
}
