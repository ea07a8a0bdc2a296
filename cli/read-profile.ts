/** Reads a profile file of any kind that we know, or a kept recording's folder, as far as it can be read. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { atOnce } from "../profile/steps.js";
import { type ReadFailure, readProfile as readFileOf, type ReadProfile } from "../profile-files/read-profile.js";
import { isRing, readRing } from "../profile-files/read-ring.js";
import { FlamelineError } from "../recorder/failures.js";

/**
 * Reads pprof (gzip or not), collapsed stacks, `batches.jsonl`, a kept recording's folder, or that of `record --keep`, of which
 * `lastMinutes` is what is wanted. Throws where nothing could be read.
 */
export async function readProfile(path: string, lastMinutes = Number.POSITIVE_INFINITY): Promise<ReadProfile> {
  const folder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const reading = { errorOf, drive: atOnce };
  if (folder && (await isRing(path))) return readRing(path, lastMinutes, reading);
  return readFileOf(folder ? await fileIn(path) : path, reading);
}

/** The file of a kept recording: `run.pb.gz` when it is complete, else the batches that a crash has left. */
async function fileIn(folder: string): Promise<string> {
  for (const name of ["run.pb.gz", "batches.jsonl"]) {
    const file = join(folder, name);
    const there = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (there) return file;
  }
  throw errorOf(folder, { kind: "not-a-profile", detail: "it is a folder without run.pb.gz, batches.jsonl and ring.json" });
}

function errorOf(path: string, failure: ReadFailure): FlamelineError {
  switch (failure.kind) {
    case "missing":
      return new FlamelineError({ kind: "file-missing", path });
    case "unreadable": {
      const { cause } = failure;
      return new FlamelineError(
        { kind: "profile-unreadable", path, detail: cause instanceof Error ? cause.message : String(cause) },
        cause,
      );
    }
    case "too-large":
      return new FlamelineError({ kind: "file-too-large", path, bytes: failure.bytes, limit: failure.limit });
    case "damaged":
      return new FlamelineError({ kind: "profile-unreadable", path, detail: "its compressed data is damaged" });
    case "not-a-profile":
      return new FlamelineError({ kind: "profile-unreadable", path, detail: failure.detail });
  }
}
