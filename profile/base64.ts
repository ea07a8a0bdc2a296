/** Base64 (RFC 4648, with padding) of typed arrays, for machines without Buffer and fast enough for a million rows. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 61;
/** Arguments of one `fromCharCode` call: far under the engines' limits, and long enough for its cost not to matter. */
const CHUNK = 0x2000;

/** Two characters for each 12 bits, low byte first as the array lies in memory on little-endian machines. */
const PAIRS = Uint16Array.from({ length: 4096 }, (_, bits) => ALPHABET.charCodeAt(bits >> 6) | (ALPHABET.charCodeAt(bits & 63) << 8));
const VALUES = new Uint8Array(256).fill(255);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** The array's bytes as they lie in memory (little-endian on every machine that runs VS Code). */
export function toBase64(array: ArrayBufferView): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const whole = Math.floor(bytes.length / 3);
  const characters = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  const pairs = new Uint16Array(characters.buffer);
  for (let group = 0, i = 0; group < whole; group++, i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    pairs[group * 2] = PAIRS[bits >> 12] ?? 0;
    pairs[group * 2 + 1] = PAIRS[bits & 4095] ?? 0;
  }
  const rest = bytes.length - whole * 3;
  if (rest > 0) {
    const bits = ((bytes[whole * 3] ?? 0) << 16) | ((bytes[whole * 3 + 1] ?? 0) << 8);
    pairs[whole * 2] = PAIRS[bits >> 12] ?? 0;
    pairs[whole * 2 + 1] = PAIRS[bits & 4095] ?? 0;
    characters.fill(PADDING, characters.length - 3 + rest);
  }
  const chunks: string[] = [];
  for (let start = 0; start < characters.length; start += CHUNK) {
    chunks.push(String.fromCharCode.apply(null, characters.subarray(start, start + CHUNK) as unknown as number[]));
  }
  return chunks.join("");
}

/** The bytes of base64 text; `undefined` where it is not that. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const characters = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let out = 0;
  for (let i = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let k = i; k < i + 4; k++) {
      const value = k < characters ? (VALUES[text.charCodeAt(k)] ?? 255) : 0;
      // Above 255 the table has no entry, which `?? 255` makes the same as a character that is not ours.
      if (value === 255) return undefined;
      bits = (bits << 6) | value;
    }
    bytes[out++] = bits >> 16;
    if (out < bytes.length) bytes[out++] = (bits >> 8) & 255;
    if (out < bytes.length) bytes[out++] = bits & 255;
  }
  return bytes;
}

export function int32FromBase64(text: string): Int32Array<ArrayBuffer> | undefined {
  const bytes = fromBase64(text);
  return bytes === undefined || bytes.length % 4 !== 0 ? undefined : new Int32Array(bytes.buffer);
}

export function float64FromBase64(text: string): Float64Array<ArrayBuffer> | undefined {
  const bytes = fromBase64(text);
  return bytes === undefined || bytes.length % 8 !== 0 ? undefined : new Float64Array(bytes.buffer);
}
