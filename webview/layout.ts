import { at, type GraphTree } from "./graph-tree.js";
import { isMatch, type Search } from "./search.js";
import type { Range } from "./viewport.js";

/** What is on the screen: rows count from 0 at the root, `width` is in device pixels. */
export interface Screen {
  readonly range: Range;
  readonly width: number;
  readonly firstRow: number;
  /** Inclusive. */
  readonly lastRow: number;
}

/**
 * The boxes to draw, as columns that grow and are used again for each frame. A box is one node, or a run of
 * neighbours in a row that are each narrower than a pixel (`nodes` > 1, and `node` is the first of them).
 */
export class Boxes {
  count = 0;
  /** Nodes that have no box of their own: narrower than a pixel, or under one that is. */
  hidden = 0;
  node = new Int32Array(4096);
  nodes = new Int32Array(4096);
  row = new Int32Array(4096);
  /** Device pixels from the left edge of the screen; boxes are cut at the screen's edges. */
  x = new Int32Array(4096);
  width = new Int32Array(4096);
  /** 1 where the box matches the search; a run matches when anything in it or under it does. */
  matched = new Uint8Array(4096);

  add(node: number, nodes: number, row: number, x: number, width: number, matched: boolean): void {
    if (this.count === this.node.length) this.#grow();
    const i = this.count++;
    this.node[i] = node;
    this.nodes[i] = nodes;
    this.row[i] = row;
    this.x[i] = x;
    this.width[i] = width;
    this.matched[i] = matched ? 1 : 0;
  }

  #grow(): void {
    const grown = <A extends Int32Array | Uint8Array>(old: A, next: A): A => {
      next.set(old);
      return next;
    };
    const size = this.node.length * 2;
    this.node = grown(this.node, new Int32Array(size));
    this.nodes = grown(this.nodes, new Int32Array(size));
    this.row = grown(this.row, new Int32Array(size));
    this.x = grown(this.x, new Int32Array(size));
    this.width = grown(this.width, new Int32Array(size));
    this.matched = grown(this.matched, new Uint8Array(size));
  }
}

/**
 * Lays out what is visible into `boxes`. Subtrees that are off the screen, under its last row or narrower than a
 * pixel are skipped in one step each, so the work is that of the visible boxes and their siblings: at 1,000,000 nodes
 * about a millisecond. Edges are rounded to whole pixels, which keeps them sharp and lets neighbours meet.
 */
export function layoutBoxes(tree: GraphTree, screen: Screen, search: Search | undefined, boxes: Boxes): void {
  boxes.count = 0;
  boxes.hidden = 0;
  const { start, end } = screen.range;
  if (!(end > start) || screen.width <= 0) return;
  const scale = screen.width / (end - start);
  const runs = new Runs(boxes, screen);
  for (let node = 0; node < tree.count; ) {
    const left = at(tree.left, node);
    const value = at(tree.value, node);
    const after = at(tree.end, node);
    if (left >= end && node > 0) {
      node = at(tree.end, at(tree.parent, node)); // everything else under this parent is further right
      continue;
    }
    if (left + value <= start) {
      node = after;
      continue;
    }
    const row = at(tree.depth, node);
    const x = (left - start) * scale;
    if (value * scale < 1) {
      boxes.hidden += after - node;
      if (row >= screen.firstRow) {
        const matched = search !== undefined && at(search.before, after) > at(search.before, node);
        runs.add(node, row, Math.max(0, Math.min(screen.width - 1, Math.floor(x))), matched);
      }
      node = after;
      continue;
    }
    if (row >= screen.firstRow) {
      runs.flush(row);
      const from = Math.max(0, Math.round(x));
      const to = Math.min(screen.width, Math.round(x + value * scale));
      if (to > from) boxes.add(node, 1, row, from, to - from, search !== undefined && isMatch(tree, search, node));
    }
    node = row >= screen.lastRow ? after : node + 1;
  }
  runs.flushAll();
}

/** Joins neighbours that are narrower than a pixel, row by row, so that a frame draws at most one of them a pixel. */
class Runs {
  readonly #boxes: Boxes;
  readonly #firstRow: number;
  readonly #node: Int32Array;
  readonly #nodes: Int32Array;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #matched: Uint8Array;

  constructor(boxes: Boxes, screen: Screen) {
    const rows = Math.max(0, screen.lastRow - screen.firstRow + 1);
    this.#boxes = boxes;
    this.#firstRow = screen.firstRow;
    this.#node = new Int32Array(rows);
    this.#nodes = new Int32Array(rows);
    this.#from = new Int32Array(rows);
    this.#to = new Int32Array(rows);
    this.#matched = new Uint8Array(rows);
  }

  add(node: number, row: number, pixel: number, matched: boolean): void {
    const i = row - this.#firstRow;
    const open = at(this.#nodes, i) > 0;
    if (open && (pixel > at(this.#to, i) || matched !== (at(this.#matched, i) === 1))) this.flush(row);
    if (at(this.#nodes, i) === 0) {
      this.#node[i] = node;
      this.#from[i] = pixel;
      this.#matched[i] = matched ? 1 : 0;
    }
    this.#nodes[i] = at(this.#nodes, i) + 1;
    this.#to[i] = pixel + 1;
  }

  flush(row: number): void {
    const i = row - this.#firstRow;
    const nodes = at(this.#nodes, i);
    if (nodes === 0) return;
    this.#boxes.add(at(this.#node, i), nodes, row, at(this.#from, i), at(this.#to, i) - at(this.#from, i), at(this.#matched, i) === 1);
    this.#nodes[i] = 0;
  }

  flushAll(): void {
    for (let i = 0; i < this.#nodes.length; i++) this.flush(this.#firstRow + i);
  }
}

/** The box at a place of the screen, -1 where there is none. The last one drawn wins, as on the screen. */
export function hitBox(boxes: Boxes, x: number, row: number): number {
  for (let i = boxes.count - 1; i >= 0; i--) {
    if (at(boxes.row, i) === row && x >= at(boxes.x, i) && x < at(boxes.x, i) + at(boxes.width, i)) return i;
  }
  return -1;
}
