import { float64Column, int32Column } from "../growable.js";
import { languageIndex } from "../names.js";
import type { Recording } from "../recording.js";
import type { IdMap } from "./id-map.js";
import { ProtoReader } from "./proto-reader.js";

const NATIVE = languageIndex("native");

/**
 * From the location ids of a sample to a stack. Samples repeat stacks, so the raw bytes of the packed ids are compared
 * first, and only new ones are decoded: a million samples of a hundred thousand stacks decode a tenth of their ids.
 */
export class StackBytes {
  readonly #recording: Recording;
  readonly #bytes: Uint8Array;
  readonly #locations: IdMap;
  readonly #reader: ProtoReader;
  readonly #ids: (number | bigint)[] = [];
  /** Of each list seen: where its bytes lie, their hash, and its stack. */
  readonly #start = float64Column();
  readonly #end = float64Column();
  readonly #hash = int32Column();
  readonly #stack = int32Column();
  /** Slot → entry + 1; open addressing, at most half full. */
  #slots = new Int32Array(1024);

  constructor(recording: Recording, bytes: Uint8Array, locations: IdMap) {
    this.#recording = recording;
    this.#bytes = bytes;
    this.#locations = locations;
    this.#reader = new ProtoReader(bytes);
  }

  ofPacked(start: number, end: number): number {
    const hash = this.#hashOf(start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) break;
      if (this.#hash.at(entry) === hash && this.#same(entry, start, end)) return this.#stack.at(entry);
      slot = (slot + 1) & mask;
    }
    this.#ids.length = 0;
    this.#reader.packed(start, end, () => this.#ids.push(this.#reader.id()));
    const stack = this.ofIds(this.#ids);
    this.#slots[slot] = this.#start.push(start) + 1;
    this.#end.push(end);
    this.#hash.push(hash);
    this.#stack.push(stack);
    if (this.#start.length * 2 > this.#slots.length) this.#widen();
    return stack;
  }

  /** -1 for no ids at all. Ids that the file has no location for stand as one unknown frame each. */
  ofIds(innermostFirst: readonly (number | bigint)[]): number {
    const { stacks, notes } = this.#recording;
    let stack = -1;
    for (let i = innermostFirst.length - 1; i >= 0; i--) {
      let frame = this.#locations.get(innermostFirst[i] ?? 0);
      if (frame < 0) {
        notes.count("bad-frame");
        frame = this.#unknownFrame();
        this.#locations.set(innermostFirst[i] ?? 0, frame);
      }
      stack = stacks.intern(stack, frame);
    }
    return stack;
  }

  #unknownFrame(): number {
    const { frames, functions } = this.#recording;
    const unknown = functions.intern(0, 0, NATIVE, 0);
    return frames.add({ language: NATIVE, module: 0, addressHigh: 0, addressLow: 0 }, [{ function: unknown, line: 0, column: 0 }]);
  }

  /** FNV-1a over the bytes, the high bits folded in: the low ones choose the slot. */
  #hashOf(start: number, end: number): number {
    const bytes = this.#bytes;
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
    return hash ^ (hash >>> 15);
  }

  #same(entry: number, start: number, end: number): boolean {
    const other = this.#start.at(entry);
    if (this.#end.at(entry) - other !== end - start) return false;
    const bytes = this.#bytes;
    for (let i = start, k = other; i < end; i++, k++) if (bytes[i] !== bytes[k]) return false;
    return true;
  }

  #widen(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#hash.length; entry++) {
      let slot = this.#hash.at(entry) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}
