import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { encodePprof, encodePprofInSteps } from "../profile/formats/pprof.js";
import { writeAtomically } from "./atomic-file.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { inTurns } from "./pacing.js";

const gzipAsync = promisify(gzip);

/**
 * Bytes of a `.pb.gz` of the recording; one that goes to others has no command lines, which may hold secrets. Other requests get their
 * turns meanwhile, unless the recording still grows: a batch between two steps would move what has been written.
 */
export async function encodeGzippedPprof(
  { recording, live }: Pick<LoadedRecording, "recording" | "live">,
  options: { readonly commandLines: boolean },
): Promise<Uint8Array> {
  return gzipAsync(live ? encodePprof(recording, options) : await inTurns(encodePprofInSteps(recording, options)));
}

/**
 * Writes what is kept of an ended recording: `run.pb.gz` and the sources' index, each whole or not at all, and only then
 * removes `batches.jsonl`. A crash before that leaves the batches, from which the same is done again at the next start.
 *
 * Answers "incomplete" and leaves the batches when the folder has more messages than reached the server: the folder is the
 * truth, and the recording is to be read from there.
 */
export async function keepRecording(loaded: LoadedRecording, folder: string): Promise<"kept" | "incomplete"> {
  const batches = join(folder, "batches.jsonl");
  await loaded.captured();
  await loaded.texts.writeIndex();
  if ((await countLines(batches)) > loaded.messages) {
    return "incomplete";
  }
  await writeAtomically(join(folder, "run.pb.gz"), await encodeGzippedPprof(loaded, { commandLines: true }));
  await rm(batches, { force: true });
  return "kept";
}

/** Complete lines of a file; 0 when it is not there. */
async function countLines(path: string): Promise<number> {
  if ((await stat(path).catch(() => undefined)) === undefined) {
    return 0;
  }
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    for (let at = (chunk as Buffer).indexOf(10); at >= 0; at = (chunk as Buffer).indexOf(10, at + 1)) {
      lines += 1;
    }
  }
  return lines;
}
