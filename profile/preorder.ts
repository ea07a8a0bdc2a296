import { atOnce, inPieces, type Steps } from "./steps.js";

/** A tree by parent pointers, and how much of it was left out when it was made. */
export interface TreeNodes {
  /** -1 for the children of the root, else smaller than the node's own index. */
  readonly parent: Int32Array;
  readonly function: Int32Array;
  readonly self: Float64Array;
  readonly value: Float64Array;
  readonly folded: number;
  readonly foldedValue: number;
}

export interface PreorderTree {
  readonly nodes: number;
  readonly maxDepth: number;
  readonly function: Int32Array;
  readonly end: Int32Array;
  readonly depth: Int32Array;
  /** Where each node was in the given tree; -1 for the root. */
  readonly source: Int32Array;
  readonly self: Float64Array;
  readonly value: Float64Array;
  readonly folded: number;
  readonly foldedValue: number;
}

/** Between two pauses. */
const NODES_A_STEP = 32_768;

interface PreorderOptions {
  readonly sum: number;
  readonly minimum: number;
  readonly stackless: number;
  readonly steady?: boolean | undefined;
}

/** Puts the nodes of at least `minimum` (and with cost) into preorder below a root "all", siblings by falling value, or `steady` by function: functions are numbered as they are first seen. */
export function preorder(tree: TreeNodes, options: PreorderOptions): PreorderTree {
  return atOnce(preorderSteps(tree, options));
}

/** The same in pieces. */
export function* preorderSteps(tree: TreeNodes, options: PreorderOptions): Steps<PreorderTree> {
  const { firstChild, nextSibling, nodes, folded, foldedValue } = yield* linkChildren(tree, options.minimum, options.steady === true);
  const columns = {
    function: new Int32Array(nodes),
    end: new Int32Array(nodes),
    depth: new Int32Array(nodes),
    source: new Int32Array(nodes),
    self: new Float64Array(nodes),
    value: new Float64Array(nodes),
  };
  columns.function[0] = -1;
  columns.source[0] = -1;
  columns.value[0] = options.sum;
  columns.self[0] = options.stackless;
  let maxDepth = 0;
  let next = 1;
  let depth = 1;
  /** Where each node of the path stands in the answer, by depth. */
  const path: number[] = [0];
  const root = tree.parent.length;
  let node = firstChild[root] ?? -1;
  while (node >= 0) {
    columns.function[next] = tree.function[node] ?? 0;
    columns.depth[next] = depth;
    columns.source[next] = node;
    columns.self[next] = tree.self[node] ?? 0;
    columns.value[next] = tree.value[node] ?? 0;
    if (depth > maxDepth) maxDepth = depth;
    path[depth] = next++;
    if (next % NODES_A_STEP === 0) yield;
    const child = firstChild[node] ?? -1;
    if (child >= 0) {
      depth++;
      node = child;
      continue;
    }
    columns.end[path[depth] ?? 0] = next;
    while (node >= 0 && (nextSibling[node] ?? -1) < 0) {
      node = tree.parent[node] ?? -1;
      depth--;
      columns.end[path[depth] ?? 0] = next;
    }
    if (node >= 0) node = nextSibling[node] ?? -1;
  }
  columns.end[0] = next;
  return { nodes, maxDepth, ...columns, folded: tree.folded + folded, foldedValue: tree.foldedValue + foldedValue };
}

/** Lists of kept children in their order; the root's stand at index `parent.length`. */
function* linkChildren(tree: TreeNodes, minimum: number, steady: boolean) {
  const { parent, value, function: functions } = tree;
  const root = parent.length;
  const firstChild = new Int32Array(root + 1).fill(-1);
  const nextSibling = new Int32Array(root).fill(-1);
  let nodes = 1;
  let folded = 0;
  let foldedValue = 0;
  yield* inPieces(root, (from, to) => {
    for (let node = from; node < to; node++) {
      const cost = value[node] ?? 0;
      if (cost === 0) continue;
      const above = parent[node] ?? -1;
      const aboveKept = above < 0 || (value[above] ?? 0) >= minimum;
      if (cost < minimum) {
        // Only the top of a folded subtree counts: its value holds those below.
        if (aboveKept) {
          folded++;
          foldedValue += cost;
        }
        continue;
      }
      nodes++;
      const list = above < 0 ? root : above;
      nextSibling[node] = firstChild[list] ?? -1;
      firstChild[list] = node;
    }
  });
  const scratch: number[] = [];
  yield* inPieces(root + 1, (from, to) => {
    for (let list = from; list < to; list++) {
      const first = firstChild[list] ?? -1;
      if (first < 0 || (nextSibling[first] ?? -1) < 0) continue;
      scratch.length = 0;
      for (let node = first; node >= 0; node = nextSibling[node] ?? -1) scratch.push(node);
      // Equal values keep the order in which they first came, so that a live graph does not flicker.
      if (steady) scratch.sort((a, b) => (functions[a] ?? 0) - (functions[b] ?? 0));
      else scratch.sort((a, b) => (value[b] ?? 0) - (value[a] ?? 0) || a - b);
      for (let i = 0; i < scratch.length; i++) nextSibling[scratch[i] ?? 0] = scratch[i + 1] ?? -1;
      firstChild[list] = scratch[0] ?? -1;
    }
  });
  return { firstChild, nextSibling, nodes, folded, foldedValue };
}
