import { toBase64 } from "./base64.js";
import { bottomUpNodes } from "./bottom-up.js";
import { stackSums } from "./cost.js";
import { type Change, compareRows, type DifferenceRow } from "./difference.js";
import { functionTree, inclusive } from "./function-tree.js";
import { PairTable } from "./pair-table.js";
import { preorder } from "./preorder.js";
import type { Recording } from "./recording.js";
import { timeBlocks } from "./time-blocks.js";
import type { CallTree, TreeOptions } from "./tree.js";
import { type Selection, type TreeDifference, VERDICTS } from "../protocol/queries.js";

/** The largest boxes are judged, so many that it takes some tenths of a second; nobody looks at more. */
const JUDGED_NODES = 400;

/** A recording's part of a comparison; `pairOf` gives each function's number, equal for the same function of both. */
export interface TreeSide {
  readonly recording: Recording;
  readonly selection: Selection;
  readonly pairOf: Int32Array;
}

/** The tree of both; its functions are the numbers of `pairOf`, its values the mean of both sides. */
export interface DifferenceTree extends CallTree {
  readonly difference: TreeDifference;
}

/**
 * Lays the trees of two recordings over each other. What only one has is there, too.
 *
 * ```
 * base  main 4 ─ f 4           new  main 6 ─ f 4         both  main 5 (4 → 6) ─ f 4 (4 → 4)
 *                                          └ g 2                             └ g 1 (0 → 2)
 * ```
 */
export function differenceTree(base: TreeSide, next: TreeSide, { direction, minimumShare, steady }: TreeOptions): DifferenceTree {
  const merged = new PairTable();
  const sides = { base: sideOf(base, merged), next: sideOf(next, merged) };
  const measure = sides.base.blocks.durationNs > 0 && sides.next.blocks.durationNs > 0 ? "second" : "share";
  const scale = measure === "second" ? sides.next.blocks.durationNs / 1e9 : sides.next.sum;
  // What the base is multiplied by to be as long as the new one, or as much.
  const ofBase = measure === "second" ? sides.base.blocks.durationNs / 1e9 : sides.base.sum;
  const stretch = ofBase > 0 ? scale / ofBase : 0;
  const parents = merged.first.view();
  const self = sides.next.self(next.selection).map((value) => value / 2);
  sides.base.self(base.selection).forEach((value, node) => (self[node] = (self[node] ?? 0) + (value * stretch) / 2));
  const total = (sides.next.sum + sides.base.sum * stretch) / 2;
  const minimum = minimumShare > 0 ? minimumShare * total : 0;
  const down = direction !== "bottom-up";
  const nodes = down
    ? { parent: parents, function: merged.second.view(), self, value: inclusive(self, parents), folded: 0, foldedValue: 0 }
    : bottomUpNodes({ parent: merged.first, function: merged.second }, self, minimum);
  const valuesOf = down ? (own: Float64Array) => inclusive(own, parents) : bottomUpValues(merged, nodes);
  const stackless = total - self.reduce((sum, value) => sum + value, 0);
  const tree = preorder(nodes, { sum: total, minimum, stackless: stackless > total * 1e-9 ? stackless : 0, steady });
  const judged = Array.from(tree.value.keys())
    .sort((a, b) => (tree.value[b] ?? 0) - (tree.value[a] ?? 0))
    .slice(0, JUDGED_NODES);
  const cells = (side: "base" | "next") =>
    judgedCells(
      sides[side],
      judged.map((node) => tree.source[node] ?? -1),
      valuesOf,
    );
  const [before, after] = [cells("base"), cells("next")];
  // Boxes that stand on each other without a side branch are one thing, and so one question.
  const rowOf = new Map<string, number>();
  const rows: DifferenceRow[] = [];
  const asked = judged.map((_, row) => {
    const key = `${before[row]?.join()} ${after[row]?.join()}`;
    const known = rowOf.get(key) ?? rows.push({ base: before[row], next: after[row] }) - 1;
    rowOf.set(key, known);
    return known;
  });
  const { changes, untold } = compareRows(sides.base.blocks, sides.next.blocks, rows, measure, "absolute");
  const changeOf: (Change | undefined)[] = [];
  judged.forEach((node, row) => (changeOf[node] = changes[asked[row] ?? -1]));
  const baseValues = valuesOf(sides.base.self(base.selection));
  const baseOf = (node: number): number => (node < 0 ? sides.base.sum : (baseValues[node] ?? 0)) * stretch;
  const ends = (end: "low" | "high") =>
    Float64Array.from({ length: tree.nodes }, (_, node) => (changeOf[node]?.[end] ?? Number.NaN) * scale);
  const verdict = Int32Array.from({ length: tree.nodes }, (_, node) =>
    VERDICTS.indexOf(changeOf[node]?.verdict ?? (untold === undefined ? "few" : "untold")),
  );
  return {
    ...tree,
    total,
    samples: sides.base.samples + sides.next.samples,
    difference: {
      measure,
      scale,
      untold: untold ?? null,
      base: toBase64(Float64Array.from(tree.source, baseOf)),
      low: toBase64(ends("low")),
      high: toBase64(ends("high")),
      verdict: toBase64(verdict),
    },
  };
}

