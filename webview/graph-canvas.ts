import { drawFindings } from "./finding-marks.js";
import { at, type GraphTree } from "./graph-tree.js";
import { Boxes, hitBox, layoutBoxes } from "./layout.js";
import { anchorOf, findPath, pathOfNode, rangeOfAnchor, type Anchor, type NodePath } from "./node-path.js";
import { type Ink, makeInk, paint, ROW_HEIGHT } from "./painter.js";
import { type ColorBy, makePalette, type Palette } from "./palette.js";
import { type Pen, SvgPen } from "./picture.js";
import type { Search } from "./search.js";
import { readTheme } from "./theme.js";
import { clampRange, fullRange, mixRanges, type Range, rangeOfNode } from "./viewport.js";

const ZOOM_MS = 120;

/** What the pointer is on: a node, or a run of `nodes` neighbours narrower than a pixel that begins with it. */
export interface Hit {
  readonly box: number;
  readonly node: number;
  readonly nodes: number;
}

/**
 * The flame graph itself: a canvas as large as the visible part, inside a scroller as high as the tree, so that 3,000
 * rows cost as much as the forty that are seen. Draws at most once a frame, and only when something changed.
 */
export class GraphCanvas {
  readonly scroller = document.createElement("div");
  /** Called after a frame in which the visible part or the tree changed. */
  onDrawn: () => void = () => undefined;

  readonly #canvas = document.createElement("canvas");
  readonly #spacer = document.createElement("div");
  readonly #context: CanvasRenderingContext2D;
  readonly #boxes = new Boxes();
  #theme = readTheme();
  #colorBy: ColorBy = "owner";
  #tree: GraphTree | undefined;
  #ink: Ink | undefined;
  #search: Search | undefined;
  #range: Range = { start: 0, end: 0 };
  #animation: { readonly from: Range; readonly startMs: number } | undefined;
  #selected = -1;
  #findings: readonly number[] = [];
  #hovered = -1;
  #scheduled = false;
  /** Paints the latest frame again. */
  #paint: (pen: Pen) => void = () => undefined;

