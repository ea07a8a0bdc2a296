import { isAbsolute } from "node:path";
import { encodeCollapsed } from "../profile/formats/collapsed.js";
import type { Selection } from "../protocol/queries.js";
import { writeAtomically } from "./atomic-file.js";
import { ServerError } from "./failures.js";
import { encodeGzippedPprof } from "./keep-recording.js";
import type { LoadedRecording } from "./loaded-recording.js";

/** Writes the recording to a file: all of it as gzipped pprof, or the selection as collapsed stacks. Sources and command lines stay here. */
export async function exportRecording(
  loaded: LoadedRecording,
  { path, format, selection }: { path: string; format: "pprof" | "collapsed"; selection: Selection },
): Promise<{ bytes: number }> {
  if (!isAbsolute(path)) {
    throw new ServerError({ kind: "not-written", path, reason: "the path is not absolute" });
  }
  const data =
    format === "pprof"
      ? await encodeGzippedPprof(loaded, { commandLines: false })
      : Buffer.from(encodeCollapsed(loaded.recording, selection));
  await writeAtomically(path, data);
  return { bytes: data.byteLength };
}
