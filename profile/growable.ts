/** Typed arrays that grow by doubling: a column costs its bytes and nothing more, whatever the number of rows. */
type Numbers = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** One append-only column. Reads past `length` give `undefined`, as arrays do. */
class Column<T extends Numbers> {
  #buffer: T;
  #length = 0;
  readonly #allocate: (length: number) => T;

  constructor(allocate: (length: number) => T) {
    this.#allocate = allocate;
    this.#buffer = allocate(16);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): number {
    const index = this.#length;
    if (index === this.#buffer.length) {
      const wider = this.#allocate(index * 2);
      wider.set(this.#buffer);
      this.#buffer = wider;
    }
    this.#buffer[index] = value;
    this.#length = index + 1;
    return index;
  }

  /** The value at `index`, or 0 where there is none. */
  at(index: number): number {
    return index < this.#length ? (this.#buffer[index] ?? 0) : 0;
  }

  set(index: number, value: number): void {
    if (index >= 0 && index < this.#length) this.#buffer[index] = value;
  }

  /** The rows so far, shared with the column and valid until the next `push`: take it anew before each pass. */
  view(): T {
    return this.#buffer.subarray(0, this.#length) as T;
  }
}

export type Int32Column = Column<Int32Array<ArrayBuffer>>;
export type Float64Column = Column<Float64Array<ArrayBuffer>>;
export type Uint8Column = Column<Uint8Array<ArrayBuffer>>;

export const int32Column = (): Int32Column => new Column((length) => new Int32Array(length));
export const float64Column = (): Float64Column => new Column((length) => new Float64Array(length));
export const uint8Column = (): Uint8Column => new Column((length) => new Uint8Array(length));
