/**
 * JSON read piece by piece: the outer structure is followed byte by byte, and what is inside a long array is handed over in batches that
 * `JSON.parse` has read, which is several times as fast as a parser written in JavaScript and never holds more than a batch.
 *
 * ```
 * {"nodes":[{…},{…},   …   ],"samples":[1,2,2,   …   ],"other":{…}}
 *   object   items: batches    plain items              skip
 * ```
 */
import { handOver, parseJson } from "./json-batches.js";
import { type Plain, PlainItems } from "./json-plain.js";
import { decodeUtf8 } from "./utf8.js";

/** What is expected at a place, and who gets it. A value of another kind is left out and counted. */
export type Shape =
  | { readonly kind: "value"; readonly take: (value: unknown) => void }
  /** An array whose items come in batches; those that are `plain` by another way, which is much faster. The order keeps. */
  | { readonly kind: "items"; readonly take: (items: readonly unknown[]) => void; readonly plain?: Plain }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, Shape>; readonly begin?: () => void; readonly end?: () => void }
  /** An array of objects that are themselves too large to be held. */
  | { readonly kind: "each"; readonly item: Shape };

interface Level {
  readonly shape: Shape & { readonly kind: "object" | "each" };
}

/** A single name, node or number that is larger than this is no such thing. */
const LONGEST_ITEM_BYTES = 64e6;
const FIRST_BYTES = 1 << 18;
/** So many items are read as any JSON is, once one is not plain, before the next is tried. */
const OTHER_ITEMS = 64;
/** An item that is no whole after so many pieces is a long one: what is read anew with each piece would grow with its square. */
const MOST_TRIES = 2;