  constructor() {
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This window cannot draw on a canvas; restart VS Code with hardware acceleration.");
    this.#context = context;
    this.scroller.className = "graph";
    this.#spacer.className = "graph-spacer";
    this.#canvas.setAttribute("aria-hidden", "true");
    this.scroller.append(this.#canvas, this.#spacer);
    this.scroller.addEventListener("scroll", () => this.requestDraw(), { passive: true });
    new ResizeObserver(() => this.#resize()).observe(this.scroller);
  }

  get tree(): GraphTree | undefined {
    return this.#tree;
  }
  get range(): Range {
    return this.#range;
  }
  get selected(): number {
    return this.#selected;
  }
  /** What the latest frame was drawn with; undefined before the first one of a tree. */
  get ink(): Ink | undefined {
    return this.#ink;
  }
  get search(): Search | undefined {
    return this.#search;
  }
  /** Nodes in the visible part that are too narrow for a box of their own. */
  get hidden(): number {
    return this.#boxes.hidden;
  }

  /** Shows a tree. The visible part and the selection are found again by their paths; pass `anchor` to go elsewhere. */
  setTree(tree: GraphTree | undefined, anchor?: Anchor, selectedPath?: NodePath): void {
    const old = this.#tree;
    const place = anchor ?? (old && old.total > 0 ? anchorOf(old, this.#range) : undefined);
    const path = selectedPath ?? (old && this.#selected >= 0 ? pathOfNode(old, this.#selected) : undefined);
    this.#tree = tree && tree.total > 0 ? tree : undefined;
    this.#search = undefined;
    this.#findings = [];
    this.#animation = undefined;
    this.#hovered = -1;
    this.#selected = -1;
    this.#ink = undefined;
    if (this.#tree) {
      this.#range = place ? rangeOfAnchor(this.#tree, place) : fullRange(this.#tree);
      const found = path ? findPath(this.#tree, path) : undefined;
      if (found?.complete) this.#selected = found.node;
    }
    this.#spacer.style.height = `${this.#tree ? (this.#tree.maxDepth + 2) * ROW_HEIGHT : 0}px`;
    this.requestDraw();
  }

  setSearch(search: Search | undefined): void {
    this.#search = search;
    this.requestDraw();
  }

  /** Numbers 1, 2 … are drawn on these nodes; -1 where a number has none. */
  setFindings(nodes: readonly number[]): void {
    this.#findings = nodes;
    this.requestDraw();
  }

  setColors(colorBy: ColorBy): void {
    this.#colorBy = colorBy;
    this.#theme = readTheme();
    this.#ink = undefined;
    this.requestDraw();
  }

  /** Colours of the theme that is shown. */
  palette(colorBy: ColorBy): Palette {
    return makePalette(this.#theme.kind, colorBy, this.#theme.background);
  }

  /** Where the view is, to be found again in another tree. */
  anchor(): Anchor | undefined {
    return this.#tree && anchorOf(this.#tree, this.#range);
  }

  select(node: number): void {
    this.#selected = node;
    this.requestDraw();
  }

  hover(box: number): void {
    if (box === this.#hovered) return;
    this.#hovered = box;
    this.requestDraw();
  }

  /** Moves the visible part; `animate` where a jump would lose the eye. */
  setRange(range: Range, animate = false): void {
    const tree = this.#tree;
    if (!tree) return;
    this.#animation = animate && !this.#theme.reducedMotion ? { from: this.#shownRange(), startMs: performance.now() } : undefined;
    this.#range = clampRange(tree, range);
    this.requestDraw();
  }

  zoomToNode(node: number): void {
    if (!this.#tree) return;
    this.setRange(rangeOfNode(this.#tree, node), true);
    this.revealRow(at(this.#tree.depth, node));
  }

  /** Scrolls a row into view, with some of its callers above it. */
  revealRow(row: number): void {
    const { scrollTop, clientHeight } = this.scroller;
    const top = row * ROW_HEIGHT;
    if (top >= scrollTop && top + ROW_HEIGHT <= scrollTop + clientHeight) return;
    this.scroller.scrollTop = Math.max(0, top - clientHeight / 3);
  }

  /** Makes a node visible, zooming out only where it lies outside or would be narrower than a few pixels. */
  revealNode(node: number): void {
    const tree = this.#tree;
    if (!tree) return;
    const [left, value] = [at(tree.left, node), at(tree.value, node)];
    const { start, end } = this.#range;
    const width = (value / (end - start)) * this.scroller.clientWidth;
    if (left + value <= start || left >= end || width < 4) this.zoomToNode(Math.max(0, at(tree.parent, node)));
    this.revealRow(at(tree.depth, node));
  }

  hitAt(clientX: number, clientY: number): Hit | undefined {
    const bounds = this.#canvas.getBoundingClientRect();
    const ratio = this.#ratio();
    const row = Math.floor((clientY - bounds.top + this.scroller.scrollTop) / ROW_HEIGHT);
    const box = hitBox(this.#boxes, (clientX - bounds.left) * ratio, row);
    return box < 0 ? undefined : { box, node: at(this.#boxes.node, box), nodes: at(this.#boxes.nodes, box) };
  }

  /** Place of the pointer in the visible part: 0 at the left edge, 1 at the right. */
  positionAt(clientX: number): number {
    const bounds = this.#canvas.getBoundingClientRect();
    return bounds.width > 0 ? (clientX - bounds.left) / bounds.width : 0.5;
  }

  /** What is seen, drawn anew without the mark under the pointer: a PNG as base64, or the text of an SVG; "" where nothing is. */
  picture(format: "png" | "svg"): string {
    this.#hovered = -1;
    this.#draw();
    if (!this.#tree) return "";
    if (format === "png") return this.#canvas.toDataURL("image/png").replace(/^[^,]*,/, "");
    const pen = new SvgPen(this.#canvas, this.#ratio());
    this.#paint(pen);
    return pen.svg();
  }

  requestDraw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const tree = this.#tree;
    const { width, height } = this.#canvas;
    if (!tree) {
      this.#boxes.count = this.#boxes.hidden = 0;
      this.#context.fillStyle = this.#theme.background;
      this.#context.fillRect(0, 0, width, height);
      this.onDrawn();
      return;
    }
    const ratio = this.#ratio();
    if (this.#ink?.ratio !== ratio) this.#ink = makeInk(this.#context, tree, this.#colorBy, this.#theme, ratio);
    const { scrollTop } = this.scroller;
    const firstRow = Math.floor(scrollTop / ROW_HEIGHT);
    const offsetY = Math.round((scrollTop - firstRow * ROW_HEIGHT) * ratio);
    const lastRow = firstRow + Math.ceil(height / (ROW_HEIGHT * ratio));
    layoutBoxes(tree, { range: this.#shownRange(), width, firstRow, lastRow }, this.#search, this.#boxes);
    const marks = { offsetY, firstRow, searching: this.#search !== undefined, hovered: this.#hovered, selected: this.#selected };
    const numbered = { nodes: this.#findings, range: this.#shownRange(), width, firstRow, offsetY };
    this.#paint = (pen) => {
      if (!this.#ink) return;
      paint(pen, tree, this.#boxes, this.#ink, marks);
      drawFindings(pen, tree, this.#ink, numbered);
    };
    this.#paint(this.#context);
    if (this.#animation) this.requestDraw();
    else this.onDrawn();
  }

  /** The range of this moment: on the way to `#range` while a zoom is animated. */
  #shownRange(): Range {
    if (!this.#animation) return this.#range;
    const progress = (performance.now() - this.#animation.startMs) / ZOOM_MS;
    if (progress < 1) return mixRanges(this.#animation.from, this.#range, 1 - (1 - Math.max(0, progress)) ** 3);
    this.#animation = undefined;
    return this.#range;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.scroller;
    const ratio = this.#ratio();
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    this.#canvas.style.width = `${clientWidth}px`;
    this.#canvas.style.height = `${clientHeight}px`;
    this.#draw(); // at once: a resized canvas is blank until it is drawn
  }

  #ratio(): number {
    return window.devicePixelRatio || 1;
  }
}
