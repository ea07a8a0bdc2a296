import * as files from "../profile-files/read-profile.js";
import * as rings from "../profile-files/read-ring.js";
import { reasonOf, ServerError } from "./failures.js";
import { inTurns } from "./pacing.js";

const reading: files.Reading = { errorOf, drive: inTurns };

/** Reads a profile's file, whatever its name says, and gives other requests their turns. Throws a {@link ServerError} when nothing could be read. */
export function readProfile(path: string): Promise<files.ReadProfile> {
  return files.readProfile(path, reading);
}

/** Reads a recording's messages, also of one that ended in a crash. */
export function readBatchesFile(path: string): Promise<files.ReadProfile> {
  return files.readBatchesFile(path, reading);
}

/** Reads the last minutes of what is kept by Keep Profiling. */
export function readRing(folder: string, lastMinutes: number): Promise<files.ReadProfile> {
  return rings.readRing(folder, lastMinutes, reading);
}

function errorOf(path: string, failure: files.ReadFailure): ServerError {
  switch (failure.kind) {
    case "missing":
      return new ServerError({ kind: "not-found", path });
    case "unreadable":
      return new ServerError({ kind: "unreadable", path, reason: reasonOf(failure.cause) });
    case "too-large":
      return new ServerError({ kind: "too-large", path, bytes: failure.bytes, limit: failure.limit });
    case "damaged":
      return new ServerError({ kind: "damaged", path });
    case "not-a-profile":
      return new ServerError({ kind: "not-a-profile", path });
  }
}
