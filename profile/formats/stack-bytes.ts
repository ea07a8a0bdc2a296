import { int32Column } from "../growable.js";
import { languageIndex } from "../names.js";
import type { Recording } from "../recording.js";
import { BytesTable } from "./bytes-table.js";
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
  readonly #seen = new BytesTable();
  /** Stack of each list seen. */
  readonly #stack = int32Column();

  constructor(recording: Recording, bytes: Uint8Array, locations: IdMap) {
    this.#recording = recording;
    this.#bytes = bytes;
    this.#locations = locations;
    this.#reader = new ProtoReader(bytes);
  }

  ofPacked(start: number, end: number): number {
    const list = this.#seen.intern(this.#bytes, start, end);
    if (list < this.#stack.length) return this.#stack.at(list);
    this.#ids.length = 0;
    this.#reader.packed(start, end, () => this.#ids.push(this.#reader.id()));
    const stack = this.ofIds(this.#ids);
    this.#stack.push(stack);
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
}
