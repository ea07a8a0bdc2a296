import { at, type GraphTree } from "./graph-tree.js";

/** The horizontal part of the tree that is on the screen, in the unit of the tree: `start` < `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The deepest zoom, as a share of the root: beyond it neighbouring boxes would share a 64-bit float. */
const SMALLEST_SHARE = 1e-9;

export function fullRange(tree: GraphTree): Range {
  return { start: 0, end: tree.total };
}

export function rangeOfNode(tree: GraphTree, node: number): Range {
  const start = at(tree.left, node);
  return clampRange(tree, { start, end: start + at(tree.value, node) });
}

/** `factor` under 1 zooms in; `position` is where the pointer is, 0 (left) to 1 (right), and stays in place. */
export function zoomRange(tree: GraphTree, range: Range, factor: number, position: number): Range {
  const span = range.end - range.start;
  const center = range.start + span * position;
  const zoomed = Math.min(Math.max(span * factor, tree.total * SMALLEST_SHARE), tree.total);
  return clampRange(tree, { start: center - zoomed * position, end: center + zoomed * (1 - position) });
}

/** Moves by a share of what is visible; positive moves the view to the right. */
export function panRange(tree: GraphTree, range: Range, share: number): Range {
  const by = (range.end - range.start) * share;
  return clampRange(tree, { start: range.start + by, end: range.end + by });
}

/** Moves a range into the tree without changing its span where that fits. */
export function clampRange(tree: GraphTree, range: Range): Range {
  const span = Math.min(Math.max(range.end - range.start, tree.total * SMALLEST_SHARE), tree.total);
  const start = Math.min(Math.max(range.start, 0), tree.total - span);
  return { start, end: start + span };
}

export function isFullRange(tree: GraphTree, range: Range): boolean {
  return range.end - range.start >= tree.total * (1 - 1e-9);
}

/** Between two ranges, for the short animation of a zoom; `progress` 0 to 1. */
export function mixRanges(from: Range, to: Range, progress: number): Range {
  return { start: from.start + (to.start - from.start) * progress, end: from.end + (to.end - from.end) * progress };
}

/** The deepest node that spans the whole range. */
export function nodeSpanning(tree: GraphTree, range: Range): number {
  const slack = (range.end - range.start) * 1e-6;
  let node = 0;
  for (let child = 1; child < at(tree.end, node); ) {
    const left = at(tree.left, child);
    if (left <= range.start + slack && left + at(tree.value, child) >= range.end - slack) {
      node = child;
      child++;
    } else {
      child = at(tree.end, child);
    }
  }
  return node;
}
