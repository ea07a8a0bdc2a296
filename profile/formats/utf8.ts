/** UTF-8 both ways for a folder that has no TextDecoder: names are mostly ASCII, which takes the short path. */

const REPLACEMENT = "\ufffd";
const CHUNK = 0x2000;

/** Text of the bytes from `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let ascii = true;
  for (let i = start; i < end && ascii; i++) ascii = (bytes[i] ?? 0) < 0x80;
  if (ascii && end - start <= CHUNK) return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  const parts: string[] = [];
  for (let i = start; i < end; ) {
    let run = i;
    while (run < end && run - i < CHUNK && (bytes[run] ?? 0) < 0x80) run++;
    if (run > i) {
      parts.push(String.fromCharCode.apply(null, bytes.subarray(i, run) as unknown as number[]));
      i = run;
      continue;
    }
    const length = sequenceLength(bytes, i, end);
    parts.push(length === 0 ? REPLACEMENT : codePoint(bytes, i, length));
    i += Math.max(length, 1);
  }
  return parts.join("");
}

/** Bytes of the well-formed sequence at `i` (1 to 4), 0 where there is none. RFC 3629: no overlong forms, no surrogates. */
function sequenceLength(bytes: Uint8Array, i: number, end: number): number {
  const lead = bytes[i] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || i + length > end) return 0;
  for (let k = 1; k < length; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[i + 1] ?? 0;
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
  return length;
}

function codePoint(bytes: Uint8Array, i: number, length: number): string {
  const lead = bytes[i] ?? 0;
  let code = length === 1 ? lead : lead & (0x7f >> length);
  for (let k = 1; k < length; k++) code = (code << 6) | ((bytes[i + k] ?? 0) & 0x3f);
  return String.fromCodePoint(code);
}

/** Bytes of the text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let out = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[out++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      const whole = text.codePointAt(i) ?? code;
      code = whole > 0xffff ? whole : 0xfffd;
      if (whole > 0xffff) i++;
    }
    if (code < 0x800) {
      bytes[out++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) bytes[out++] = 0xe0 | (code >> 12);
      else {
        bytes[out++] = 0xf0 | (code >> 18);
        bytes[out++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[out++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[out++] = 0x80 | (code & 0x3f);
  }
  return bytes.slice(0, out);
}
