/** Interned text; index 0 is always "". A Map, so that a function called `__proto__` is only a name. */
export class StringTable {
  readonly values: string[] = [""];
  readonly #index = new Map<string, number>([["", 0]]);

  intern(text: string): number {
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    const index = this.values.length;
    this.values.push(text);
    this.#index.set(text, index);
    return index;
  }

  /** The text's index, or -1. */
  find(text: string): number {
    return this.#index.get(text) ?? -1;
  }

  /** The text at `index`, "" where there is none. */
  at(index: number): string {
    return this.values[index] ?? "";
  }
}
