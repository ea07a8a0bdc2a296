import { findIn } from "../analysis/findings.js";
import type { Finding, FindingPlace } from "../protocol/findings.js";
import type { Selection } from "../protocol/queries.js";
import { isCellPath } from "../source/notebook-cells.js";
import type { LoadedRecording } from "./loaded-recording.js";

/** What the analyses find in a selection, with places on this machine. */
export async function recordingFindings(loaded: LoadedRecording, selection: Selection): Promise<readonly Finding[]> {
  const view = await loaded.view(selection);
  const { places, recording } = loaded;
  const placeOf = (fn: number, line: number): FindingPlace => {
    const id = places.lineOfRecorded(fn, line);
    const file = id < 0 ? undefined : places.shownPaths[places.linePath.at(id)];
    const functionName = recording.functions.labelOf(fn);
    if (file === undefined) return { location: null, functionName };
    const foundLine = Math.max(1, places.lineNumber.at(id));
    // Its path is made of a hash, which tells nobody anything.
    return isCellPath(file) ? { location: null, functionName, cellLine: foundLine } : { location: { file, line: foundLine }, functionName };
  };
  return findIn(recording, selection, view.sum, { isMine: (fn) => loaded.owner(fn) === "mine", placeOf });
}
