/** Reads the input of a language model's tool; what is wrong with it is thrown as one sentence that the model can act on. */
export class ToolInput {
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  text(name: string): string {
    const value = this.maybeText(name);
    if (value === undefined) throw new Error(`${name} is missing.`);
    return value;
  }

  maybeText(name: string): string | undefined {
    const value = this.#given[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string" || value === "" || value.length > 100_000) throw new Error(`${name} is to be a text that isn't empty.`);
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.maybeText(name);
    const found = choices.find((each) => each === value);
    if (value !== undefined && found === undefined) throw new Error(`${name} is one of ${choices.join(", ")}.`);
    return found ?? otherwise;
  }

  /** A whole number in a range, both ends included. */
  number(name: string, range: { readonly from: number; readonly to: number }, otherwise?: number): number {
    const value = this.#given[name] ?? otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= range.from && value <= range.to) return value;
    throw new Error(`${name} is to be a whole number from ${range.from} to ${range.to}.`);
  }

  has(name: string): boolean {
    return this.#given[name] !== undefined && this.#given[name] !== null;
  }

  list(name: string): readonly unknown[] {
    const value = this.#given[name];
    if (!Array.isArray(value) || value.length === 0 || value.length > 100) throw new Error(`${name} is to be a list of 1 to 100.`);
    return value;
  }

  /** Texts that a file has once, and what they become. */
  changes(name: string): { readonly old: string; readonly new: string }[] {
    return this.list(name).map((each) => {
      const { old, new: text } = (each ?? {}) as { readonly old?: unknown; readonly new?: unknown };
      if (typeof old !== "string" || old === "" || typeof text !== "string")
        throw new Error(`${name} are objects with the texts old and new.`);
      return { old, new: text };
    });
  }
}

/** A part as a tool answers it: 0 to 1, with as many digits as a reader has a use for. */
export function toolShare(part: number, whole: number): number {
  return whole > 0 ? Number((part / whole).toFixed(4)) : 0;
}
