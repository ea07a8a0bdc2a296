import type { GraphCanvas } from "./graph-canvas.js";
import { at } from "./graph-tree.js";
import { type Direction, neighbour } from "./navigate.js";
import { fullRange, isFullRange, panRange, rangeOfNode, zoomRange } from "./viewport.js";

export interface KeyActions {
  readonly select: (node: number) => void;
  readonly openSource: (node: number) => void;
  readonly showCallers: (node: number) => void;
  readonly copy: (node: number) => void;
  readonly find: () => void;
  readonly nextMatch: (step: 1 | -1) => void;
  /** Undoes the innermost thing: the search, then the zoom, then the range of time. True when there was a search. */
  readonly clearSearch: () => boolean;
  /** Takes the boxes of a box's function into their callers. */
  readonly hide: (node: number) => void;
  readonly toggleRecursion: () => void;
  readonly menu: (node: number) => void;
  /** Shows all of the time again. */
  readonly clearTime: () => void;
}

const KEYS = [
  "Double-click, Enter or Z: zoom in",
  "Backspace: zoom out",
  "Esc: all",
  "Drag, or Ctrl + wheel: move and zoom",
  "Arrows: move",
  "Right-click: more",
];

/** Shown under the graph and read to screen readers. An exported page has no sources and no callers. */
export function helpWords(standalone: boolean): string {
  const keys = standalone ? KEYS : ["Click: open the source", ...KEYS, "O: source", "C: callers"];
  return [...keys, "/: search"].join(" · ");
}

const ARROWS: Readonly<Record<string, Direction>> = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

export function listenToKeys(graph: GraphCanvas, actions: KeyActions): void {
  graph.scroller.addEventListener("keydown", (event) => {
    if (graph.tree && press(graph, actions, event)) event.preventDefault();
  });
}

/** True when the key meant something here. */
function press(graph: GraphCanvas, actions: KeyActions, event: KeyboardEvent): boolean {
  const { tree, range } = graph;
  if (!tree) return false;
  const node = Math.max(0, graph.selected);
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "c") return done(actions.copy(node));
  if (command && event.key.toLowerCase() === "f") return done(actions.find());
  if (command || event.altKey) return false;
  if (event.shiftKey && event.key === "F10") return done(actions.menu(node));
  const arrow = ARROWS[event.key];
  if (arrow) {
    const onePixel = (range.end - range.start) / Math.max(1, graph.scroller.clientWidth);
    return done(actions.select(neighbour(tree, graph.selected, arrow, onePixel)));
  }
  switch (event.key) {
    case "Enter":
    case "z":
      return done(graph.zoomToNode(node));
    case "Backspace":
    case "Z":
      return done(zoomOut(graph));
    case "Escape":
      if (actions.clearSearch()) return true;
      return done(isFullRange(tree, range) ? actions.clearTime() : graph.setRange(fullRange(tree), true));
    case "0":
      return done(graph.setRange(fullRange(tree), true));
    case "+":
    case "=":
      return done(graph.setRange(zoomRange(tree, range, 0.7, 0.5), true));
    case "-":
      return done(graph.setRange(zoomRange(tree, range, 1 / 0.7, 0.5), true));
    case "a":
    case "d":
      return done(graph.setRange(panRange(tree, range, event.key === "a" ? -0.2 : 0.2), true));
    case "Home":
      return done(actions.select(0));
    case "o":
    case " ":
      return done(actions.openSource(node));
    case "c":
      return done(actions.showCallers(node));
    case "h":
      return done(actions.hide(node));
    case "r":
      return done(actions.toggleRecursion());
    case "ContextMenu":
      return done(actions.menu(node));
    case "/":
      return done(actions.find());
    case "n":
    case "N":
      return done(actions.nextMatch(event.key === "n" ? 1 : -1));
    default:
      return false; // PageUp and PageDown scroll by themselves
  }
}

/** To the nearest caller that is wider than what is seen. */
function zoomOut(graph: GraphCanvas): void {
  const { tree, range } = graph;
  if (!tree) return;
  let node = Math.max(0, graph.selected);
  const outside = (candidate: number) => {
    const wider = rangeOfNode(tree, candidate);
    return wider.end - wider.start > (range.end - range.start) * 1.001;
  };
  while (node > 0 && !outside(node)) node = at(tree.parent, node);
  graph.zoomToNode(node);
}

function done(_result: void): true {
  return true;
}