const [QUOTE, COMMA, COLON, BACKSLASH] = [34, 44, 58, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

export class JsonStream {
  /** Values that are not what was expected, and items that are no JSON. */
  bad = 0;
  /** The text is no JSON from some byte on; nothing behind it was read. */
  broken = false;
  readonly #levels: Level[] = [];
  #bytes = new Uint8Array(FIRST_BYTES);
  #used = 0;
  #at = 0;
  #expect: "value" | "first" | "key" | "colon" | "next" | "nothing" = "value";
  #shape: Shape | undefined;
  /** What is being captured: from `#from` on, `#depth` containers deep. */
  #capture: "none" | "key" | "value" | "items" | "skip" = "none";
  #from = 0;
  #depth = 0;
  #inString = false;
  #lastComma = -1;
  /** Whether a comma of the array stands before `#from`. */
  #behindComma = false;
  /** Where items may be plain: who reads those, how many are not tried, and how often the bytes ended within the one that is next. */
  #plain: PlainItems | undefined;
  #untried = 0;
  #tries = 0;

  constructor(root: Shape) {
    this.#shape = root;
  }

  /** False once the rest would not be read. */
  get wantsMore(): boolean {
    return !this.broken && this.#expect !== "nothing";
  }

  push(piece: Uint8Array): void {
    if (!this.wantsMore) return;
    this.#keep(piece);
    while (this.#at < this.#used && this.wantsMore) {
      if (this.#capture === "none") this.#step(this.#bytes[this.#at] ?? 0);
      else if (this.#plain === undefined || this.#untried > 0 || this.#capture !== "items" || this.#at !== this.#from) this.#scan();
      else if (!this.#readPlain(this.#plain)) break;
    }
    if (this.#capture === "items") this.#flush(this.#lastComma);
    if (this.#capture === "skip") this.#from = Math.min(this.#at, this.#used);
    if (this.#capture !== "none" && this.#used - this.#from > LONGEST_ITEM_BYTES) this.broken = true;
  }

  /** True where the text was whole. What had begun is ended. */
  end(): boolean {
    const whole = this.#expect === "nothing" && !this.broken;
    if (this.#capture === "items") this.#flush(this.#lastComma);
    this.#capture = "none";
    for (let level = this.#levels.pop(); level !== undefined; level = this.#levels.pop()) {
      if (level.shape.kind === "object") level.shape.end?.();
    }
    this.#expect = "nothing";
    return whole;
  }

  /** Appends a piece; what has been read goes when it takes more room than what has not. */
  #keep(piece: Uint8Array): void {
    const first = this.#capture === "none" ? Math.min(this.#at, this.#used) : this.#from;
    // One byte stays free for the 0 behind the last one, at which numbers end.
    if (this.#used + piece.length >= this.#bytes.length || first > this.#bytes.length / 2) {
      const kept = this.#used - first;
      const into = kept + piece.length > this.#bytes.length / 2 ? new Uint8Array(2 * (kept + piece.length)) : this.#bytes;
      into.set(this.#bytes.subarray(first, this.#used));
      this.#bytes = into;
      this.#used = kept;
      this.#at -= first;
      this.#from -= first;
      this.#lastComma -= first;
    }
    this.#bytes.set(piece, this.#used);
    this.#used += piece.length;
    this.#bytes[this.#used] = 0;
  }

  /** Reads plain items; false where it takes more bytes to go on. */
  #readPlain(plain: PlainItems): boolean {
    const next = plain.read(this.#bytes, this.#from, this.#used);
    if (next > this.#from) {
      this.#tries = 0;
      this.#behindComma = this.#bytes[next - 1] === COMMA;
    }
    this.#at = this.#from = next;
    if (plain.stop === "short" && ++this.#tries < MOST_TRIES) return false;
    this.#untried = plain.stop === "short" ? 1 : OTHER_ITEMS;
    this.#tries = 0;
    return true;
  }

  /** One byte of the structure. */
  #step(byte: number): void {
    if (isBlank(byte) || (byte === COMMA && this.#expect === "next")) {
      this.#at++;
      if (byte === COMMA) this.#expect = this.#top()?.kind === "object" ? "key" : "value";
    } else if ((this.#expect === "first" || this.#expect === "next") && byte === closing(this.#top())) {
      this.#at++;
      this.#close();
    } else if (this.#expect === "colon" && byte === COLON) {
      this.#at++;
      this.#expect = "value";
    } else if (byte === QUOTE && (this.#expect === "key" || (this.#expect === "first" && this.#top()?.kind === "object"))) {
      this.#begin("key");
    } else if (this.#expect === "value" || (this.#expect === "first" && this.#top()?.kind === "each")) {
      this.#beginValue(byte);
    } else this.broken = true;
  }

  #beginValue(byte: number): void {
    const shape = this.#top()?.kind === "each" ? this.#item() : this.#shape;
    const fits = shape === undefined || shape.kind === "value" || (shape.kind === "object" ? byte === OPEN_OBJECT : byte === OPEN_LIST);
    if (!fits) this.bad++;
    this.#shape = fits ? shape : undefined;
    if (fits && (shape?.kind === "object" || shape?.kind === "each")) {
      this.#at++;
      this.#levels.push({ shape });
      if (shape.kind === "object") shape.begin?.();
      this.#expect = "first";
    } else if (fits && shape?.kind === "items") {
      this.#begin("items");
      this.#at++;
      this.#depth = 1;
      this.#from = this.#at;
      this.#lastComma = -1;
      this.#behindComma = false;
      this.#plain = shape.plain === undefined ? undefined : new PlainItems(shape.plain);
      this.#untried = 0;
      this.#tries = 0;
    } else this.#begin(fits && shape !== undefined ? "value" : "skip");
  }

  #begin(capture: "key" | "value" | "items" | "skip"): void {
    this.#capture = capture;
    this.#from = this.#at;
    this.#depth = 0;
    this.#inString = false;
  }

  /** Goes on to the end of what is captured, or of the bytes. */
  #scan(): void {
    const bytes = this.#bytes;
    const used = this.#used;
    let at = this.#at;
    let depth = this.#depth;
    let inString = this.#inString;
    let end = -1;
    for (; at < used; at++) {
      const byte = bytes[at] ?? 0;
      if (inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) {
          inString = false;
          if (depth === 0) {
            end = at + 1;
            break;
          }
        }
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (--depth <= 0) {
          // A bare number ends before its container does.
          end = depth < 0 ? at : at + 1;
          break;
        }
      } else if (byte === COMMA) {
        if (depth === 0) {
          end = at;
          break;
        }
        if (depth === 1) {
          this.#lastComma = at;
          if (this.#plain !== undefined && this.#capture === "items" && --this.#untried <= 0) break;
        }
      } else if (depth === 0 && isBlank(byte)) {
        end = at;
        break;
      }
    }
    this.#at = end < 0 ? at : end;
    this.#depth = depth;
    this.#inString = inString;
    if (end >= 0) this.#captured(end);
    else if (at < used && bytes[at] === COMMA) {
      // Items enough that were not plain: the next one is tried again.
      this.#flush(at);
      this.#at = this.#from;
    }
  }

  #captured(end: number): void {
    const { kind } = this.#shape ?? { kind: "value" };
    const capture = this.#capture;
    const from = this.#from;
    if (capture === "items") this.#flush(end - 1, true);
    this.#capture = "none";
    if (capture === "key") {
      const key = this.#parse(from, end);
      this.#expect = "colon";
      if (typeof key !== "string") this.broken = true;
      const top = this.#top();
      this.#shape = top?.kind === "object" && typeof key === "string" ? top.members.get(key) : undefined;
      return;
    }
    if (capture === "value" && kind === "value" && this.#shape?.kind === "value") {
      const value = this.#parse(from, end);
      if (value === undefined) this.bad++;
      else this.#shape.take(value);
    }
    this.#expect = this.#levels.length === 0 ? "nothing" : "next";
  }

  #close(): void {
    const level = this.#levels.pop();
    if (level?.shape.kind === "object") level.shape.end?.();
    this.#expect = this.#levels.length === 0 ? "nothing" : "next";
  }

  /** Hands over the items up to a comma, or to the bracket that `closes` their array. Nothing between two commas is an item that is no JSON. */
  #flush(end: number, closes = false): void {
    if (this.#shape?.kind !== "items" || end < this.#from) return;
    const mayBeEmpty = closes && !this.#behindComma;
    this.bad += handOver(this.#bytes, { from: this.#from, end, mayBeEmpty }, this.#shape.take);
    this.#behindComma = true;
    this.#from = end + 1;
    this.#lastComma = -1;
  }

  #parse(from: number, end: number): unknown {
    return parseJson(decodeUtf8(this.#bytes, from, end));
  }

  #top(): Level["shape"] | undefined {
    return this.#levels[this.#levels.length - 1]?.shape;
  }

  #item(): Shape | undefined {
    const top = this.#top();
    return top?.kind === "each" ? top.item : undefined;
  }
}

function closing(shape: Level["shape"] | undefined): number {
  return shape === undefined ? -1 : shape.kind === "object" ? CLOSE_OBJECT : CLOSE_LIST;
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
