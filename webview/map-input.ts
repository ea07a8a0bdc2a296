import type { GraphCanvas } from "./graph-canvas.js";
import type { GraphMap } from "./graph-map.js";
import { centeredAt, type Grip, gripAt, withEdge } from "./map-window.js";
import { ROW_HEIGHT } from "./painter.js";
import { clampRange, fullRange, panRange, type Range, zoomRange } from "./viewport.js";

const CURSORS: Readonly<Record<Grip, string>> = { left: "ew-resize", right: "ew-resize", inside: "grab", outside: "pointer" };

interface Drag {
  readonly grip: Grip;
  readonly x: number;
  readonly y: number;
  readonly range: Range;
  readonly scrollTop: number;
}

/** Drag what is seen, or one of its edges; click elsewhere to go there; the wheel zooms where it is. All of it by keys, too. */
export function listenToMap(graph: GraphCanvas, map: GraphMap): void {
  const { element } = map;
  const { scroller } = graph;
  let drag: Drag | undefined;
  const place = (event: MouseEvent): [number, number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  element.addEventListener("pointerdown", (event) => {
    const { tree } = graph;
    if (event.button !== 0 || !tree) return;
    const [x, y] = place(event);
    const grip = gripAt(map.window, x, y);
    if (grip === "outside") {
      const { scale, seen } = map;
      graph.setRange(centeredAt(tree, scale, seen.range, x), true);
      scroller.scrollTop = ((y / scale.height) * scale.rows - seen.rows / 2) * ROW_HEIGHT;
    }
    if (event.isTrusted) element.setPointerCapture(event.pointerId);
    drag = { grip: grip === "outside" ? "inside" : grip, x, y, range: graph.range, scrollTop: scroller.scrollTop };
  });
  element.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (drag === undefined) element.style.cursor = CURSORS[gripAt(map.window, x, y)];
    else dragTo(graph, map, drag, x, y);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const) element.addEventListener(end, () => (drag = undefined));
  element.addEventListener(
    "wheel",
    (event) => {
      const { tree, range } = graph;
      if (!tree) return;
      event.preventDefault();
      const { width, total } = map.scale;
      const at = (place(event)[0] / width) * total;
      const position = Math.min(1, Math.max(0, (at - range.start) / (range.end - range.start)));
      graph.setRange(zoomRange(tree, range, Math.exp(Math.min(200, Math.max(-200, event.deltaY)) * 0.0022), position));
    },
    { passive: false },
  );
  element.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && press(graph, event.key)) event.preventDefault();
  });
}

function dragTo(graph: GraphCanvas, map: GraphMap, { grip, x: fromX, y: fromY, range, scrollTop }: Drag, x: number, y: number): void {
  const { tree, scroller } = graph;
  if (!tree) return;
  const { scale } = map;
  if (grip === "left" || grip === "right") {
    graph.setRange(withEdge(tree, scale, range, grip, x));
    return;
  }
  const by = ((x - fromX) / scale.width) * scale.total;
  graph.setRange(clampRange(tree, { start: range.start + by, end: range.end + by }));
  scroller.scrollTop = scrollTop + ((y - fromY) / scale.height) * scale.rows * ROW_HEIGHT;
}

/** True when the key meant something here. */
function press(graph: GraphCanvas, key: string): boolean {
  const { tree, range, scroller } = graph;
  if (!tree) return false;
  const page = Math.max(ROW_HEIGHT, scroller.clientHeight - ROW_HEIGHT);
  const scrolls: Readonly<Record<string, number>> = { ArrowUp: -2 * ROW_HEIGHT, ArrowDown: 2 * ROW_HEIGHT, PageUp: -page, PageDown: page };
  const ranges: Readonly<Record<string, () => Range>> = {
    ArrowLeft: () => panRange(tree, range, -0.2),
    ArrowRight: () => panRange(tree, range, 0.2),
    Home: () => panRange(tree, range, -tree.total / (range.end - range.start)),
    End: () => panRange(tree, range, tree.total / (range.end - range.start)),
    "+": () => zoomRange(tree, range, 0.7, 0.5),
    "=": () => zoomRange(tree, range, 0.7, 0.5),
    "-": () => zoomRange(tree, range, 1 / 0.7, 0.5),
    Escape: () => fullRange(tree),
    "0": () => fullRange(tree),
  };
  const scroll = scrolls[key];
  if (scroll !== undefined) scroller.scrollTop += scroll;
  const next = ranges[key]?.();
  if (next) graph.setRange(next, true);
  return scroll !== undefined || next !== undefined;
}
