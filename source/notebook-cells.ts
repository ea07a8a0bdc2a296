/**
 * Cells of Jupyter notebooks that a kernel of Python runs. ipykernel gives each cell a file name of its own, `/tmp/ipykernel_PID/HASH.py`, of which
 * there is no file: the number is a hash of the cell's text, so a text tells which recorded cell it is, and an edited one that it is none.
 */
import { encodeUtf8 } from "../profile/formats/utf8.js";

const RECORDED = /(?:^|\/)ipykernel_\d+\/(\d+)\.py$/;

/** Where our paths of cells begin; the same cell in another kernel is the same one. */
const FOLDER = "/ipykernel/";

/** Of ipykernel's names of cells. */
const SEED = 0xc70f6907;

/** Our path of the cell that a recorded file is; undefined of any other file. */
export function recordedCell(file: string): string | undefined {
  const hash = RECORDED.exec(file)?.[1];
  return hash === undefined ? undefined : `${FOLDER}${hash}.py`;
}

/** Our path of a cell with this text. */
export function cellPath(text: string): string {
  // Kernels are sent line feeds, whatever the notebook's file has.
  return `${FOLDER}${murmur2(encodeUtf8(text.replaceAll("\r\n", "\n")), SEED)}.py`;
}

export function isCellPath(path: string): boolean {
  return path.startsWith(FOLDER);
}

/** MurmurHash2 by Austin Appleby, in 32 bits (https://github.com/aappleby/smhasher). */
export function murmur2(bytes: Uint8Array, seed: number): number {
  const multiplier = 0x5bd1e995;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = seed ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = Math.imul(words.getUint32(at, true), multiplier);
    hash = Math.imul(hash, multiplier) ^ Math.imul(word ^ (word >>> 24), multiplier);
  }
  if (at < bytes.length) {
    const rest = bytes.subarray(at).reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
    hash = Math.imul(hash ^ rest, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return (hash ^ (hash >>> 15)) >>> 0;
}
