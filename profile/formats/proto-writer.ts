import { encodeUtf8 } from "./utf8.js";

/** Writes protobuf fields into one growing buffer. Zero numbers are left out, as proto3 has it, unless packed. */
export class ProtoWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What has been written; shared with the writer until it is written to again. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** An integer from -2^63 to 2^64; what is beyond 2^53 must be a multiple of its double's precision. */
  int(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field << 3);
    this.varint(value);
  }

  /** An unsigned 64-bit number in two halves. */
  halves(field: number, high: number, low: number): void {
    if (high === 0 && low === 0) return;
    this.varint(field << 3);
    this.#varintOfHalves(high >>> 0, low >>> 0);
  }

  text(field: number, value: string): void {
    this.bytes(field, encodeUtf8(value));
  }

  /** Bytes, a message or packed numbers that have been written elsewhere. */
  bytes(field: number, value: Uint8Array): void {
    this.varint((field << 3) | 2);
    this.varint(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  varint(value: number): void {
    this.#reserve(10);
    if (value < 0 || value > 0xffff_ffff) {
      const high = Math.floor(value / 0x1_0000_0000);
      this.#varintOfHalves(high >>> 0, (value - high * 0x1_0000_0000) >>> 0);
      return;
    }
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #varintOfHalves(high: number, low: number): void {
    this.#reserve(10);
    while (high > 0 || low > 0x7f) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#length++] = low;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const wider = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    wider.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = wider;
  }
}
