import { CHANGE_MARKS } from "./difference.js";
import { at, nodeName, type GraphTree } from "./graph-tree.js";
import { columnsOf, fitLabel } from "./labels.js";
import type { Boxes } from "./layout.js";
import { bucketOf, type ColorBy, groupsFor, makePalette, type Palette, SHADES, specialBucket, type ThemeKind } from "./palette.js";
import type { Pen } from "./picture.js";

/** Heights in CSS pixels. */
export const ROW_HEIGHT = 20;
const FONT_SIZE = 12;
const LABEL_PADDING = 5;
/** Before the name of a function that its caller has in itself. */
const INLINED_MARK = "↳ ";

/** Everything that is the same from frame to frame: made anew with a tree, a theme or a resolution. */
export interface Ink {
  readonly palette: Palette;
  readonly groups: number;
  /** By function: its undimmed bucket; where `kinds` has the group, its shade alone. */
  readonly buckets: Uint8Array;
  /** By node: its group, where the colour is not the function's. */
  readonly kinds: Uint8Array | undefined;
  /** By function: columns of its name in a font of fixed width. */
  readonly columns: Int32Array;
  readonly font: string;
  /** Width of one glyph in device pixels, measured once. */
  readonly glyph: number;
  readonly ratio: number;
  readonly background: string;
  readonly focus: string;
}

export interface Marks {
  /** Device pixels that the first row is above the canvas's top edge. */
  readonly offsetY: number;
  readonly firstRow: number;
  readonly searching: boolean;
  /** Index of a box, or -1. */
  readonly hovered: number;
  /** Selected node, or -1. */
  readonly selected: number;
}

export function makeInk(
  context: CanvasRenderingContext2D,
  tree: GraphTree,
  colorBy: ColorBy,
  theme: { readonly kind: ThemeKind; readonly background: string; readonly focus: string; readonly fontFamily: string },
  ratio: number,
): Ink {
  const { name } = tree.functions;
  const groups = groupsFor(colorBy).map(([key]) => key);
  const keys: readonly string[] = colorBy === "waits" || colorBy === "difference" ? [] : tree.functions[colorBy];
  const buckets = Uint8Array.from(name, (text, fn) =>
    bucketOf(groups.length, Math.max(0, groups.indexOf(keys[fn] ?? "")), colorBy === "difference" ? 0 : shadeOf(text), false),
  );
  const font = `${FONT_SIZE * ratio}px ${theme.fontFamily}, monospace`;
  context.font = font;
  const glyph = context.measureText("M".repeat(32)).width / 32;
  const columns = Int32Array.from(name, columnsOf);
  const palette = makePalette(theme.kind, colorBy, theme.background);
  const kinds = colorBy === "waits" ? tree.waits : colorBy === "difference" ? tree.difference?.kinds : undefined;
  return { palette, groups: groups.length, buckets, kinds, columns, font, glyph, ratio, background: theme.background, focus: theme.focus };
}

/** Draws boxes a colour at a time, then labels, then the marks; `boxes` lie in device pixels. */
export function paint(context: Pen, tree: GraphTree, boxes: Boxes, ink: Ink, marks: Marks): void {
  const { width, height } = context.canvas;
  const pitch = Math.round(ROW_HEIGHT * ink.ratio);
  const yOf = (box: number) => (at(boxes.row, box) - marks.firstRow) * pitch - marks.offsetY;
  context.fillStyle = ink.background;
  context.fillRect(0, 0, width, height);
  const gap = Math.max(1, Math.round(ink.ratio));
  fillBoxes(context, tree, boxes, ink, marks.searching, { yOf, height: pitch - gap, gap, border: ink.palette.border });
  drawLabels(context, tree, boxes, ink, marks.searching, pitch, yOf);
  for (let box = 0; box < boxes.count; box++) {
    const selected = at(boxes.node, box) === marks.selected && at(boxes.nodes, box) === 1;
    if (!selected && box !== marks.hovered) continue;
    const line = Math.round((selected ? 2 : 1) * ink.ratio);
    context.strokeStyle = ink.focus;
    context.lineWidth = line;
    const [boxWidth, boxHeight] = [at(boxes.width, box), pitch - Math.round(ink.ratio)];
    context.strokeRect(at(boxes.x, box) + line / 2, yOf(box) + line / 2, Math.max(1, boxWidth - line), boxHeight - line);
  }
}

let order = new Int32Array(4096);
const starts = new Int32Array(257);

