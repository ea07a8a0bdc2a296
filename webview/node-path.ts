import { at, type GraphTree } from "./graph-tree.js";
import { clampRange, nodeSpanning, type Range } from "./viewport.js";

/**
 * A node told by the functions from the root to it, so that it is found again in a newer tree of the same recording
 * and after a reload. The root's path is empty.
 */
export type NodePath = readonly string[];

/** A place in the tree that survives new samples: a node, and which part of its width is visible. */
export interface Anchor {
  readonly path: NodePath;
  /** Visible part as shares of the node's width; may reach outside 0 to 1. */
  readonly from: number;
  readonly to: number;
}

export function pathOfNode(tree: GraphTree, node: number): NodePath {
  const path: string[] = [];
  for (let at_ = node; at_ > 0; at_ = at(tree.parent, at_)) path.push(functionKey(tree, at(tree.fn, at_)));
  return path.reverse();
}

/** The node with that path, or its deepest ancestor that is in the tree; `complete` tells which. */
export function findPath(tree: GraphTree, path: NodePath): { readonly node: number; readonly complete: boolean } {
  let node = 0;
  for (const key of path) {
    const child = findChild(tree, node, key);
    if (child < 0) return { node, complete: false };
    node = child;
  }
  return { node, complete: true };
}

export function anchorOf(tree: GraphTree, range: Range): Anchor {
  const node = nodeSpanning(tree, range);
  const left = at(tree.left, node);
  const width = at(tree.value, node) || 1;
  return { path: pathOfNode(tree, node), from: (range.start - left) / width, to: (range.end - left) / width };
}

/** The range of an anchor; where its node is gone, the whole of the nearest ancestor that is still there. */
export function rangeOfAnchor(tree: GraphTree, anchor: Anchor): Range {
  const { node, complete } = findPath(tree, anchor.path);
  const left = at(tree.left, node);
  const width = at(tree.value, node);
  const [from, to] = complete && anchor.to > anchor.from ? [anchor.from, anchor.to] : [0, 1];
  return clampRange(tree, { start: left + from * width, end: left + to * width });
}

function findChild(tree: GraphTree, parent: number, key: string): number {
  for (let child = parent + 1; child < at(tree.end, parent); child = at(tree.end, child)) {
    if (functionKey(tree, at(tree.fn, child)) === key) return child;
  }
  return -1;
}

/** What tells a function across trees of one recording. */
export function functionKey(tree: GraphTree, fn: number): string {
  const { name, file, module } = tree.functions;
  return fn < 0 ? "" : `${name[fn]}\n${file[fn]}\n${module[fn]}`;
}

/** The widest node of a function of the recording; -1 when it is not in the tree. */
export function findFunction(tree: GraphTree, id: number): number {
  const fn = tree.functions.id.indexOf(id);
  let widest = -1;
  for (let node = 1; fn >= 0 && node < tree.count; node++) {
    if (at(tree.fn, node) === fn && (widest < 0 || at(tree.value, node) > at(tree.value, widest))) widest = node;
  }
  return widest;
}
