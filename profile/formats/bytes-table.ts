import { int32Column } from "../growable.js";

/** Runs of bytes, each with a dense id in the order in which they first came; kept as copies in one buffer. */
export class BytesTable {
  #kept = new Uint8Array(4096);
  #keptLength = 0;
  /** Of each run: where it begins and ends in the copies, and its hash. */
  readonly #start = int32Column();
  readonly #end = int32Column();
  readonly #hash = int32Column();
  /** Slot → id + 1; open addressing, at most half full. */
  #slots = new Int32Array(1024);

  get length(): number {
    return this.#start.length;
  }

  /** The run's id, new (then it is the `length` of before) or old. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) break;
      if (this.#hash.at(id) === hash && this.#same(id, bytes, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.#start.push(this.#keptLength);
    this.#keep(bytes.subarray(start, end));
    this.#end.push(this.#keptLength);
    this.#hash.push(hash);
    this.#slots[slot] = id + 1;
    if (this.length * 2 > this.#slots.length) this.#widen();
    return id;
  }

  #same(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const other = this.#start.at(id);
    if (this.#end.at(id) - other !== end - start) return false;
    const kept = this.#kept;
    for (let i = start, k = other; i < end; i++, k++) if (bytes[i] !== kept[k]) return false;
    return true;
  }

  #keep(run: Uint8Array): void {
    const needed = this.#keptLength + run.length;
    if (needed > this.#kept.length) {
      const wider = new Uint8Array(Math.max(needed, this.#kept.length * 2));
      wider.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = wider;
    }
    this.#kept.set(run, this.#keptLength);
    this.#keptLength = needed;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.length; id++) {
      let slot = this.#hash.at(id) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a over the bytes, the high bits folded in: the low ones choose the slot. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
