import { int32Column } from "../growable.js";

/** Room for stacks that are remembered, in frames of 4 bytes; those that come later are made anew each time. */
const ROOM = 8e6;
/** What a stack takes beside its frames. */
const BESIDE = 8;
const FIRST_SLOTS = 1024;
/** Slots that are looked at for one stack: nobody can make a search long by stacks with the same hash. */
const MOST_PROBES = 8;

/**
 * Stacks as the file has them, and what they have become. Samples repeat stacks, so most cost one look and a comparison of neighbouring numbers
 * instead of a look at the stacks' table for each frame.
 */
export class StackMemo {
  readonly #start = int32Column();
  readonly #length = int32Column();
  readonly #hash = int32Column();
  readonly #stack = int32Column();
  #kept = new Int32Array(4096);
  #keptLength = 0;
  /** Slot → entry + 1; at most half are used. */
  #slots = new Int32Array(FIRST_SLOTS);

  /** The stack of a list of frames, which `make` makes where it is not known. */
  stackOf(frames: Int32Array, count: number, make: (frames: Int32Array, count: number) => number): number {
    const hash = hashOf(frames, count);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    let free = -1;
    for (let probe = 0; probe < MOST_PROBES; probe++, slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) {
        free = slot;
        break;
      }
      if (this.#hash.at(entry) === hash && this.#length.at(entry) === count && this.#same(this.#start.at(entry), frames, count)) {
        return this.#stack.at(entry);
      }
    }
    const stack = make(frames, count);
    if (free >= 0 && this.#keptLength + count + BESIDE * this.#start.length <= ROOM) this.#keep(frames, count, hash, stack, free);
    return stack;
  }

  #same(start: number, frames: Int32Array, count: number): boolean {
    const kept = this.#kept;
    for (let i = 0; i < count; i++) if (kept[start + i] !== frames[i]) return false;
    return true;
  }

  #keep(frames: Int32Array, count: number, hash: number, stack: number, slot: number): void {
    const needed = this.#keptLength + count;
    if (needed > this.#kept.length) {
      const wider = new Int32Array(Math.max(needed, this.#kept.length * 2));
      wider.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = wider;
    }
    for (let i = 0; i < count; i++) this.#kept[this.#keptLength + i] = frames[i] ?? 0;
    this.#slots[slot] = this.#start.push(this.#keptLength) + 1;
    this.#length.push(count);
    this.#hash.push(hash);
    this.#stack.push(stack);
    this.#keptLength = needed;
    if (this.#start.length * 2 > this.#slots.length) this.#widen();
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#start.length; entry++) {
      let slot = this.#hash.at(entry) & mask;
      for (let probe = 0; probe < MOST_PROBES && slots[slot] !== 0; probe++) slot = (slot + 1) & mask;
      // Where there is no room near its place it is forgotten, and made anew when it comes again.
      if (slots[slot] === 0) slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}

/** Multiplication by an odd constant for each frame (2^32 / golden ratio), the high bits folded in: the low ones choose the slot. */
function hashOf(frames: Int32Array, count: number): number {
  let hash = count;
  for (let i = 0; i < count; i++) {
    hash = Math.imul(hash ^ (frames[i] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
