import type { Selection, TreeDirection } from "../protocol/queries.js";
import { bottomUpNodes } from "./bottom-up.js";
import { stackSums } from "./cost.js";
import { functionTree } from "./function-tree.js";
import { preorder, type TreeNodes } from "./preorder.js";
import type { RecordingTables } from "./tables.js";

export interface TreeOptions {
  readonly direction: TreeDirection;
  /** Nodes under this share of the sum are folded away with all that is below them; 0 keeps every node with cost. */
  readonly minimumShare: number;
  /**
   * Siblings in the order in which their functions were first seen, so that a box of a recording that grows keeps its place; by falling value
   * without.
   */
  readonly steady?: boolean;
}

/**
 * A call tree as columns, nodes in preorder, siblings by falling value unless `steady`. Node 0 is the root "all" with function -1.
 * Bottom-up, the root's children are the innermost functions and children are callers; only those innermost nodes have
 * *self*, equal to their value.
 */
export interface CallTree {
  readonly nodes: number;
  readonly maxDepth: number;
  readonly function: Int32Array;
  /** Index of the first node after this node's subtree. */
  readonly end: Int32Array;
  /** 0 at the root. */
  readonly depth: Int32Array;
  readonly self: Float64Array;
  readonly value: Float64Array;
  /** Sum and number of samples of the selection. */
  readonly total: number;
  readonly samples: number;
  /** Subtrees that were left out (each may have many nodes), and the sum of their values: a sample is in at most one. */
  readonly folded: number;
  readonly foldedValue: number;
}

export function callTree(recording: RecordingTables, selection: Selection, options: TreeOptions): CallTree {
  const sums = stackSums(recording, selection);
  const tree = functionTree(recording);
  const costs = tree.costs(sums.self);
  // A share of nothing would fold nothing; a share of NaN everything. Both mean "keep what has cost".
  const minimum = options.minimumShare > 0 ? options.minimumShare * sums.sum : 0;
  const nodes: TreeNodes =
    options.direction !== "bottom-up"
      ? { parent: tree.parent.view(), function: tree.function.view(), ...costs, folded: 0, foldedValue: 0 }
      : bottomUpNodes(tree, costs.self, minimum);
  return {
    ...preorder(nodes, { sum: sums.sum, minimum, stackless: stackless(sums), steady: options.steady }),
    total: sums.sum,
    samples: sums.samples,
  };
}

/** Cost of samples that have no stack: it belongs to the root itself. */
function stackless(sums: { self: Float64Array; sum: number }): number {
  let withStack = 0;
  for (const value of sums.self) withStack += value;
  // Sums of doubles in another order differ in the last digits; that is not cost.
  const rest = sums.sum - withStack;
  return rest > sums.sum * 1e-9 ? rest : 0;
}
