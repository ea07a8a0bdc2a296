import type { Finding } from "../protocol/findings.js";
import { at, type GraphTree } from "./graph-tree.js";
import { type Ink, ROW_HEIGHT } from "./painter.js";
import { rgbOf } from "./palette.js";
import type { Pen } from "./picture.js";
import type { Range } from "./viewport.js";

/** Nodes by finding, -1 where it has none, and where boxes lie: device pixels, as `paint` has them. */
interface NumberedBoxes {
  readonly nodes: readonly number[];
  readonly range: Range;
  readonly width: number;
  readonly firstRow: number;
  readonly offsetY: number;
}

/** The box that a finding is drawn on: that of its frames in a top-down graph, else the widest of its innermost function; -1 without. */
export function nodeOfFinding(tree: GraphTree, { frames }: Finding): number {
  const ids = tree.functions.id;
  let node = 0;
  for (const frame of frames) {
    let child = node + 1;
    while (child < at(tree.end, node) && ids[at(tree.fn, child)] !== frame) child = at(tree.end, child);
    if (child >= at(tree.end, node)) return widestOf(tree, frames.at(-1) ?? -1);
    node = child;
  }
  return node > 0 ? node : -1;
}

function widestOf(tree: GraphTree, id: number): number {
  let widest = -1;
  for (let node = 1; node < tree.count; node++) {
    if (tree.functions.id[at(tree.fn, node)] === id && (widest < 0 || at(tree.value, node) > at(tree.value, widest))) widest = node;
  }
  return widest;
}

/** Draws the number of each finding (1, 2 …) at the right end of its box. */
export function drawFindings(pen: Pen, tree: GraphTree, ink: Ink, { nodes, range, width, firstRow, offsetY }: NumberedBoxes): void {
  const perUnit = width / (range.end - range.start);
  const row = Math.round(ROW_HEIGHT * ink.ratio);
  const size = row - Math.round(5 * ink.ratio);
  nodes.forEach((node, index) => {
    if (node < 0) return;
    const left = Math.max(0, (at(tree.left, node) - range.start) * perUnit);
    const right = Math.min(width, (at(tree.left, node) + at(tree.value, node) - range.start) * perUnit);
    if (right - left < 2 * ink.ratio) return;
    const y = (at(tree.depth, node) - firstRow) * row - offsetY + Math.round(2 * ink.ratio);
    const x = Math.round(Math.max(left, right - size - 2 * ink.ratio));
    pen.fillStyle = ink.palette.text;
    pen.fillRect(x, y, size, size);
    // In high contrast the background is as black as the text.
    pen.fillStyle = rgbOf(ink.palette.text)[0] < 128 ? "#ffffff" : "#000000";
    pen.font = ink.font;
    pen.fillText(String(index + 1), x + Math.round((size - ink.glyph) / 2), y + Math.round(size * 0.8));
  });
}
