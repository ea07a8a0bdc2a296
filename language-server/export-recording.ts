import { isAbsolute } from "node:path";
import { atOnce } from "../profile/steps.js";
import { encodeInSteps, type TextExport } from "../profile-files/export-profile.js";
import { readPageAssets } from "../profile-files/html-page.js";
import type { ParamsOf } from "../protocol/language-server.js";
import type { Selection } from "../protocol/queries.js";
import { writeAtomically } from "./atomic-file.js";
import { reasonOf, ServerError } from "./failures.js";
import { encodeGzippedPprof } from "./keep-recording.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { inTurns } from "./pacing.js";

/** Writes the recording to a file: all of it as pprof, speedscope or a page, or the selection's event. Sources and command lines stay here. */
export async function exportRecording(
  loaded: LoadedRecording,
  { path, format, selection, assets }: ParamsOf<"flameline/export">,
): Promise<{ bytes: number }> {
  if (!isAbsolute(path)) {
    throw new ServerError({ kind: "not-written", path, reason: "the path is not absolute" });
  }
  const data =
    format === "pprof"
      ? await encodeGzippedPprof(loaded, { commandLines: false })
      : await textOf(loaded, format, selection, assets).catch((error: unknown) => {
          throw new ServerError({ kind: "not-written", path, reason: reasonOf(error) });
        });
  await writeAtomically(path, data);
  return { bytes: data.byteLength };
}

async function textOf(loaded: LoadedRecording, format: TextExport, selection: Selection, assets: string | undefined): Promise<Uint8Array> {
  const { recording, name, live } = loaded;
  const page = format === "html" ? await readPageAssets(assets ?? "") : undefined;
  // Whose code a function is depends on where it was found.
  if (format === "html") await loaded.view(selection);
  const content = {
    recording,
    name,
    event: selection.event,
    warnings: loaded.summary().warnings,
    ownerOf: (fn: number) => loaded.owner(fn),
  };
  const steps = encodeInSteps(format, content, page);
  const parts = live ? atOnce(steps) : await inTurns(steps);
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
