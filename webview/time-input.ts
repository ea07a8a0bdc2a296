import { type Cell, type Span, spanBetween, type TimeChart } from "./time-chart.js";

export interface TimeInputActions {
  readonly chart: () => TimeChart | undefined;
  readonly cellAt: (clientX: number, clientY: number) => Cell | undefined;
  readonly hover: (cell: Cell | undefined, clientX: number, clientY: number) => void;
  readonly cursor: () => Cell | undefined;
  readonly moveTo: (cell: Cell, byKeys: boolean) => void;
  /** Whether a place is below the plot, where a drag chooses whole columns. */
  readonly isLanes: (clientY: number) => boolean;
  /** A range that is not yet chosen; undefined where there is none any more. */
  readonly draft: (range: Span | undefined, isBaseline: boolean) => void;
  readonly choose: (range: Span, isBaseline: boolean) => void;
  readonly useAsBaseline: () => void;
  readonly zoom: (direction: "in" | "out") => void;
  /** Undoes the innermost thing: the draft, the range, the zoom. */
  readonly cancel: () => void;
}

/**
 * Pointer and keys of the heat map. A drag chooses from cell to cell, with Shift whole columns, with Alt the baseline; a click chooses a cell,
 * a double-click its column.
 */
export function listenToTime(plot: HTMLElement, actions: TimeInputActions): void {
  listenToDrag(plot, actions);
  listenToKeys(plot, actions);
  plot.addEventListener("dblclick", (event) => {
    const chart = actions.chart();
    const cell = actions.cellAt(event.clientX, event.clientY);
    if (chart && cell) actions.choose(spanBetween(chart, cell, cell, true), event.altKey);
  });
  plot.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const cell = actions.cellAt(event.clientX, event.clientY);
      if (cell) actions.moveTo(cell, false);
      actions.zoom(event.deltaY < 0 ? "in" : "out");
    },
    { passive: false },
  );
}

function listenToDrag(plot: HTMLElement, actions: TimeInputActions): void {
  let from: Cell | undefined;
  let columns = false;
  const rangeTo = (event: PointerEvent): Span | undefined => {
    const chart = actions.chart();
    const to = actions.cellAt(event.clientX, event.clientY);
    return chart && from && to ? spanBetween(chart, from, to, columns || event.shiftKey) : undefined;
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = actions.cellAt(event.clientX, event.clientY);
    columns = actions.isLanes(event.clientY);
    if (event.isTrusted) plot.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    event.preventDefault(); // no text is to be selected
  });
  plot.addEventListener("pointermove", (event) => {
    if (from) actions.draft(rangeTo(event), event.altKey);
    actions.hover(actions.cellAt(event.clientX, event.clientY), event.clientX, event.clientY);
  });
  plot.addEventListener("pointerup", (event) => {
    const range = rangeTo(event);
    const cell = from;
    from = undefined;
    if (cell) actions.moveTo(cell, false);
    if (range) actions.choose(range, event.altKey);
  });
  plot.addEventListener("pointercancel", () => {
    from = undefined;
    actions.draft(undefined, false);
  });
  plot.addEventListener("pointerleave", () => actions.hover(undefined, 0, 0));
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") from = undefined;
  });
}

const STEPS: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
};

function listenToKeys(plot: HTMLElement, actions: TimeInputActions): void {
  /** Where the range that is built with Shift began, and the range. */
  let anchor: Cell | undefined;
  let built: Span | undefined;
  /** The focus came by the pointer. */
  let pressed = false;
  plot.addEventListener("pointerdown", () => (pressed = true), { capture: true });
  plot.addEventListener("pointerup", () => (pressed = false));
  const move = (chart: TimeChart, to: Cell, extend: boolean): void => {
    const before = actions.cursor() ?? { column: 0, row: 0 };
    anchor = extend ? (anchor ?? before) : undefined;
    built = anchor && spanBetween(chart, anchor, to);
    actions.draft(built, false);
    actions.moveTo(to, true);
  };
  plot.addEventListener("focus", () => actions.moveTo(actions.cursor() ?? { column: 0, row: 0 }, !pressed));
  plot.addEventListener("keydown", (event) => {
    const chart = actions.chart();
    if (!chart || event.ctrlKey || event.metaKey) return;
    const cursor = actions.cursor() ?? { column: 0, row: 0 };
    const step = STEPS[event.key];
    if (step) {
      move(chart, stepped(chart, cursor, step), event.shiftKey);
    } else if (event.key === "Home" || event.key === "End") {
      const isEnd = event.key === "End";
      move(chart, { column: isEnd ? chart.columns - 1 : 0, row: isEnd ? chart.rows - 1 : 0 }, event.shiftKey);
    } else if (event.key === "Enter" || event.key === " ") {
      actions.choose(built ?? spanBetween(chart, cursor, cursor, true), event.altKey);
      anchor = built = undefined;
    } else if (event.key === "b" || event.key === "B") {
      actions.useAsBaseline();
      anchor = built = undefined;
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      actions.zoom(event.key === "-" ? "out" : "in");
    } else if (event.key === "Escape") {
      anchor = built = undefined;
      actions.cancel();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Up from the last row is the first of the next column, as time runs. */
function stepped(chart: TimeChart, { column, row }: Cell, [columns, rows]: readonly [number, number]): Cell {
  const cell = Math.min(chart.columns * chart.rows - 1, Math.max(0, (column + columns) * chart.rows + row + rows));
  const beyond = column + columns < 0 || column + columns >= chart.columns;
  return beyond ? { column, row } : { column: Math.floor(cell / chart.rows), row: cell % chart.rows };
}
