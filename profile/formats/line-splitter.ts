/** No line of a profile is longer: a stack of 10,000 frames with names of 1,000 characters is 10 MB. */
const LONGEST_LINE_BYTES = 32e6;

/** Cuts pieces of a text into lines, without decoding them: most lines of a profile are seen again and again. */
export class LineSplitter {
  /** Lines that were too long and were left out. */
  tooLong = 0;
  readonly #each: (bytes: Uint8Array, start: number, end: number) => void;
  #rest = new Uint8Array(4096);
  #restLength = 0;
  #skipping = false;

  /** @param each gets a line from `start` to `end`, without its newline; the bytes are only lent */
  constructor(each: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#each = each;
  }

  push(piece: Uint8Array): void {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      if (this.#skipping) this.#skipping = false;
      else if (this.#restLength > 0) {
        this.#keep(piece.subarray(start, end));
        this.#give();
      } else this.#line(piece, start, end);
      start = end + 1;
    }
    if (start < piece.length && !this.#skipping) this.#keep(piece.subarray(start));
    if (this.#restLength > LONGEST_LINE_BYTES) {
      this.tooLong++;
      this.#restLength = 0;
      this.#skipping = true;
    }
  }

  /** The last line, where the text doesn't end with a newline. */
  end(): void {
    if (this.#restLength > 0) this.#give();
  }

  #give(): void {
    const length = this.#restLength;
    this.#restLength = 0;
    this.#line(this.#rest, 0, length);
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    this.#each(bytes, start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
  }

  #keep(part: Uint8Array): void {
    const needed = this.#restLength + part.length;
    if (needed > this.#rest.length) {
      const wider = new Uint8Array(Math.max(needed, this.#rest.length * 2));
      wider.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = wider;
    }
    this.#rest.set(part, this.#restLength);
    this.#restLength = needed;
  }
}
