import { makeDiv } from "./elements.js";
import type { GraphCanvas } from "./graph-canvas.js";
import { at, type GraphTree } from "./graph-tree.js";
import { Boxes, layoutBoxes } from "./layout.js";
import { listenToMap } from "./map-input.js";
import { type MapRect, type MapScale, type Seen, windowRect, windowWords } from "./map-window.js";
import { fillBoxes, type Ink, ROW_HEIGHT } from "./painter.js";
import type { Search } from "./search.js";
import { fullRange, isFullRange } from "./viewport.js";

/** CSS pixels: of a low graph each row has three, a high one shares what there is. */
const ROW_PX = 3;
const MOST_PX = 32;
/** In a low panel, whose every row is worth more in the graph. */
const MOST_PX_LOW = 20;
const LOW_PX = 800;
const FEWEST_PX = 12;
/** Rest after the last change before the whole graph is drawn anew: at 1,000,000 nodes it takes longer than a frame. */
const PAINT_MS = 120;

/**
 * The whole graph in a strip, with what is seen of it. It is there only while a part is out of sight, and stands below the graph, so that no
 * box moves when it comes. The whole is drawn once for each tree; a frame only copies it.
 */
export class GraphMap {
  readonly element = makeDiv("map", "slider");
  readonly #graph: GraphCanvas;
  readonly #stage: HTMLElement;
  readonly #canvas = document.createElement("canvas");
  readonly #whole = document.createElement("canvas");
  readonly #boxes = new Boxes();
  /** What the drawing of the whole is of; nothing where it is to be made. */
  #drawn: { readonly tree: GraphTree; readonly ink: Ink; readonly search: Search | undefined } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #words: ReturnType<typeof setTimeout> | undefined;
  /** Height of the graph and the map together, px. */
  #room = 0;

