import type { Disposable } from "vscode";

/** Holds what must be disposed together; what is added after the end is disposed at once. */
export class DisposableStore implements Disposable {
  readonly #held = new Set<Disposable>();
  #ended = false;

  add<T extends Disposable>(held: T): T {
    if (this.#ended) {
      held.dispose();
    } else {
      this.#held.add(held);
    }
    return held;
  }

  dispose(): void {
    this.#ended = true;
    const held = [...this.#held].reverse();
    this.#held.clear();
    for (const each of held) {
      each.dispose();
    }
  }
}