/** How boxes are filled, device pixels: where each begins, how high they are, and what is left free between neighbours. */
interface Filling {
  readonly yOf: (box: number) => number;
  readonly height: number;
  readonly gap: number;
  /** Around each box; "" for none. */
  readonly border: string;
}

/** Sorts the boxes by bucket (counting sort) and fills each bucket in one go: setting a fill style is what costs. */
export function fillBoxes(
  context: Pen,
  tree: GraphTree,
  boxes: Boxes,
  ink: Ink,
  searching: boolean,
  { yOf, height, gap, border }: Filling,
): void {
  const { fills } = ink.palette;
  if (order.length < boxes.count) order = new Int32Array(boxes.node.length);
  starts.fill(0);
  for (let box = 0; box < boxes.count; box++) {
    const next = bucketOfBox(tree, boxes, box, ink, searching) + 1;
    starts[next] = at(starts, next) + 1;
  }
  for (let bucket = 0; bucket < fills.length; bucket++) starts[bucket + 1] = at(starts, bucket + 1) + at(starts, bucket);
  for (let box = 0; box < boxes.count; box++) {
    const bucket = bucketOfBox(tree, boxes, box, ink, searching);
    order[at(starts, bucket)] = box;
    starts[bucket] = at(starts, bucket) + 1;
  }
  if (border !== "") {
    context.fillStyle = border;
    for (let box = 0; box < boxes.count; box++) context.fillRect(at(boxes.x, box), yOf(box), at(boxes.width, box), height);
  }
  const inset = border === "" ? 0 : gap;
  for (let bucket = 0, i = 0; bucket < fills.length; bucket++) {
    context.fillStyle = fills[bucket] ?? "";
    for (; i < at(starts, bucket); i++) {
      const box = at(order, i);
      const width = at(boxes.width, box);
      // Boxes of under 4 pixels have no gap: it would eat a third of them.
      const drawn = width >= 4 * gap ? width - gap - inset : width;
      context.fillRect(at(boxes.x, box) + inset, yOf(box) + inset, drawn, height - 2 * inset);
    }
  }
}

function bucketOfBox(tree: GraphTree, boxes: Boxes, box: number, ink: Ink, searching: boolean): number {
  if (searching && at(boxes.matched, box) === 1) return specialBucket(ink.groups, "match");
  const node = at(boxes.node, box);
  const fn = at(tree.fn, node);
  if (fn < 0) return specialBucket(ink.groups, searching ? "dimRoot" : "root");
  if (at(boxes.nodes, box) > 1) return specialBucket(ink.groups, searching ? "dimRun" : "run");
  const group = ink.kinds === undefined ? 0 : at(ink.kinds, node) * SHADES;
  return at(ink.buckets, fn) + group + (searching ? ink.groups * SHADES : 0);
}

function drawLabels(
  context: Pen,
  tree: GraphTree,
  boxes: Boxes,
  ink: Ink,
  searching: boolean,
  pitch: number,
  yOf: (box: number) => number,
): void {
  const padding = Math.round(LABEL_PADDING * ink.ratio);
  const baseline = Math.round(pitch * 0.5 + FONT_SIZE * ink.ratio * 0.33);
  const narrowest = 4 * ink.glyph + 2 * padding;
  context.font = ink.font;
  context.textBaseline = "alphabetic";
  for (const dim of searching ? [true, false] : [false]) {
    context.fillStyle = dim ? ink.palette.dimText : ink.palette.text;
    for (let box = 0; box < boxes.count; box++) {
      const width = at(boxes.width, box);
      if (width < narrowest || at(boxes.nodes, box) > 1) continue;
      if (searching && (at(boxes.matched, box) === 0) !== dim) continue;
      const node = at(boxes.node, box);
      const fn = at(tree.fn, node);
      const name = nodeName(tree, node);
      const mark = CHANGE_MARKS[tree.difference?.kinds[node] ?? -1] ?? (tree.functions.inlined[fn] === true ? INLINED_MARK : "");
      const columns = Math.floor((width - 2 * padding) / ink.glyph) - mark.length;
      const label = fitLabel(name, fn < 0 ? name.length : at(ink.columns, fn), columns);
      if (label !== "") context.fillText(mark + label, at(boxes.x, box) + padding, yOf(box) + baseline);
    }
  }
}

function shadeOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < Math.min(name.length, 40); i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return (hash >>> 3) % SHADES;
}
