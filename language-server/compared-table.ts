import { compareRows } from "../profile/difference.js";
import type { FunctionRow, Selection, TableScope } from "../protocol/queries.js";
import { matchRows } from "../source/match-rows.js";
import { type Baseline, baselineSelection } from "./baseline.js";
import { matchedFunctions } from "./compared-tree.js";
import { blockViews, lineChange } from "./document-difference.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { shownFunctions } from "./own-cost.js";
import type { View } from "./view.js";

/**
 * Functions by their own cost against the baseline's: those that changed by more than noise first, by falling size of the change, then the
 * others by cost. What only the baseline has is there, too, with function -1. `total` is the sum of the current selection.
 */
export async function comparedFunctions(
  loaded: LoadedRecording,
  baseline: Baseline,
  selection: Selection,
  { limit, mineOnly }: { readonly limit: number; readonly mineOnly: boolean },
): Promise<Pick<TableScope, "total"> & { rows: FunctionRow[] }> {
  const next = { loaded, view: await loaded.view(selection) };
  const base = { loaded: baseline.loaded, view: await baseline.loaded.view(baselineSelection(baseline, loaded.recording, selection)) };
  const pairs = matchRows(matchedFunctions(base.loaded), matchedFunctions(loaded));
  const sumsOf = (side: typeof next, view: View) => (mineOnly ? shownFunctions(side.loaded, view) : view.functions());
  const cellsOf = (side: typeof next, pairOf: Int32Array) => {
    const { blocks, views } = blockViews(side);
    const cells = Array.from({ length: pairs.pairs }, () => new Float64Array(views.length));
    views.forEach((view, block) =>
      sumsOf(side, view).self.forEach((cost, fn) => {
        const row = cells[pairOf[fn] ?? -1];
        if (row !== undefined) row[block] = (row[block] ?? 0) + cost;
      }),
    );
    return { blocks, cells };
  };
  const [before, after] = [cellsOf(base, pairs.base), cellsOf(next, pairs.next)];
  const rowOf: (FunctionRow | undefined)[] = [];
  const describe = (side: typeof next, pairOf: Int32Array, isCurrent: boolean): void => {
    const sums = sumsOf(side, side.view);
    pairOf.forEach((pair, fn) => {
      if (((sums.total[fn] ?? 0) > 0 || (sums.self[fn] ?? 0) > 0) && (!mineOnly || side.loaded.owner(fn) === "mine")) {
        const row = side.loaded.functionRow(side.view, fn, sums);
        rowOf[pair] = isCurrent ? row : { ...row, function: -1, self: 0, total: 0 };
      }
    });
  };
  describe(base, pairs.base, false);
  describe(next, pairs.next, true);
  const present = Array.from(rowOf.keys()).filter((pair) => rowOf[pair] !== undefined);
  const cells = present.map((pair) => ({ base: before.cells[pair], next: after.cells[pair] }));
  const { changes } = compareRows(before.blocks, after.blocks, cells, "second", "found");
  const rows = present.flatMap((pair, index) => {
    const [row, change] = [rowOf[pair], changes[index]];
    if (row === undefined || change === undefined) return [];
    const rank = change.verdict === "more" || change.verdict === "less" ? Math.abs(change.change) : 0;
    return [{ rank, row: { ...row, change: lineChange(change) } }];
  });
  rows.sort((a, b) => b.rank - a.rank || b.row.self - a.row.self || b.row.total - a.row.total);
  return { rows: rows.slice(0, Math.max(0, limit)).map(({ row }) => row), total: next.view.sum };
}
