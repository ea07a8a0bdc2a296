import type { GraphCanvas, Hit } from "./graph-canvas.js";
import { panRange, zoomRange } from "./viewport.js";

/** Pixels that a pressed pointer may move and still be a click. */
const CLICK_SLACK = 4;

export interface PointerActions {
  readonly hover: (hit: Hit | undefined, clientX: number, clientY: number) => void;
  /** One click: select the box and open its source. */
  readonly click: (hit: Hit) => void;
  /** Two clicks: zoom into the box that the first one hit; the view may have been resized between them. */
  readonly doubleClick: (hit: Hit) => void;
  readonly menu: (hit: Hit, clientX: number, clientY: number) => void;
}

/** Pointer and wheel: drag pans, Ctrl + wheel (or a pinch) zooms at the pointer, Shift + wheel pans, the wheel alone scrolls. */
export function listenToPointer(graph: GraphCanvas, actions: PointerActions): void {
  const { scroller } = graph;
  let drag: { x: number; y: number; moved: boolean } | undefined;
  let clicked: Hit | undefined;
  scroller.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.clientX >= scroller.getBoundingClientRect().left + scroller.clientWidth) return; // the scroll bar
    drag = { x: event.clientX, y: event.clientY, moved: false };
  });
  scroller.addEventListener("pointermove", (event) => {
    if (drag) dragTo(graph, drag, event);
    const hit = drag?.moved ? undefined : graph.hitAt(event.clientX, event.clientY);
    graph.hover(hit?.box ?? -1);
    actions.hover(hit, event.clientX, event.clientY);
  });
  scroller.addEventListener("pointerleave", () => {
    graph.hover(-1);
    actions.hover(undefined, 0, 0);
  });
  const release = (event: PointerEvent) => {
    scroller.classList.remove("dragging");
    const moved = drag?.moved ?? true;
    drag = undefined;
    if (moved || event.type === "pointercancel") return;
    const hit = graph.hitAt(event.clientX, event.clientY);
    if (!isSecondClick(event)) clicked = hit;
    if (hit && !isSecondClick(event)) actions.click(hit);
  };
  let lastUp = { time: -Infinity, x: 0, y: 0 };
  const isSecondClick = (event: PointerEvent) =>
    event.timeStamp - lastUp.time < 400 && Math.abs(event.clientX - lastUp.x) + Math.abs(event.clientY - lastUp.y) < 2 * CLICK_SLACK;
  scroller.addEventListener("pointerup", (event) => {
    release(event);
    lastUp = { time: event.timeStamp, x: event.clientX, y: event.clientY };
  });
  scroller.addEventListener("pointercancel", release);
  scroller.addEventListener("dblclick", () => {
    if (clicked) actions.doubleClick(clicked);
  });
  scroller.addEventListener("contextmenu", (event) => {
    const hit = graph.hitAt(event.clientX, event.clientY);
    // Keys have their own way to the menu of the selected box; VS Code's own menu has nothing to offer here.
    event.preventDefault();
    if (hit && event.button === 2) actions.menu(hit, event.clientX, event.clientY);
  });
  scroller.addEventListener("wheel", (event) => wheel(graph, event), { passive: false });
}

function dragTo(graph: GraphCanvas, drag: { x: number; y: number; moved: boolean }, event: PointerEvent): void {
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.moved && Math.abs(dx) + Math.abs(dy) <= CLICK_SLACK) return;
  if (!drag.moved) {
    drag.moved = true;
    graph.scroller.classList.add("dragging");
    if (event.isTrusted) graph.scroller.setPointerCapture(event.pointerId);
  }
  if (graph.tree) graph.setRange(panRange(graph.tree, graph.range, -dx / graph.scroller.clientWidth));
  graph.scroller.scrollTop -= dy;
  drag.x = event.clientX;
  drag.y = event.clientY;
}

function wheel(graph: GraphCanvas, event: WheelEvent): void {
  const { tree, scroller } = graph;
  if (!tree) return;
  const unit =
    event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? scroller.clientHeight : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey || event.metaKey || event.altKey) {
    event.preventDefault();
    const factor = Math.exp(Math.min(200, Math.max(-200, dy)) * 0.0022);
    graph.setRange(zoomRange(tree, graph.range, factor, graph.positionAt(event.clientX)));
    return;
  }
  const sideways = event.shiftKey && dx === 0 ? dy : dx;
  if (sideways === 0 || (!event.shiftKey && Math.abs(dx) <= Math.abs(dy))) return; // the scroller scrolls by itself
  event.preventDefault();
  graph.setRange(panRange(tree, graph.range, sideways / scroller.clientWidth));
}
