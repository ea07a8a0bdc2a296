import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readBatchesInSteps } from "../profile/formats/batches.js";
import { decodeCollapsed } from "../profile/formats/collapsed.js";
import { decodePprofInSteps } from "../profile/formats/pprof.js";
import type { Recording } from "../profile/recording.js";
import { ServerError, reasonOf } from "./failures.js";
import { inTurns } from "./pacing.js";
import { readLines } from "./read-lines.js";

/** The largest profile that is opened, in bytes as it lies on the disk and unpacked. */
const MAX_FILE_BYTES = 512e6;
const MAX_UNPACKED_BYTES = 1.5e9;
/** The longest text that JavaScript holds in one string is a little longer. */
const MAX_TEXT_BYTES = 500e6;

const gunzipAsync = promisify(gunzip);

export interface ReadProfile {
  readonly recording: Recording;
  readonly warnings: readonly string[];
}

/**
 * Reads a profile, whatever its name says: pprof with or without gzip, collapsed stacks, or the messages of a recording.
 * What could not be read of it is in the warnings; throws a {@link ServerError} when nothing could.
 */
export async function readProfile(path: string): Promise<ReadProfile> {
  const found = await stat(path).catch((error: unknown) => {
    throw new ServerError(
      reasonOf(error) === "ENOENT" ? { kind: "not-found", path } : { kind: "unreadable", path, reason: reasonOf(error) },
    );
  });
  if (!found.isFile()) {
    throw new ServerError({ kind: "not-a-profile", path });
  }
  if (path.endsWith(".jsonl")) {
    return readBatchesFile(path);
  }
  if (found.size > MAX_FILE_BYTES) {
    throw new ServerError({ kind: "too-large", path, bytes: found.size, limit: MAX_FILE_BYTES });
  }
  const raw = await readFile(path).catch((error: unknown) => {
    throw new ServerError({ kind: "unreadable", path, reason: reasonOf(error) });
  });
  const { bytes, warnings } = raw[0] === 0x1f && raw[1] === 0x8b ? await unpack(path, raw) : { bytes: raw, warnings: [] };
  const read = isText(bytes) ? collapsed(path, bytes) : await inTurns(decodePprofInSteps(bytes));
  if (
    read.recording.samples.length === 0 &&
    (read.warnings.length > 0 || read.recording.functions.length === 0) &&
    !isEmptyRun(read.recording)
  ) {
    throw new ServerError({ kind: "not-a-profile", path });
  }
  return { recording: read.recording, warnings: [...warnings, ...read.warnings] };
}

/** Reads a recording's messages, also of one that ended in a crash. */
export async function readBatchesFile(path: string): Promise<ReadProfile> {
  try {
    return await inTurns(readBatchesInSteps(readLines(path)));
  } catch (error) {
    throw new ServerError({ kind: "unreadable", path, reason: reasonOf(error) });
  }
}

/** A truncated file gives what was readable of it. */
async function unpack(path: string, raw: Buffer): Promise<{ bytes: Buffer; warnings: string[] }> {
  try {
    return { bytes: await gunzipAsync(raw, { maxOutputLength: MAX_UNPACKED_BYTES }), warnings: [] };
  } catch (error) {
    if (reasonOf(error) === "ERR_BUFFER_TOO_LARGE") {
      throw new ServerError({ kind: "too-large", path, bytes: MAX_UNPACKED_BYTES + 1, limit: MAX_UNPACKED_BYTES });
    }
    // 2 is Z_SYNC_FLUSH: the end of the data need not be the end of the stream.
    const bytes = await gunzipAsync(raw, { maxOutputLength: MAX_UNPACKED_BYTES, finishFlush: 2 }).catch(() => Buffer.alloc(0));
    if (bytes.length === 0) {
      throw new ServerError({ kind: "unreadable", path, reason: "its compressed data is damaged" });
    }
    return { bytes, warnings: ["The file is truncated or damaged: what follows the damage is missing."] };
  }
}

function collapsed(path: string, bytes: Buffer): ReadProfile {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new ServerError({ kind: "too-large", path, bytes: bytes.length, limit: MAX_TEXT_BYTES });
  }
  return decodeCollapsed(bytes.toString("utf8"));
}

/** Text has no control characters but white space; a pprof's first fields always have some. */
function isText(bytes: Buffer): boolean {
  return !bytes.subarray(0, 4096).some((byte) => byte < 9 || (byte > 13 && byte < 32));
}

/** A recording of ours in which nothing ran is no damaged file. */
function isEmptyRun(recording: Recording): boolean {
  return recording.info.startUnixMs > 0 && recording.info.hz > 0;
}