/** One recording's stacks as nodes of the merged tree. */
function sideOf({ recording, selection, pairOf }: TreeSide, merged: PairTable) {
  const tree = functionTree(recording);
  const [parents, functions] = [tree.parent.view(), tree.function.view()];
  const nodeOf = new Int32Array(tree.length);
  for (let node = 0; node < nodeOf.length; node++) {
    const parent = parents[node] ?? -1;
    nodeOf[node] = merged.intern(parent < 0 ? -1 : (nodeOf[parent] ?? -1), pairOf[functions[node] ?? 0] ?? 0);
  }
  const { sum, samples } = stackSums(recording, selection);
  return {
    blocks: timeBlocks(recording, selection),
    sum,
    samples,
    /** Own cost by merged node. */
    self(part: Selection): Float64Array {
      const own = new Float64Array(merged.length);
      tree.costs(stackSums(recording, part).self).self.forEach((value, node) => {
        const at = nodeOf[node] ?? 0;
        own[at] = (own[at] ?? 0) + value;
      });
      return own;
    },
  };
}

/** Cost by block of each of some nodes; -1 is the root. */
function judgedCells(
  side: ReturnType<typeof sideOf>,
  nodes: readonly number[],
  valuesOf: (self: Float64Array) => Float64Array,
): Float64Array[] {
  const { blocks } = side;
  const cells = nodes.map(() => new Float64Array(blocks.selections.length));
  blocks.selections.forEach((selection, block) => {
    const values = valuesOf(side.self(selection));
    nodes.forEach((node, row) => {
      const cell = cells[row];
      if (cell !== undefined) cell[block] = node < 0 ? (blocks.sums[block] ?? 0) : (values[node] ?? 0);
    });
  });
  return cells;
}

/** Values of a bottom-up tree's nodes from own costs: each cost goes up its callers as far as the tree has them. */
function bottomUpValues(merged: PairTable, nodes: { readonly parent: Int32Array; readonly function: Int32Array }) {
  const known = new PairTable();
  nodes.parent.forEach((parent, node) => known.intern(parent, nodes.function[node] ?? 0));
  const [parents, functions] = [merged.first.view(), merged.second.view()];
  return (self: Float64Array): Float64Array => {
    const values = new Float64Array(nodes.parent.length);
    self.forEach((cost, leaf) => {
      let at = -1;
      for (let node = leaf; cost > 0 && node >= 0; node = parents[node] ?? -1) {
        at = known.find(at, functions[node] ?? 0);
        if (at < 0) return;
        values[at] = (values[at] ?? 0) + cost;
      }
    });
    return values;
  };
}
