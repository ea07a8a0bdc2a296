/** Reads a profile file of any kind that we know, as far as it can be read. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readBatches } from "../profile/formats/batches.js";
import { decodeCollapsed } from "../profile/formats/collapsed.js";
import { decodePprof } from "../profile/formats/pprof.js";
import type { Recording } from "../profile/recording.js";
import { FlamelineError } from "../recorder/failures.js";

/** Limits of a file as it lies on the disk, unpacked, and as text, bytes. */
const MAX_FILE_BYTES = 512e6;
const MAX_UNPACKED_BYTES = 1.5e9;
const MAX_TEXT_BYTES = 500e6;

const unpack = promisify(gunzip);

export interface ReadProfile {
  readonly recording: Recording;
  /** One sentence for each kind of thing that could not be read. */
  readonly warnings: readonly string[];
}

/** Reads pprof (gzip or not), collapsed stacks, `batches.jsonl`, or a kept recording's folder. Throws where nothing could be read. */
export async function readProfile(path: string): Promise<ReadProfile> {
  const found = await stat(path).catch((error: unknown) => {
    throw new FlamelineError({ kind: "file-missing", path }, error);
  });
  if (found.isDirectory()) return readFolder(path);
  if (path.endsWith(".jsonl")) return checked(path, await readBatchesFile(path));
  if (found.size > MAX_FILE_BYTES) throw tooLarge(path, found.size, MAX_FILE_BYTES);
  const raw = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  });
  if (raw.length === 0) throw unreadable(path, "it is empty");
  const { bytes, truncated } = isGzip(raw) ? await unpackAll(path, raw) : { bytes: raw, truncated: [] };
  const { recording, warnings } = isText(bytes) ? readText(path, bytes) : decodePprof(bytes);
  return checked(path, { recording, warnings: [...truncated, ...warnings] });
}

/** A kept recording: `run.pb.gz` when it is complete, else the batches that a crash has left. */
async function readFolder(path: string): Promise<ReadProfile> {
  for (const name of ["run.pb.gz", "batches.jsonl"]) {
    const file = join(path, name);
    const there = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (there) return readProfile(file);
  }
  throw unreadable(path, "it is a folder without run.pb.gz and batches.jsonl");
}

async function readBatchesFile(path: string): Promise<ReadProfile> {
  const lines: string[] = [];
  let bytes = 0;
  for await (const line of createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY })) {
    bytes += line.length;
    if (bytes > MAX_UNPACKED_BYTES) throw tooLarge(path, bytes, MAX_UNPACKED_BYTES);
    lines.push(line);
  }
  return readBatches(lines);
}

function readText(path: string, bytes: Buffer): ReadProfile {
  if (bytes.length > MAX_TEXT_BYTES) throw tooLarge(path, bytes.length, MAX_TEXT_BYTES);
  return decodeCollapsed(bytes.toString("utf8"));
}

/** A file of which nothing is a sample is no profile, unless it says that it is one in which nothing ran. */
function checked(path: string, read: ReadProfile): ReadProfile {
  const { samples, info } = read.recording;
  if (samples.length > 0 || (info.hz > 0 && info.startUnixMs > 0)) return read;
  throw unreadable(path, read.warnings[0]?.replace(/\.$/, "") ?? "it holds no samples");
}

async function unpackAll(path: string, raw: Buffer): Promise<{ bytes: Buffer; truncated: readonly string[] }> {
  try {
    return { bytes: await unpack(raw, { maxOutputLength: MAX_UNPACKED_BYTES }), truncated: [] };
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(path, MAX_UNPACKED_BYTES + 1, MAX_UNPACKED_BYTES);
    // 2 is Z_SYNC_FLUSH: what is there is unpacked, although the end is missing.
    const bytes = await unpack(raw, { maxOutputLength: MAX_UNPACKED_BYTES, finishFlush: 2 }).catch(() => Buffer.alloc(0));
    if (bytes.length === 0) throw unreadable(path, "its compressed data is damaged", error);
    return { bytes, truncated: ["The file ends before its time: the samples after that are missing."] };
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** pprof's first fields always hold control characters, text never does. */
function isText(bytes: Buffer): boolean {
  return !bytes.subarray(0, 4_096).some((byte) => byte < 9 || (byte > 13 && byte < 32));
}

function unreadable(path: string, detail: string, cause?: unknown): FlamelineError {
  return new FlamelineError({ kind: "profile-unreadable", path, detail }, cause);
}

function tooLarge(path: string, bytes: number, limit: number): FlamelineError {
  return new FlamelineError({ kind: "file-too-large", path, bytes, limit });
}
