import type { Random } from "./random.js";

/** No input grows beyond this: what a file of a megabyte does wrong, one of 64 KB does too. */
export const MAX_INPUT_BYTES = 64 << 10;

const ODD_BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x3b] as const;

/** Changes some bytes, cuts, repeats or moves a piece, or takes one of another input. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const size = 1 + random.below(Math.min(64, bytes.length + 1));
  const before = bytes.subarray(0, at);
  const piece = bytes.subarray(at, at + size);
  const after = bytes.subarray(at + size);
  switch (random.below(7)) {
    case 0: {
      const changed = bytes.slice();
      for (let i = 0; i <= random.below(8); i++) changed[random.below(changed.length)] = random.below(256);
      return changed;
    }
    case 1: {
      const changed = bytes.slice();
      changed[random.below(changed.length)] = random.pick(ODD_BYTES);
      return changed;
    }
    case 2:
      return join(before, after);
    case 3:
      return bytes.slice(0, at);
    case 4:
      return join(before, piece, piece, after);
    case 5: {
      const from = random.below(other.length + 1);
      return join(before, other.subarray(from, from + size), after);
    }
    default:
      return join(after, piece, before);
  }
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts).subarray(0, MAX_INPUT_BYTES));
}
