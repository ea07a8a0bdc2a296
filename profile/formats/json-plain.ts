/**
 * The long arrays of profiles hold numbers, or lists of small ones, and nothing else. These are read here straight from their bytes: no text is made
 * of them, and no JavaScript value for each. Whatever else JSON allows in such an array is left to {@link JsonStream}, item by item.
 *
 * ```
 * 3, 12.5e3, -1,   null,        7, 8          [0,1,2],[0,1], {"a":1}, [0,3]
 * └─ read here ─┘  └ others'    └─ here ─┘    └─ here ────┘  └ others'
 * ```
 */

/** What an array holds for the most part, and who gets that. What is handed over is only lent. */
export type Plain =
  | { readonly kind: "numbers"; readonly take: (numbers: Float64Array, count: number) => void }
  /** Lists of integers from 0 to 999,999,999; others are left to those who read everything. */
  | { readonly kind: "lists"; readonly take: (items: Int32Array, count: number) => void };

/** Why reading stopped: the bytes ended, or something else comes (the end of the array, too). */
export type Stop = "short" | "other";

const [TAB, LINE_FEED, RETURN, BLANK] = [9, 10, 13, 32];
const [COMMA, MINUS, PLUS, POINT, ZERO, NINE, OPEN, CLOSE] = [44, 45, 43, 46, 48, 57, 91, 93];
const [UPPER_E, LOWER_E] = [69, 101];

const NUMBERS_AT_A_TIME = 4096;
/** Powers of ten that a double holds exactly: a whole number under 2^53 times or by one of them is rounded once, so it is the nearest double (Clinger 1990). */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const EXACT = 2 ** 53;
/** A longer number is nothing that a profile holds; it is read as any JSON is. */
const LONGEST_NUMBER_BYTES = 64;
const MOST_DIGITS = 9;

export class PlainItems {
  stop: Stop = "other";
  readonly #plain: Plain;
  readonly #numbers: Float64Array;
  #count = 0;
  #list = new Int32Array(64);
  /** The number that was read last. */
  #value = 0;

  constructor(plain: Plain) {
    this.#plain = plain;
    this.#numbers = new Float64Array(plain.kind === "numbers" ? NUMBERS_AT_A_TIME : 0);
  }

  /**
   * Hands over the items from `from` on, which is where one begins, as far as they are plain and whole. Gives the place where the next one begins,
   * or that of the bracket that ends the array. `bytes[used]` must be there and 0.
   */
  read(bytes: Uint8Array, from: number, used: number): number {
    if (this.#plain.kind === "lists") return this.#readLists(bytes, from, used, this.#plain.take);
    const end = this.#readNumbers(bytes, from, used);
    if (this.#count > 0) this.#plain.take(this.#numbers, this.#count);
    this.#count = 0;
    return end;
  }

  #readNumbers(bytes: Uint8Array, from: number, used: number): number {
    let start = from;
    for (;;) {
      const end = skipBlanks(bytes, this.#number(bytes, skipBlanks(bytes, start)));
      const byte = bytes[end < 0 ? -1 - end : end] ?? 0;
      if (end < 0 || (byte !== COMMA && byte !== CLOSE)) {
        this.stop = (end < 0 ? -1 - end : end) >= used ? "short" : "other";
        return start;
      }
      this.#numbers[this.#count++] = this.#value;
      if (this.#count === NUMBERS_AT_A_TIME && this.#plain.kind === "numbers") {
        this.#plain.take(this.#numbers, this.#count);
        this.#count = 0;
      }
      if (byte === CLOSE) {
        this.stop = "other";
        return end;
      }
      start = end + 1;
    }
  }

  /** The place behind the number at `from`; where there is none, -1 less the place of the byte that is amiss. */
  #number(bytes: Uint8Array, from: number): number {
    let at = from;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const first = at;
    let value = 0;
    for (let digit = bytes[at] ?? 0; digit >= ZERO && digit <= NINE; digit = bytes[++at] ?? 0) value = value * 10 + digit - ZERO;
    if (at === first || (at > first + 1 && bytes[first] === ZERO)) return -1 - at;
    let power = 0;
    if (bytes[at] === POINT) {
      const point = ++at;
      for (let digit = bytes[at] ?? 0; digit >= ZERO && digit <= NINE; digit = bytes[++at] ?? 0) value = value * 10 + digit - ZERO;
      if (at === point) return -1 - at;
      power = point - at;
    }
    if (bytes[at] === LOWER_E || bytes[at] === UPPER_E) {
      const sign = bytes[++at] ?? 0;
      if (sign === MINUS || sign === PLUS) at++;
      const digits = at;
      let exponent = 0;
      for (let digit = bytes[at] ?? 0; digit >= ZERO && digit <= NINE; digit = bytes[++at] ?? 0) exponent = exponent * 10 + digit - ZERO;
      if (at === digits) return -1 - at;
      power += sign === MINUS ? -exponent : exponent;
    }
    if (value < EXACT && power >= -22 && power <= 22) {
      value = power < 0 ? value / (POWERS[-power] ?? 1) : value * (POWERS[power] ?? 1);
      this.#value = negative ? -value : value;
    } else if (at - from > LONGEST_NUMBER_BYTES) return -1 - at;
    else this.#value = Number(String.fromCharCode(...bytes.subarray(from, at)));
    return at;
  }

  #readLists(bytes: Uint8Array, from: number, used: number, take: (items: Int32Array, count: number) => void): number {
    let list = this.#list;
    for (let start = from; ; ) {
      let at = skipBlanks(bytes, start);
      let whole = false;
      let count = 0;
      if (bytes[at] === OPEN) {
        at = skipBlanks(bytes, at + 1);
        if (bytes[at] === CLOSE) whole = true;
        while (!whole) {
          const first = at;
          let value = 0;
          let byte = bytes[at] ?? 0;
          for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) value = value * 10 + byte - ZERO;
          const digits = at - first;
          if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && bytes[first] === ZERO)) break;
          if (count === list.length) {
            list = new Int32Array(count * 2);
            list.set(this.#list);
            this.#list = list;
          }
          list[count++] = value;
          if (byte !== COMMA && byte !== CLOSE) {
            at = skipBlanks(bytes, at);
            byte = bytes[at] ?? 0;
          }
          if (byte === CLOSE) whole = true;
          else if (byte === COMMA) at = skipBlanks(bytes, at + 1);
          else break;
        }
      }
      if (whole) at = skipBlanks(bytes, at + 1);
      const byte = bytes[at] ?? 0;
      if (!whole || (byte !== COMMA && byte !== CLOSE)) {
        this.stop = at >= used ? "short" : "other";
        return start;
      }
      take(list, count);
      if (byte === CLOSE) {
        this.stop = "other";
        return at;
      }
      start = at + 1;
    }
  }
}

/** A place that stands for none stays as it is. */
function skipBlanks(bytes: Uint8Array, from: number): number {
  if (from < 0) return from;
  let at = from;
  for (let byte = bytes[at] ?? 0; byte === BLANK || byte === LINE_FEED || byte === TAB || byte === RETURN; ) byte = bytes[++at] ?? 0;
  return at;
}
