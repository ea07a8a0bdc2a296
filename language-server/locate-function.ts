import type { Selection, SourceLocation } from "../protocol/queries.js";
import { isCellPath } from "../source/notebook-cells.js";
import type { LoadedRecording } from "./loaded-recording.js";
import type { Workspace } from "./workspace.js";

/**
 * Where a function is on this machine: its hottest line in the selection, by self cost, else by total; else its
 * recorded definition; else the one definition of its name in its file. Null when its source is not here.
 */
export async function locateFunction(
  workspace: Workspace,
  loaded: LoadedRecording,
  fn: number,
  selection: Selection,
): Promise<SourceLocation | null> {
  const view = await loaded.view(selection);
  const { functions } = loaded.recording;
  const file = loaded.places.shownPaths[loaded.places.pathOfFunction(fn)];
  if (fn < 0 || fn >= functions.length || file === undefined || isCellPath(file)) {
    return null;
  }
  const line = loaded.hottestLine(view, fn) || functions.lineOf(fn);
  if (line > 0) {
    return { file, line };
  }
  const text = await workspace.files.readText(file);
  const outline = text === undefined ? undefined : await workspace.outline(file, text);
  const name = functions.nameOf(fn);
  const named = outline?.functions.filter((one) => one.qualifiedName === name || (one.name !== "" && name.endsWith(one.name))) ?? [];
  const exact = named.find((one) => one.qualifiedName === name) ?? (named.length === 1 ? named[0] : undefined);
  return { file, line: exact?.nameLine ?? 1 };
}
