import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import type { StreamReader } from "../profile/formats/stream-reader.js";

const PIECE_BYTES = 1 << 16;
/** Of what isn't packed: a few milliseconds' work, between which others have their turn. */
const PLAIN_PIECE_BYTES = 1 << 18;
/** Smaller pieces where packed data is damaged: what was unpacked of the piece with the damage is lost. */
const SMALL_PIECE_BYTES = 1 << 9;

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** How a file was read. */
export type Streamed = { readonly kind: "whole" } | { readonly kind: "damaged"; readonly bytes: number } | { readonly kind: "too-large" };

/** The first bytes of a file, unpacked where they are packed. Throws when the file cannot be read. */
export async function readHead(path: string): Promise<{ bytes: Uint8Array; packed: boolean }> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { bytes, packed: false };
    return { bytes: unpackHead(bytes), packed: true };
  } finally {
    await file.close();
  }
}

/** Gives a reader the whole file, at most `limit` bytes of it unpacked. Throws when the file cannot be read. */
export async function readStreamed(
  path: string,
  reader: StreamReader,
  options: { packed: boolean; small: boolean; limit: number },
): Promise<Streamed> {
  const { packed, small, limit } = options;
  let bytes = 0;
  /** False where it is too much. */
  const give = (piece: Buffer): boolean => {
    bytes += piece.length;
    if (bytes > limit) return false;
    // The mark that some editors put before UTF-8 says nothing.
    reader.push(bytes === piece.length && piece.indexOf(BYTE_ORDER_MARK) === 0 ? piece.subarray(BYTE_ORDER_MARK.length) : piece);
    return true;
  };
  if (!packed) return (await readPlain(path, give)) ? { kind: "whole" } : { kind: "too-large" };
  const file = createReadStream(path, { highWaterMark: small ? SMALL_PIECE_BYTES : PIECE_BYTES });
  // With Z_SYNC_FLUSH the end of the data need not be the end of the stream.
  const unpacker = createGunzip({ chunkSize: PIECE_BYTES, ...(small ? { finishFlush: constants.Z_SYNC_FLUSH } : {}) });
  const source: Readable = file.pipe(unpacker);
  return new Promise((resolve, reject) => {
    const finish = (result: Streamed): void => {
      file.destroy();
      unpacker.destroy();
      resolve(result);
    };
    source.on("data", (piece: Buffer) => {
      try {
        if (!give(piece)) finish({ kind: "too-large" });
      } catch (error) {
        file.destroy();
        reject(error);
      }
    });
    source.on("end", () => resolve({ kind: "whole" }));
    unpacker.on("error", () => finish({ kind: "damaged", bytes }));
    file.on("error", (error) => {
      unpacker.destroy();
      reject(error);
    });
  });
}

/** While one piece is made sense of the next one is read. True when all were wanted. */
async function readPlain(path: string, give: (piece: Buffer) => boolean): Promise<boolean> {
  const file = await open(path, "r");
  try {
    let [buffer, other] = [Buffer.allocUnsafeSlow(PLAIN_PIECE_BYTES), Buffer.allocUnsafeSlow(PLAIN_PIECE_BYTES)];
    const read = (into: Buffer) => file.read(into, 0, into.length, null);
    for (let { bytesRead } = await read(buffer); bytesRead > 0; ) {
      const next = read(other);
      // What it says is heard below, or nobody waits for it any more.
      next.catch(() => undefined);
      if (!give(buffer.subarray(0, bytesRead))) return false;
      ({ bytesRead } = await next);
      [buffer, other] = [other, buffer];
    }
    return true;
  } finally {
    await file.close();
  }
}

function unpackHead(bytes: Buffer): Uint8Array {
  for (let length = bytes.length; length > 16; length = length >> 1) {
    try {
      // A first piece of 64 kB unpacks to at most 64 MB; a few hundred bytes of that tell the format.
      return gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      // Damaged within this part: a shorter one may be whole.
    }
  }
  return new Uint8Array();
}
