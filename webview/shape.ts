import { PairTable } from "../profile/pair-table.js";
import { type PreorderTree, preorderSteps } from "../profile/preorder.js";
import { atOnce, inPieces, inPiecesBackwards, type Steps } from "../profile/steps.js";
import type { CodeOwner, TreeDirection } from "../protocol/queries.js";
import type { GraphShape } from "../protocol/webview.js";
import { at, type GraphTree } from "./graph-tree.js";
import { functionKey } from "./node-path.js";
import { waitKinds } from "./wait-kinds.js";

export const NO_SHAPE: GraphShape = { fold: "nothing", recursion: false, hidden: [] };

/** Whose boxes are folded into their callers. */
const FOLDED: Readonly<Record<GraphShape["fold"], readonly CodeOwner[]>> = {
  nothing: [],
  kernel: ["kernel"],
  runtime: ["kernel", "runtime"],
  libraries: ["kernel", "runtime", "library"],
};

/** How many boxes became part of others, and of whom. */
export interface Shaped {
  readonly folded: number;
  readonly recursive: number;
  readonly hidden: number;
}

/**
 * The tree with some boxes taken into others: those of the kernel, runtimes or libraries and hidden functions into their callers, each
 * recursive call into the first one. No cost is lost: what a box took is its caller's, so all shares are still of the same whole.
 *
 * ```
 * main 9 ─ map 9 (library) ─ f 4        main 9 ─ f 4
 *                                  →           (5 its own)
 * ```
 *
 * A comparison keeps its shape, as its intervals can't be added up, and so does a tree by time, whose neighbours are not to be merged.
 */
export function shapeTree(tree: GraphTree, shape: GraphShape, direction: TreeDirection): GraphTree {
  return atOnce(shapeTreeSteps(tree, shape, direction));
}

/** The same in pieces. */
export function* shapeTreeSteps(tree: GraphTree, shape: GraphShape, direction: TreeDirection): Steps<GraphTree> {
  const { functions } = tree;
  const owners = FOLDED[shape.fold];
  const hiddenKeys = new Set(shape.hidden);
  const isFolded = functions.owner.map((owner) => owners.includes(owner));
  const isHidden = functions.name.map((_, fn) => hiddenKeys.size > 0 && hiddenKeys.has(functionKey(tree, fn)));
  if (tree.difference || tree.info.thread || !(shape.recursion || isFolded.includes(true) || isHidden.includes(true))) return tree;
  const nodes = new PairTable(tree.count);
  const place = new Int32Array(tree.count).fill(-1);
  const counts = { folded: 0, recursive: 0, hidden: 0 };
  yield* inPieces(tree.count, (from, to) => {
    for (let node = Math.max(1, from); node < to; node++) {
      const fn = at(tree.fn, node);
      const above = at(place, at(tree.parent, node));
      if (isHidden[fn] || isFolded[fn]) {
        place[node] = above;
        counts[isHidden[fn] ? "hidden" : "folded"]++;
        continue;
      }
      const same = shape.recursion ? ancestorOf(nodes, above, fn) : -1;
      if (same >= 0) counts.recursive++;
      place[node] = same >= 0 ? same : nodes.intern(above, fn);
    }
  });
  const [self, own] = [new Float64Array(nodes.length), yield* ownCosts(tree)];
  const value = new Float64Array(nodes.length);
  let [rootSelf, rootOwn] = [0, 0];
  yield* inPieces(tree.count, (from, end) => {
    for (let node = from; node < end; node++) {
      const to = at(place, node);
      if (to < 0) {
        rootSelf += at(tree.self, node);
        rootOwn += at(own, node);
      } else {
        self[to] = at(self, to) + at(tree.self, node);
        value[to] = at(value, to) + at(own, node);
      }
    }
  });
  const parents = nodes.first.view();
  yield* inPiecesBackwards(value.length, (from, to) => {
    for (let node = to - 1; node >= from; node--) {
      const parent = at(parents, node);
      if (parent >= 0) value[parent] = at(value, parent) + at(value, node);
    }
  });
  const input = { parent: parents, function: nodes.second.view(), self, value, folded: 0, foldedValue: 0 };
  const shaped = yield* preorderSteps(input, { sum: tree.total, minimum: 0, stackless: rootSelf });
  return yield* rebuilt(tree, shaped, direction, counts);
}

function ancestorOf(nodes: PairTable, from: number, fn: number): number {
  for (let node = from; node >= 0; node = nodes.first.at(node)) if (nodes.second.at(node) === fn) return node;
  return -1;
}

/** What each node has beside its children: its own cost, and that of children which the server left out. */
function* ownCosts(tree: GraphTree): Steps<Float64Array> {
  const own = tree.value.slice();
  yield* inPieces(tree.count, (from, to) => {
    for (let node = Math.max(1, from); node < to; node++) {
      const parent = at(tree.parent, node);
      own[parent] = Math.max(0, at(own, parent) - at(tree.value, node));
    }
  });
  return own;
}

function* rebuilt(tree: GraphTree, shaped: PreorderTree, direction: TreeDirection, counts: Shaped): Steps<GraphTree> {
  const { nodes: count, maxDepth, end, depth, value, function: fn } = shaped;
  const parent = new Int32Array(count).fill(-1);
  const left = new Float64Array(count);
  const cursor = new Float64Array(count);
  const path: number[] = [0];
  yield* inPieces(count, (from, to) => {
    for (let node = Math.max(1, from); node < to; node++) {
      const above = path[at(depth, node) - 1] ?? 0;
      path[at(depth, node)] = node;
      parent[node] = above;
      left[node] = cursor[node] = at(cursor, above);
      cursor[above] = at(cursor, above) + at(value, node);
    }
  });
  // From the leaves the first row alone has cost of its own.
  const self = direction === "bottom-up" ? value.map((each, node) => (at(depth, node) === 1 ? each : 0)) : shaped.self;
  const waits = yield* waitKinds({ fn, value, parent }, tree.functions);
  return { ...tree, count, maxDepth, fn, end, parent, depth, self, value, left, waits, shaped: counts };
}
