/** Items of an array, read by `JSON.parse` as many at a time as make a text of moderate length. */
import { decodeUtf8 } from "./utf8.js";

const BATCH_BYTES = 1 << 16;

const [QUOTE, COMMA, BACKSLASH] = [34, 44, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/**
 * Hands over the items between two places, `end` being that of a comma or bracket behind an item. Gives how many were no JSON; nothing at all is
 * one of them unless it may be, as in `[]`.
 */
export function handOver(
  bytes: Uint8Array,
  { from, end, mayBeEmpty }: { readonly from: number; readonly end: number; readonly mayBeEmpty: boolean },
  take: (items: readonly unknown[]) => void,
): number {
  let bad = 0;
  for (let start = from; start <= end; ) {
    // A large piece does not become one large text.
    const to = end - start > 4 * BATCH_BYTES ? (commas(bytes, start, end, BATCH_BYTES)[0] ?? end) : end;
    const items = start === to ? [] : parseJson(`[${decodeUtf8(bytes, start, to)}]`);
    if (!Array.isArray(items)) bad += oneByOne(bytes, start, to, take);
    else if (items.length > 0) take(items);
    else if (!mayBeEmpty || start > from || to < end) bad++;
    start = to + 1;
  }
  return bad;
}

/** `undefined` where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One item of a batch is no JSON: the others are. */
function oneByOne(bytes: Uint8Array, from: number, end: number, take: (items: readonly unknown[]) => void): number {
  let bad = 0;
  let start = from;
  for (const comma of [...commas(bytes, from, end, 0), end]) {
    const item = parseJson(decodeUtf8(bytes, start, comma));
    if (item === undefined) bad++;
    else take([item]);
    start = comma + 1;
  }
  return bad;
}

/** Places of the commas between items; only the first one that is at least `after` bytes on, where that is given. */
function commas(bytes: Uint8Array, from: number, end: number, after: number): number[] {
  const found: number[] = [];
  let depth = 0;
  let inString = false;
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA && depth === 0) {
      if (after === 0) found.push(at);
      else if (at - from >= after) return [at];
    }
  }
  return found;
}