  /** `stage` holds the graph and the map. */
  constructor(graph: GraphCanvas, stage: HTMLElement) {
    this.#graph = graph;
    this.#stage = stage;
    this.element.tabIndex = 0;
    this.element.hidden = true;
    this.element.title = "Map of the whole graph: drag what is seen or its edges, click to go there, wheel to zoom";
    this.element.setAttribute("aria-label", "Map of the whole graph. Arrows move, plus and minus zoom, Escape shows all");
    this.element.setAttribute("aria-valuemin", "0");
    this.element.setAttribute("aria-valuemax", "100");
    this.#canvas.setAttribute("aria-hidden", "true");
    this.element.append(this.#canvas);
    listenToMap(graph, this);
    new ResizeObserver(() => {
      this.#room = stage.clientHeight;
      this.#resize();
      this.follow();
    }).observe(stage);
  }

  /** To be called after each frame of the graph. */
  follow(): void {
    const { tree, range } = this.#graph;
    this.#room ||= this.#stage.clientHeight;
    const shown = tree !== undefined && (!isFullRange(tree, range) || (tree.maxDepth + 1) * ROW_HEIGHT > this.#room);
    if (this.element.hidden === shown) {
      // Who is here with the keys must not fall out of the page.
      const hadFocus = document.activeElement === this.element;
      this.element.hidden = !shown;
      if (hadFocus && !shown) this.#graph.scroller.focus();
      if (shown) this.#resize();
    }
    if (!shown) return;
    const { ink, search } = this.#graph;
    const known = this.#drawn;
    if (known?.tree !== tree || known.ink !== ink || known.search !== search) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#paintWhole(), known?.tree === tree ? PAINT_MS : 0);
      if (known?.tree !== tree) this.#drawn = undefined;
    }
    this.#paint();
    clearTimeout(this.#words);
    this.#words = setTimeout(() => this.#say(), PAINT_MS);
  }

  get scale(): MapScale {
    const { tree } = this.#graph;
    return { width: Math.max(1, this.element.clientWidth), height: this.#height(), total: tree?.total ?? 1, rows: rowsOf(tree) };
  }

  get seen(): Seen {
    const { range, scroller } = this.#graph;
    return { range, firstRow: scroller.scrollTop / ROW_HEIGHT, rows: scroller.clientHeight / ROW_HEIGHT };
  }

  get window(): MapRect {
    return windowRect(this.scale, this.seen);
  }

  #height(): number {
    const most = window.innerHeight < LOW_PX ? MOST_PX_LOW : MOST_PX;
    return Math.min(most, Math.max(FEWEST_PX, rowsOf(this.#graph.tree) * ROW_PX));
  }

  #resize(): void {
    if (this.element.hidden) return;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.style.height = `${this.#height()}px`;
    const [width, height] = [Math.round(this.element.clientWidth * ratio), Math.round(this.#height() * ratio)];
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = this.#whole.width = width;
    this.#canvas.height = this.#whole.height = height;
    this.#drawn = undefined;
  }

  /** Rows that would fall on the same pixels are left out: what is seen of them is their neighbours. */
  #paintWhole(): void {
    const { tree, ink, search } = this.#graph;
    const context = this.#whole.getContext("2d", { alpha: false });
    if (!tree || !ink || !context || this.element.hidden) return;
    this.#resize();
    const { width, height } = this.#whole;
    layoutBoxes(tree, { range: fullRange(tree), width, firstRow: 0, lastRow: tree.maxDepth }, search, this.#boxes);
    const pitch = height / rowsOf(tree);
    thinOut(this.#boxes, Math.ceil(1 / pitch));
    context.fillStyle = ink.background;
    context.fillRect(0, 0, width, height);
    const yOf = (box: number): number => Math.floor(at(this.#boxes.row, box) * pitch);
    fillBoxes(context, tree, this.#boxes, ink, search !== undefined, { yOf, height: Math.max(1, Math.ceil(pitch)), gap: 0, border: "" });
    this.#drawn = { tree, ink, search };
    this.#paint();
  }

  #paint(): void {
    const { ink } = this.#graph;
    const context = this.#canvas.getContext("2d", { alpha: false });
    const { width, height } = this.#canvas;
    if (!context || !ink || width === 0) return;
    if (this.#drawn) context.drawImage(this.#whole, 0, 0);
    else {
      context.fillStyle = ink.background;
      context.fillRect(0, 0, width, height);
    }
    const { ratio } = ink;
    const { left, right, top, bottom } = this.window;
    const [x, y, w, h] = [left, top, right - left, bottom - top].map((css) => Math.round(css * ratio)) as [number, number, number, number];
    context.fillStyle = ink.background;
    context.globalAlpha = 0.45;
    context.fillRect(0, 0, x, height);
    context.fillRect(x + w, 0, width - x - w, height);
    context.fillRect(x, 0, w, y);
    context.fillRect(x, y + h, w, height - y - h);
    context.globalAlpha = 1;
    const line = Math.max(1, Math.round(2 * ratio));
    context.strokeStyle = ink.focus;
    context.lineWidth = line;
    context.strokeRect(x + line / 2, y + line / 2, Math.max(1, w - line), Math.max(1, h - line));
  }

  #say(): void {
    const { scale, seen } = this;
    const words = windowWords(scale, seen);
    if (this.element.getAttribute("aria-valuetext") === words) return;
    this.element.setAttribute("aria-valuetext", words);
    this.element.setAttribute("aria-valuenow", String(Math.round((50 * (seen.range.start + seen.range.end)) / scale.total)));
  }
}

function rowsOf(tree: GraphTree | undefined): number {
  return (tree?.maxDepth ?? 0) + 1;
}

/** Keeps each `step`-th row. */
function thinOut(boxes: Boxes, step: number): void {
  if (step <= 1) return;
  let kept = 0;
  for (let box = 0; box < boxes.count; box++) {
    if (at(boxes.row, box) % step !== 0) continue;
    for (const column of [boxes.node, boxes.nodes, boxes.row, boxes.x, boxes.width, boxes.matched]) column[kept] = at(column, box);
    kept++;
  }
  boxes.count = kept;
}
