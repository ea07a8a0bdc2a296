import { differenceTree } from "../profile/difference-tree.js";
import { functionColumns, physicalFunctions, type TreeFunction, treeColumns } from "../profile/tree-columns.js";
import type { TreeOptions } from "../profile/tree.js";
import { toBase64 } from "../profile/base64.js";
import type { Selection, TreeColumns } from "../protocol/queries.js";
import { type MatchedRow, matchRows } from "../source/match-rows.js";
import { type Baseline, baselineSelection } from "./baseline.js";
import type { LoadedRecording } from "./loaded-recording.js";
import type { View } from "./view.js";

/** The tree of a recording laid over that of its baseline; null when neither has samples, those that are left out included. */
export async function comparedTree(
  loaded: LoadedRecording,
  baseline: Baseline,
  selection: Selection,
  options: TreeOptions,
): Promise<TreeColumns | null> {
  const base = baselineSelection(baseline, loaded.recording, selection);
  // Where functions are, and so which are the same, depends on where they were found.
  const view = await loaded.view(selection);
  await baseline.loaded.view(base);
  const { base: basePair, next: nextPair } = matchRows(matchedFunctions(baseline.loaded), matchedFunctions(loaded));
  const tree = differenceTree(
    { recording: baseline.loaded.recording, selection: base, pairOf: basePair },
    { recording: loaded.recording, selection, pairOf: nextPair },
    options,
  );
  const { leftOut } = view;
  if (tree.samples === 0 && leftOut === 0) {
    return null;
  }
  const described: (TreeFunction | undefined)[] = [];
  describe(described, baseline.loaded, basePair, () => -1);
  describe(described, loaded, nextPair, (fn) => fn);
  const rowOf = new Map<number, number>();
  const rows: TreeFunction[] = [];
  const functions = tree.function.map((pair) => {
    const row = described[pair];
    if (row === undefined) return -1;
    const known = rowOf.get(pair) ?? rows.push(row) - 1;
    rowOf.set(pair, known);
    return known;
  });
  const columns = treeColumns(loaded.recording, { ...tree, function: new Int32Array(0) }, selection.event, () => "unknown", leftOut);
  return { ...columns, function: toBase64(functions), functions: functionColumns(rows), difference: tree.difference, ...rangeMember(view) };
}

/** A recording's functions as they are found again in another one. */
export function matchedFunctions({ recording, places }: LoadedRecording): MatchedRow[] {
  const { functions } = recording;
  return Array.from({ length: functions.length }, (_, fn) => ({
    name: functions.labelOf(fn),
    file: places.shownPaths[places.pathOfFunction(fn)] ?? (functions.fileOf(fn) || functions.moduleOf(fn)),
    line: 0,
  }));
}

/** Fills in the functions of one recording by pair; of several in a pair the first. */
function describe(
  described: (TreeFunction | undefined)[],
  loaded: LoadedRecording,
  pairOf: Int32Array,
  idOf: (fn: number) => number,
): void {
  const physical = physicalFunctions(loaded.recording);
  for (let fn = pairOf.length - 1; fn >= 0; fn--) {
    const inlined = physical[fn] !== 1;
    described[pairOf[fn] ?? 0] = { tables: loaded.recording, fn, id: idOf(fn), owner: loaded.owner(fn), inlined };
  }
}

/** What a tree says of the range that it is of. */
export function rangeMember({ range, durationNs }: View): Pick<TreeColumns, "range"> {
  return range === "" ? {} : { range: { words: range, durationNs } };
}
