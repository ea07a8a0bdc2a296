import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readBatchesInSteps } from "../profile/formats/batches.js";
import { decodeCollapsed } from "../profile/formats/collapsed.js";
import { decodePprofInSteps } from "../profile/formats/pprof.js";
import type { Recording } from "../profile/recording.js";
import type { Steps } from "../profile/steps.js";
import { readLines } from "./read-lines.js";

/** The largest profile that is read, in bytes as it lies on the disk and unpacked. */
const MAX_FILE_BYTES = 512e6;
const MAX_UNPACKED_BYTES = 1.5e9;
/** The longest text that JavaScript holds in one string is a little longer. */
const MAX_TEXT_BYTES = 500e6;

const unpack = promisify(gunzip);

export interface ReadProfile {
  readonly recording: Recording;
  /** One sentence for each kind of thing that could not be read. */
  readonly warnings: readonly string[];
}

/** Why nothing could be read of a file. */
export type ReadFailure =
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly cause: unknown }
  | { readonly kind: "too-large"; readonly bytes: number; readonly limit: number }
  | { readonly kind: "damaged" }
  /** `detail` goes on after a colon, without a full stop. */
  | { readonly kind: "not-a-profile"; readonly detail: string };

/** What differs between the programs that read profiles. */
export interface Reading {
  /** The exception that is thrown for a failure: each program has its own sentences. */
  readonly errorOf: (path: string, failure: ReadFailure) => Error;
  /** Drives the long part of the work, at once or in turns. */
  readonly drive: <T>(steps: Steps<T>) => T | Promise<T>;
}

/**
 * Reads a file, whatever its name says: pprof with or without gzip, collapsed stacks, or (`.jsonl`) the messages of a recording.
 * What could not be read of it is in the warnings; throws `errorOf` when nothing could.
 */
export async function readProfile(path: string, reading: Reading): Promise<ReadProfile> {
  const { errorOf, drive } = reading;
  const found = await stat(path).catch((cause: unknown) => {
    throw errorOf(path, isCode(cause, "ENOENT") || isCode(cause, "ENOTDIR") ? { kind: "missing" } : { kind: "unreadable", cause });
  });
  if (!found.isFile()) throw errorOf(path, { kind: "not-a-profile", detail: "it is no file" });
  if (path.endsWith(".jsonl")) return checked(path, await readBatchesFile(path, reading), reading);
  if (found.size > MAX_FILE_BYTES) throw errorOf(path, { kind: "too-large", bytes: found.size, limit: MAX_FILE_BYTES });
  const raw = await readFile(path).catch((cause: unknown) => {
    throw errorOf(path, { kind: "unreadable", cause });
  });
  if (raw.length === 0) throw errorOf(path, { kind: "not-a-profile", detail: "it is empty" });
  const { bytes, truncated } = isGzip(raw) ? await unpackAll(path, raw, reading) : { bytes: raw, truncated: [] };
  const read = isText(bytes) ? readText(path, bytes, reading) : await drive(decodePprofInSteps(bytes));
  return checked(path, { recording: read.recording, warnings: [...truncated, ...read.warnings] }, reading);
}

/** Reads a recording's messages, also of one that ended in a crash or holds no sample yet. */
export async function readBatchesFile(path: string, { errorOf, drive }: Reading): Promise<ReadProfile> {
  try {
    return await drive(readBatchesInSteps(readLines(path)));
  } catch (cause) {
    throw errorOf(path, { kind: "unreadable", cause });
  }
}

/** A truncated file gives what was readable of it. */
async function unpackAll(path: string, raw: Buffer, { errorOf }: Reading): Promise<{ bytes: Buffer; truncated: readonly string[] }> {
  try {
    return { bytes: await unpack(raw, { maxOutputLength: MAX_UNPACKED_BYTES }), truncated: [] };
  } catch (error) {
    if (isCode(error, "ERR_BUFFER_TOO_LARGE")) {
      throw errorOf(path, { kind: "too-large", bytes: MAX_UNPACKED_BYTES + 1, limit: MAX_UNPACKED_BYTES });
    }
    // 2 is Z_SYNC_FLUSH: the end of the data need not be the end of the stream.
    const bytes = await unpack(raw, { maxOutputLength: MAX_UNPACKED_BYTES, finishFlush: 2 }).catch(() => Buffer.alloc(0));
    if (bytes.length === 0) throw errorOf(path, { kind: "damaged" });
    return { bytes, truncated: ["The file is truncated or damaged: what follows the damage is missing."] };
  }
}

function readText(path: string, bytes: Buffer, { errorOf }: Reading): ReadProfile {
  if (bytes.length > MAX_TEXT_BYTES) throw errorOf(path, { kind: "too-large", bytes: bytes.length, limit: MAX_TEXT_BYTES });
  return decodeCollapsed(bytes.toString("utf8"));
}

/**
 * A file of which nothing is a sample is no profile, unless it says that it is one in which nothing ran, or is another tool's with
 * functions and nothing amiss.
 */
function checked(path: string, read: ReadProfile, { errorOf }: Reading): ReadProfile {
  const { samples, functions, info } = read.recording;
  const emptyRun = info.hz > 0 && info.startUnixMs > 0;
  if (samples.length > 0 || emptyRun || (functions.length > 0 && read.warnings.length === 0)) return read;
  throw errorOf(path, { kind: "not-a-profile", detail: read.warnings[0]?.replace(/\.$/, "") ?? "it holds no samples" });
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Text has no control characters but white space; a pprof's first fields always have some. */
function isText(bytes: Buffer): boolean {
  return !bytes.subarray(0, 4096).some((byte) => byte < 9 || (byte > 13 && byte < 32));
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
