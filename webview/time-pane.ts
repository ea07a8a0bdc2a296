import { rangeWords } from "../profile/time-words.js";
import type { TimeRange } from "../protocol/queries.js";
import { makeDiv, makeText } from "./elements.js";
import { EVENT_WORDS, formatShare, formatValue } from "./format.js";
import { readTheme } from "./theme.js";
import { AXIS_HEIGHT, levelColors, paintTime, plotHeight } from "./time-canvas.js";
import { type Cell, cellAt, cellNs, cellWords, lengthWords, LEVELS, type Span, spanOfColumn, sumIn, type TimeChart } from "./time-chart.js";
import { fewLanes, LANE_HEIGHT, laneButtons, laneWords, lossWords, paintLanes, restRow } from "./time-lanes.js";
import { listenToTime } from "./time-input.js";
import type { TimeModel } from "./time-model.js";
import { fillTimeTable } from "./time-table.js";
import { TimeTooltip } from "./time-tooltip.js";
import { makeButton } from "./toolkit.js";

export interface TimeActions {
  /** What all views show; nothing for all of the time. */
  readonly select: (range?: Span) => void;
  /** A process, or with an index into the thread table a thread, alone. */
  readonly only: (pid: number, thread: number) => void;
  /** The pane was opened or closed, or draws another part of the time: to be kept for a reload. */
  readonly changed: () => void;
}

/** The time heat map above the graph: what happened when, and the choice of a range that all views follow. */
export class TimePane {
  readonly element = document.createElement("section");
  readonly tooltip = new TimeTooltip();
  readonly #model: TimeModel;
  readonly #actions: TimeActions;
  readonly #toggle = document.createElement("button");
  readonly #words = makeText("time-words", "");
  readonly #legend = makeDiv("time-legend", "img");
  readonly #buttons = makeDiv("time-buttons");
  readonly #all: HTMLElement;
  readonly #base: HTMLElement;
  readonly #into: HTMLElement;
  readonly #out: HTMLElement;
  readonly #body = makeDiv("time-body");
  readonly #gutter = makeDiv("time-gutter");
  readonly #labels = makeDiv("time-lanes");
  readonly #rest = makeDiv("time-rests");
  readonly #plot = makeDiv("time-plot", "application");
  readonly #canvas = document.createElement("canvas");
  readonly #table = document.createElement("table");
  readonly #live = makeDiv("hidden-visually", "status");
  #theme = readTheme();
  /** What is being dragged or built with the keys, before it is shown everywhere. */
  #draft: Span | undefined;
  #cursor: Cell | undefined;
  #scheduled = false;
  #open: boolean;
  #allLanes = false;
  /** The cursor was last moved by keys: after a drag it would only hide what was dragged over. */
  #byKeys = false;

