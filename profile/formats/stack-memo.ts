import { int32Column } from "../growable.js";

/** Frames to a page, 4 bytes each; a longer stack is not remembered. */
const PAGE = 1 << 18;
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
  readonly #room: number;
  readonly #start = int32Column();
  readonly #length = int32Column();
  readonly #hash = int32Column();
  readonly #stack = int32Column();
  /** A stack lies in one page; where it begins is counted over all of them. */
  readonly #pages: Int32Array[] = [];
  #keptLength = 0;
  /** Slot → entry + 1; at most half are used. */
  #slots = new Int32Array(FIRST_SLOTS);

  /** @param room how much is remembered, in frames of 4 bytes; stacks that come later are made anew each time */
  constructor(room = 8e6) {
    this.#room = room;
  }

  /** The stack of a list of frames (or of whatever tells it, in numbers), which `make` makes where it is not known. */
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
    const left = this.#room - this.#keptLength - BESIDE * this.#start.length;
    if (free >= 0 && count <= Math.min(PAGE, left)) this.#keep(frames, count, hash, stack, free);
    return stack;
  }

  #same(start: number, frames: Int32Array, count: number): boolean {
    const page = this.#pages[Math.floor(start / PAGE)];
    if (page === undefined) return count === 0;
    const first = start % PAGE;
    for (let i = 0; i < count; i++) if (page[first + i] !== frames[i]) return false;
    return true;
  }

  #keep(frames: Int32Array, count: number, hash: number, stack: number, slot: number): void {
    const left = this.#pages.length * PAGE - this.#keptLength;
    if (count > left) {
      this.#keptLength += left;
      this.#pages.push(new Int32Array(PAGE));
    }
    const page = this.#pages[this.#pages.length - 1];
    page?.set(frames.subarray(0, count), this.#keptLength % PAGE);
    this.#slots[slot] = this.#start.push(this.#keptLength) + 1;
    this.#length.push(count);
    this.#hash.push(hash);
    this.#stack.push(stack);
    this.#keptLength += count;
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
