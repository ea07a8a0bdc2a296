/** From the ids of a file to indices of ours. Ids are mostly 1, 2, 3 …, but some writers use 64-bit hashes. */
export class IdMap {
  /** Index + 1 by id, for ids under `DENSE`. */
  #dense = new Int32Array(1024);
  readonly #sparse = new Map<number | bigint, number>();

  set(id: number | bigint, index: number): void {
    if (typeof id !== "number" || id >= DENSE) {
      this.#sparse.set(id, index);
      return;
    }
    if (id >= this.#dense.length) {
      const wider = new Int32Array(2 ** Math.ceil(Math.log2(id + 1)));
      wider.set(this.#dense);
      this.#dense = wider;
    }
    this.#dense[id] = index + 1;
  }

  /** -1 where the id is not there. */
  get(id: number | bigint): number {
    if (typeof id === "number" && id < DENSE) return (this.#dense[id] ?? 0) - 1;
    return this.#sparse.get(id) ?? -1;
  }
}

/** 16 MB of column at most. */
const DENSE = 2 ** 22;
