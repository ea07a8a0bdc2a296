/**
 * Reads protobuf messages field by field, without a schema and without copying (https://protobuf.dev/programming-guides/encoding/).
 * Bad bytes end the message and set `broken`; nothing is thrown.
 *
 * ```
 * const reader = new ProtoReader(bytes);
 * while (reader.next()) switch (reader.field) { … }
 * ```
 */
export class ProtoReader {
  readonly bytes: Uint8Array;
  #position: number;
  #end: number;
  /** Number of the field that `next` came to. */
  field = 0;
  /** True for strings, bytes, messages and packed numbers, whose bytes lie from `start` to `end`. */
  isBytes = false;
  start = 0;
  end = 0;
  /** The field's number where it is one, in two halves of 32 bits (both signed). */
  low = 0;
  high = 0;
  broken = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Starts over on another message of the same bytes. */
  reset(start: number, end: number): void {
    this.broken = false;
    this.#position = start;
    this.#end = end;
  }

  /** Where the next field begins. */
  get position(): number {
    return this.#position;
  }

  /** Comes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    this.varint();
    const key = this.low;
    const wireType = key & 7;
    this.field = key >>> 3;
    this.isBytes = wireType === 2;
    if (this.field === 0) return this.#fail();
    if (wireType === 0) this.varint();
    else if (wireType === 2) {
      this.varint();
      this.start = this.#position;
      this.end = this.#position + (this.high === 0 ? this.low >>> 0 : this.#end + 1);
      this.#position = this.end;
    } else if (wireType === 1 || wireType === 5) {
      this.low = this.high = 0;
      this.#position += wireType === 1 ? 8 : 4;
    } else return this.#fail();
    return this.#position > this.#end ? this.#fail() : !this.broken;
  }

  /** Reads packed numbers: `start` to `end` of a field, `each` after each number, which is in `low` and `high`. */
  packed(start: number, end: number, each: () => void): void {
    this.reset(start, end);
    while (this.#position < this.#end) {
      this.varint();
      if (this.broken) return;
      each();
    }
  }

  /** Reads one varint at the present place into `low` and `high`. */
  varint(): void {
    const { bytes } = this;
    let position = this.#position;
    const end = this.#end;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) {
        this.#fail();
        return;
      }
      const byte = bytes[position++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#position = position;
        this.low = low;
        this.high = high;
        return;
      }
    }
    this.#fail();
  }

  /** The number as int64, to the nearest double. */
  int64(): number {
    return this.high * 0x1_0000_0000 + (this.low >>> 0);
  }

  /** The number as a key of a Map: a double where that is exact, else a bigint. Some writers use hashes as ids. */
  id(): number | bigint {
    if (this.high >>> 21 === 0) return this.high * 0x1_0000_0000 + (this.low >>> 0);
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  #fail(): false {
    this.broken = true;
    this.#position = this.#end;
    this.low = this.high = 0;
    return false;
  }
}
