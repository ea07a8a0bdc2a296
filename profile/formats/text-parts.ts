const PART_LENGTH = 1 << 16;

/** A long text in parts of some length: one string of it could be longer than JavaScript's strings may be. */
export class TextParts {
  readonly list: string[] = [];
  #open = "";

  add(text: string): void {
    this.#open += text;
    if (this.#open.length >= PART_LENGTH) this.#close();
  }

  /** All parts, when nothing is added any more. */
  all(): string[] {
    this.#close();
    return this.list;
  }

  #close(): void {
    this.list.push(this.#open);
    this.#open = "";
  }
}
