import { int32Column } from "../growable.js";

/** Runs of bytes, each with a dense id in the order in which they first came; kept as copies in one buffer. Four bytes at a time. */
export class BytesTable {
  #kept = new Uint8Array(4096);
  #words = new DataView(this.#kept.buffer);
  #keptLength = 0;
  /** Of the bytes that were given last: most come from one piece of a file. */
  #given: Uint8Array = this.#kept;
  #givenWords: DataView = this.#words;
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
    if (bytes !== this.#given || bytes.buffer !== this.#givenWords.buffer) {
      this.#given = bytes;
      this.#givenWords = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const hash = hashOf(this.#givenWords, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) break;
      if (this.#hash.at(id) === hash && this.#same(id, start, end)) return id;
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

  #same(id: number, start: number, end: number): boolean {
    let other = this.#start.at(id);
    if (this.#end.at(id) - other !== end - start) return false;
    const words = this.#givenWords;
    const kept = this.#words;
    let at = start;
    for (; at + 4 <= end; at += 4, other += 4) if (words.getInt32(at, true) !== kept.getInt32(other, true)) return false;
    for (; at < end; at++, other++) if (words.getUint8(at) !== kept.getUint8(other)) return false;
    return true;
  }

  #keep(run: Uint8Array): void {
    const needed = this.#keptLength + run.length;
    if (needed > this.#kept.length) {
      const wider = new Uint8Array(Math.max(needed, this.#kept.length * 2));
      wider.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = wider;
      this.#words = new DataView(wider.buffer);
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

/** FNV-1a over words of four bytes and then over the bytes that are left, the high bits folded in after each word: the low ones choose the slot. */
function hashOf(words: DataView, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ words.getInt32(at, true), 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ words.getUint8(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
