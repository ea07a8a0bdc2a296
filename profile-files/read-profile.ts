import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readBatchesInSteps } from "../profile/formats/batches.js";
import { CollapsedReader } from "../profile/formats/collapsed.js";
import { formatOf, type TextFormat } from "../profile/formats/format-of.js";
import { JsonProfileReader } from "../profile/formats/json-profile.js";
import { PerfScriptReader } from "../profile/formats/perf-script.js";
import { decodePprofInSteps } from "../profile/formats/pprof.js";
import type { StreamReader } from "../profile/formats/stream-reader.js";
import type { Recording } from "../profile/recording.js";
import type { Steps } from "../profile/steps.js";
import { readLines } from "./read-lines.js";
import { readHead, readStreamed, type Streamed } from "./read-streamed.js";

/** The largest pprof file that is read, in bytes as it lies on the disk and unpacked. */
const MAX_FILE_BYTES = 512e6;
const MAX_UNPACKED_BYTES = 1.5e9;
/** The longest text that is read, packed or not; it is read piece by piece and never held. */
const MAX_TEXT_BYTES = 2e9;

const unpack = promisify(gunzip);

const READERS: Readonly<Record<TextFormat, () => StreamReader>> = {
  json: () => new JsonProfileReader(),
  perf: () => new PerfScriptReader(),
  collapsed: () => new CollapsedReader(),
};

const DAMAGED = "The file is truncated or damaged: what follows the damage is missing.";
const PERF_DATA = "it is perf's own binary file; write its text with `perf script -i FILE > FILE.perf` and open that";

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
 * Reads a file, whatever its name says: pprof, collapsed stacks, `.cpuprofile`, speedscope's JSON or the text of `perf script`, each with or
 * without gzip, or (`.jsonl`) the messages of a recording. What could not be read of it is in the warnings; throws `errorOf` when nothing could.
 */
export async function readProfile(path: string, reading: Reading): Promise<ReadProfile> {
  const { errorOf } = reading;
  const found = await stat(path).catch((cause: unknown) => {
    throw errorOf(path, isCode(cause, "ENOENT") || isCode(cause, "ENOTDIR") ? { kind: "missing" } : { kind: "unreadable", cause });
  });
  if (!found.isFile()) throw errorOf(path, { kind: "not-a-profile", detail: "it is no file" });
  if (path.endsWith(".jsonl")) return checked(path, await readBatchesFile(path, reading), reading);
  const head = await readHead(path).catch((cause: unknown) => {
    throw errorOf(path, { kind: "unreadable", cause });
  });
  if (found.size === 0) throw errorOf(path, { kind: "not-a-profile", detail: "it is empty" });
  if (head.packed && head.bytes.length === 0) throw errorOf(path, { kind: "damaged" });
  const format = formatOf(head.bytes);
  if (format === "perf-data") throw errorOf(path, { kind: "not-a-profile", detail: PERF_DATA });
  const read = format === "pprof" ? await readPprof(path, found.size, reading) : await readText(path, format, head.packed, reading);
  return checked(path, read, reading);
}

async function readPprof(path: string, size: number, reading: Reading): Promise<ReadProfile> {
  const { errorOf, drive } = reading;
  if (size > MAX_FILE_BYTES) throw errorOf(path, { kind: "too-large", bytes: size, limit: MAX_FILE_BYTES });
  const raw = await readFile(path).catch((cause: unknown) => {
    throw errorOf(path, { kind: "unreadable", cause });
  });
  const { bytes, truncated } = isGzip(raw) ? await unpackAll(path, raw, reading) : { bytes: raw, truncated: [] };
  const { recording, warnings } = await drive(decodePprofInSteps(bytes));
  return { recording, warnings: [...truncated, ...warnings] };
}

/** Text is read piece by piece. Where it was packed and is damaged it is read again in smaller pieces, to lose less of it. */
async function readText(path: string, format: TextFormat, packed: boolean, { errorOf, drive }: Reading): Promise<ReadProfile> {
  const attempt = async (small: boolean): Promise<{ result: Streamed; reader: StreamReader }> => {
    const reader = READERS[format]();
    const result = await readStreamed(path, reader, { packed, small, limit: MAX_TEXT_BYTES }).catch((cause: unknown) => {
      throw errorOf(path, { kind: "unreadable", cause });
    });
    if (result.kind === "too-large") throw errorOf(path, { kind: "too-large", bytes: MAX_TEXT_BYTES + 1, limit: MAX_TEXT_BYTES });
    return { result, reader };
  };
  const first = await attempt(false);
  const damaged = first.result.kind === "damaged";
  const { reader } = damaged ? await attempt(true) : first;
  const { recording, warnings } = await drive(reader.end());
  return { recording, warnings: damaged ? [...new Set([DAMAGED, ...warnings])] : warnings };
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

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