  constructor(model: TimeModel, open: boolean, actions: TimeActions) {
    this.#model = model;
    this.#open = open;
    this.#actions = actions;
    this.#all = makeButton("Show all", "All of the time again (Esc)", () => this.#select(undefined));
    this.#base = makeButton("Use as baseline", "Compare with this range: the next one that you choose is what is new (B)", () =>
      this.#useAsBaseline(),
    );
    this.#into = makeButton("Zoom in", "Draw this range alone, in finer steps (+)", () => this.#zoomIn());
    this.#out = makeButton("Zoom out", "Draw all of the time (-)", () => this.#zoom({}));
    this.#build();
    model.onChange = () => this.show();
    listenToTime(this.#plot, {
      chart: () => model.chart ?? undefined,
      cellAt: (x, y) => this.#cellAt(x, y),
      hover: (cell, x, y) => this.#hover(cell, x, y),
      cursor: () => this.#cursor,
      moveTo: (cell, byKeys) => this.#moveTo(cell, byKeys),
      isLanes: (y) => y - this.#canvas.getBoundingClientRect().top >= plotHeight(),
      draft: (range, isBaseline) => this.#drag(range, isBaseline),
      choose: (range, isBaseline) => this.#choose(range, isBaseline),
      useAsBaseline: () => this.#useAsBaseline(),
      zoom: (direction) => (direction === "in" ? this.#zoomIn() : this.#zoom({})),
      cancel: () => this.#cancel(),
    });
    this.show();
  }

  get open(): boolean {
    return this.#open;
  }

  /** After a change of theme. */
  recolor(): void {
    this.#theme = readTheme();
    this.#showLegend();
    this.#requestDraw();
  }

  /** Clears the range; true where there was one. */
  clear(): boolean {
    if (this.#model.range === undefined) return false;
    this.#select(undefined);
    return true;
  }

  show(): void {
    const { chart, range, window } = this.#model;
    this.element.hidden = !chart;
    if (!chart) return;
    this.#body.hidden = !this.#open;
    this.#toggle.setAttribute("aria-expanded", String(this.#open));
    this.#all.hidden = this.#base.hidden = this.#into.hidden = range === undefined;
    this.#out.hidden = window.fromNs === undefined;
    setText(this.#words, this.#headWords(chart));
    const size = `${lengthWords(chart.columnNs)} a column, ${lengthWords(cellNs(chart))} a cell`;
    this.#plot.setAttribute("aria-label", `Time heat map of ${EVENT_WORDS[chart.event]}, ${size}`);
    this.#gutter.replaceChildren(makeText("time-scale-top", lengthWords(chart.columnNs)), makeText("time-scale-foot", "0"));
    this.#showLanes(chart);
    if (this.#cursor !== undefined && this.#cursor.column >= chart.columns) this.#cursor = undefined;
    this.#showLegend();
    fillTimeTable(this.#table, chart);
    this.#requestDraw();
  }

  #build(): void {
    this.element.className = "time in-editor-only";
    this.element.setAttribute("aria-label", "Time");
    this.#toggle.className = "time-toggle";
    this.#toggle.textContent = "Time";
    this.#toggle.title = "Show or hide the time heat map";
    this.#toggle.addEventListener("click", () => {
      this.#open = !this.#open;
      this.show();
      this.#actions.changed();
    });
    this.#buttons.append(this.#all, this.#base, this.#into, this.#out);
    const head = makeDiv("time-head");
    head.append(this.#toggle, this.#words, this.#buttons, this.#legend);
    const keys = makeDiv("hidden-visually");
    keys.id = "time-keys";
    keys.textContent =
      "Arrows: move by cell and column. Shift and arrows: extend the range, Enter: show it everywhere. B: use it as the baseline. Plus and minus: zoom. Escape: all of the time.";
    this.#plot.tabIndex = 0;
    this.#plot.setAttribute("aria-roledescription", "heat map");
    this.#plot.setAttribute("aria-describedby", "time-keys");
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#plot.append(this.#canvas);
    this.#gutter.setAttribute("aria-hidden", "true");
    const table = makeDiv("hidden-visually");
    table.append(this.#table);
    const left = makeDiv("time-left");
    left.append(this.#gutter, this.#labels);
    this.#body.append(left, this.#plot);
    this.element.append(head, this.#body, this.#rest, keys, table, this.#live);
    new ResizeObserver(() => this.#resize()).observe(this.#plot);
  }

  #showLanes(chart: TimeChart): void {
    const shown = this.#shownLanes(chart);
    const height = `${plotHeight() + AXIS_HEIGHT + shown * LANE_HEIGHT}px`;
    this.#plot.style.height = this.#canvas.style.height = height;
    this.#gutter.style.height = `${plotHeight()}px`;
    const key = JSON.stringify([chart.lanes.lanes.map(({ pid, tid, total }) => [pid, tid, total]), shown, chart.event, this.#open]);
    if (this.#labels.dataset["shown"] === key) return;
    this.#labels.dataset["shown"] = key;
    this.#labels.replaceChildren(...laneButtons(chart, shown, ({ pid, thread }) => this.#actions.only(pid, thread)));
    const rest = this.#open
      ? restRow(chart, shown, () => {
          this.#allLanes = !this.#allLanes;
          this.show();
        })
      : [];
    this.#rest.replaceChildren(...rest);
  }

  #shownLanes(chart: TimeChart): number {
    return this.#allLanes ? chart.lanes.lanes.length : Math.min(fewLanes(), chart.lanes.lanes.length);
  }

  /** Of what all numbers are; how to choose where nothing is chosen. */
  #headWords(chart: TimeChart): string {
    const range = this.#draft ?? this.#model.range;
    if (range === undefined) {
      const all = `${formatValue(chart.total, chart.unit)} of ${EVENT_WORDS[chart.event]} in ${lengthWords(chart.durationNs)}`;
      return `${all} · drag over a range to see it alone`;
    }
    const sum = sumIn(chart, range);
    const words = rangeWords({ fromNs: range.fromNs, toNs: Math.min(range.toNs, chart.durationNs) }, chart.durationNs);
    // A part of the time that is drawn is all that is known here.
    const inside = range.fromNs >= chart.fromNs && range.toNs <= chart.fromNs + chart.columns * chart.columnNs + 1;
    return `${words}${inside ? ` · ${formatValue(sum, chart.unit)}, ${formatShare(sum, chart.total)} of all` : ""}`;
  }

  #select(range: Span | undefined): void {
    this.#draft = undefined;
    this.#actions.select(range);
  }

  #choose(range: Span, isBaseline: boolean): void {
    this.#draft = undefined;
    if (isBaseline) this.#model.compareWith(range);
    else this.#actions.select(range);
    this.show();
  }

  #drag(range: Span | undefined, isBaseline: boolean): void {
    this.#draft = range;
    const { chart } = this.#model;
    if (chart) setText(this.#words, `${isBaseline ? "Baseline: " : ""}${this.#headWords(chart)}`);
    this.#requestDraw();
  }

  /** The range that is shown is what the next one is compared with. */
  #useAsBaseline(): void {
    const range = this.#draft ?? this.#model.range;
    if (range === undefined) return;
    this.#draft = undefined;
    this.#model.compareWith(range);
    if (this.#model.range !== undefined) this.#actions.select(undefined);
    this.#live.textContent = "This range is the baseline now; choose the one to compare with it.";
  }

  #zoomIn(): void {
    const { chart, range } = this.#model;
    const wanted = range ?? (chart && this.#cursor ? spanOfColumn(chart, this.#cursor.column) : undefined);
    if (chart && wanted) this.#zoom({ fromNs: wanted.fromNs, toNs: Math.min(wanted.toNs, chart.durationNs) });
  }

  #zoom(window: TimeRange): void {
    this.#model.zoom(window);
    this.#actions.changed();
  }

  #cancel(): void {
    if (this.#draft !== undefined) {
      this.#drag(undefined, false);
      return;
    }
    if (!this.clear() && this.#model.window.fromNs !== undefined) this.#zoom({});
  }

  #moveTo(cell: Cell, byKeys: boolean): void {
    const { chart } = this.#model;
    if (!chart) return;
    this.#cursor = cell;
    this.#byKeys = byKeys;
    const { time, value, share } = cellWords(chart, cell);
    const range = this.#draft === undefined ? "" : ` Range ${rangeWords(this.#draft, chart.durationNs)}.`;
    this.#live.textContent = `${time}: ${value}, ${share}.${range}`;
    this.#requestDraw();
  }

  #hover(cell: Cell | undefined, x: number, y: number): void {
    const { chart } = this.#model;
    const words = chart && cell && this.#wordsAt(chart, cell, x, y);
    if (words) this.tooltip.show(words, x, y);
    else this.tooltip.hide();
  }

  #wordsAt(chart: TimeChart, cell: Cell, clientX: number, clientY: number) {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    const [x, y] = [(clientX - left) / Math.max(1, width), clientY - top];
    if (y < plotHeight()) return cellWords(chart, cell);
    const lost = lossWords(chart, x, width);
    if (y < plotHeight() + AXIS_HEIGHT) return lost === undefined ? undefined : { time: lost, value: "", share: "" };
    return laneWords(chart, Math.floor((y - plotHeight() - AXIS_HEIGHT) / LANE_HEIGHT), x, width);
  }

  #cellAt(clientX: number, clientY: number): Cell | undefined {
    const { chart } = this.#model;
    if (!chart) return undefined;
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    return cellAt(chart, (clientX - left) / Math.max(1, width), 1 - (clientY - top) / plotHeight());
  }

  #showLegend(): void {
    const { chart } = this.#model;
    if (!chart) return;
    const top = formatValue(chart.top, chart.unit);
    const words = chart.most > chart.top ? `${top} or more (most ${formatValue(chart.most, chart.unit)})` : top;
    this.#legend.setAttribute("aria-label", `Colours from nothing to ${words} in a cell of ${lengthWords(cellNs(chart))}`);
    const chips = levelColors(this.#theme.kind).map((color) => {
      const chip = makeText("legend-chip", "");
      chip.style.backgroundColor = color;
      return chip;
    });
    this.#legend.title = `From nothing to ${words} in ${lengthWords(cellNs(chart))}`;
    const end = `${top}${chart.most > chart.top ? " or more" : ""} in ${lengthWords(cellNs(chart))}`;
    this.#legend.replaceChildren(makeText("", "0"), ...chips.slice(0, LEVELS), makeText("", end));
  }

  #requestDraw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { chart, range, baseline } = this.#model;
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (!chart || !context || this.#canvas.width === 0) return;
    const cursor = this.#byKeys && document.activeElement === this.#plot ? this.#cursor : undefined;
    const ratio = window.devicePixelRatio || 1;
    paintTime(context, chart, { range: this.#draft ?? range, baseline, cursor }, this.#theme, ratio);
    paintLanes(context, chart, this.#shownLanes(chart), (plotHeight() + AXIS_HEIGHT) * ratio, this.#theme, ratio);
  }

  #resize(): void {
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(this.#plot.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#plot.clientHeight * ratio);
    this.#draw(); // at once: a resized canvas is blank until it is drawn
  }
}

/** Writes only what changed: a text that is written again makes the browser lay the page out again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
