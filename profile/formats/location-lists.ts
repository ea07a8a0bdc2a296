import type { Recording } from "../recording.js";
import { ProtoWriter } from "./proto-writer.js";

/** The packed location ids of each stack, innermost first, made once a stack: most stacks have many samples. */
export class LocationLists {
  readonly #parents: Int32Array;
  readonly #frames: Int32Array;
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  readonly #ids = new ProtoWriter();

  constructor({ stacks }: Recording) {
    this.#parents = stacks.parent.view();
    this.#frames = stacks.frame.view();
    this.#start = new Int32Array(stacks.length);
    this.#end = new Int32Array(stacks.length);
  }

  of(stack: number): Uint8Array {
    if (stack < 0) return new Uint8Array();
    if (this.#end[stack] === 0) {
      this.#start[stack] = this.#ids.length;
      for (let at = stack; at >= 0; at = this.#parents[at] ?? -1) this.#ids.varint((this.#frames[at] ?? 0) + 1);
      this.#end[stack] = this.#ids.length;
    }
    return this.#ids.view().subarray(this.#start[stack], this.#end[stack]);
  }
}
