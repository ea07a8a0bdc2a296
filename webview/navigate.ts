import { at, type GraphTree } from "./graph-tree.js";

export type Direction = "up" | "down" | "left" | "right";

/**
 * The box that an arrow key leads to: the caller above, the widest callee below, or the neighbour in the same row.
 * Boxes under `minimumValue` are stepped over, since they cannot be seen. Stays where there is none.
 */
export function neighbour(tree: GraphTree, node: number, direction: Direction, minimumValue: number): number {
  if (node < 0) return 0;
  switch (direction) {
    case "up":
      return Math.max(0, at(tree.parent, node));
    case "down":
      return childrenByValue(tree, node, 1)[0] ?? node;
    case "left":
    case "right":
      return inRow(tree, node, direction === "left" ? -1 : 1, minimumValue);
  }
}

/** The widest children of a node, widest first, at most `limit`. */
export function childrenByValue(tree: GraphTree, node: number, limit: number): number[] {
  const children: number[] = [];
  for (let child = node + 1; child < at(tree.end, node); child = at(tree.end, child)) {
    const last = children.at(-1);
    if (children.length >= limit && last !== undefined && at(tree.value, child) <= at(tree.value, last)) continue;
    let place = children.length;
    while (place > 0 && at(tree.value, children[place - 1] ?? 0) < at(tree.value, child)) place--;
    children.splice(place, 0, child);
    if (children.length > limit) children.pop();
  }
  return children;
}

function inRow(tree: GraphTree, node: number, step: 1 | -1, minimumValue: number): number {
  const row = at(tree.depth, node);
  for (let next = node + step; next > 0 && next < tree.count; next += step) {
    if (at(tree.depth, next) === row && at(tree.value, next) >= minimumValue) return next;
  }
  return node;
}
