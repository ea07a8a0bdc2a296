import { findIn } from "../analysis/findings.js";
import type { Finding, FindingPlace } from "../protocol/findings.js";
import type { Selection } from "../protocol/queries.js";
import type { LoadedRecording } from "./loaded-recording.js";

/** What the analyses find in a selection, with places on this machine. */
export async function recordingFindings(loaded: LoadedRecording, selection: Selection): Promise<readonly Finding[]> {
  const view = await loaded.view(selection);
  const { places, recording } = loaded;
  const placeOf = (fn: number, line: number): FindingPlace => {
    const id = places.lineOfRecorded(fn, line);
    const file = id < 0 ? undefined : places.shownPaths[places.linePath.at(id)];
    const location = file === undefined ? null : { file, line: Math.max(1, places.lineNumber.at(id)) };
    return { location, functionName: recording.functions.labelOf(fn) };
  };
  return findIn(recording, selection, view.sum, { isMine: (fn) => loaded.owner(fn) === "mine", placeOf });
}
