import { boxItems, stackText } from "./box-menu.js";
import { CallersPane } from "./callers-pane.js";
import type { CallersAndCallees } from "../protocol/queries.js";
import type { Finding } from "../protocol/findings.js";
import { ComparisonBar } from "./comparison-bar.js";
import { ContextMenu } from "./context-menu.js";
import { Controls } from "./controls.js";
import { copyText, DetailsBar } from "./details-bar.js";
import type { Change, FlameGraphModel } from "./flame-graph-model.js";
import { makeDiv } from "./elements.js";
import { FindingsBar } from "./findings-bar.js";
import { nodeOfFinding } from "./finding-marks.js";
import { foldable } from "./fold.js";
import { GraphCanvas } from "./graph-canvas.js";
import { listenToPointer } from "./graph-input.js";
import { GraphMap } from "./graph-map.js";
import { at } from "./graph-tree.js";
import { listenToKeys } from "./keyboard.js";
import { Legend } from "./legend.js";
import { Mirror } from "./mirror.js";
import { findFunction, functionKey, pathOfNode } from "./node-path.js";
import type { SavedView } from "./saved-view.js";
import { nextMatch } from "./search.js";
import { PauseButton } from "./pause-button.js";
import { NO_SHAPE } from "./shape.js";
import { StatusLine } from "./status-line.js";
import { TablePane } from "./table-pane.js";
import { onThemeChange } from "./theme.js";
import { TimePane } from "./time-pane.js";
import { Tooltip } from "./tooltip.js";
import { fullRange } from "./viewport.js";
import { emptyWords, searchWords } from "./words.js";

/** Rest after the last drawn frame before the page does what is not needed for the next one: writing text costs a layout. */
const SETTLE_MS = 200;

/** The page's parts, and what passes between them and the model. */
export class FlameGraphPage {
  readonly element = document.createElement("main");
  readonly #model: FlameGraphModel;
  readonly #save: (view: SavedView) => void;
  readonly #graph = new GraphCanvas();
  readonly #stage = makeDiv("stage");
  readonly #map = new GraphMap(this.#graph, this.#stage);
  readonly #controls: Controls;
  readonly #details: DetailsBar;
  readonly #status: StatusLine;
  readonly #callers: CallersPane;
  readonly #tables: TablePane;
  readonly #findings: FindingsBar;
  /** By finding: its box, or -1. */
  #findingNodes: readonly number[] = [];
  readonly #legend = new Legend();
  readonly #pause: PauseButton;
  readonly #comparison: ComparisonBar;
  readonly #time: TimePane;
  readonly #tooltip = new Tooltip();
  readonly #menu = new ContextMenu();
  readonly #mirror = new Mirror(this.#graph.scroller);
  readonly #empty = makeDiv("empty");
  readonly #notice = makeDiv("notice", "alert");
  readonly #live = makeDiv("hidden-visually", "status");
  #restore: SavedView | undefined;
  #reveal: number | undefined;
  #settled: ReturnType<typeof setTimeout> | undefined;

  constructor(model: FlameGraphModel, saved: SavedView, save: (view: SavedView) => void) {
    this.#model = model;
    this.#save = save;
    this.#restore = saved;
    const selected = (run: (node: number) => void) => () => run(this.#graph.selected);
    this.#controls = new Controls({
      select: (selection) => model.select(selection),
      turn: (direction) => model.turn(direction),
      color: (colorBy) => model.color(colorBy),
      fold: (fold) => model.reshape({ fold }),
      search: (text) => model.find(text),
      nextMatch: (step) => this.#goToMatch(step),
      resetZoom: () => this.#graph.tree && this.#graph.setRange(fullRange(this.#graph.tree), true),
      leaveSearch: () => {
        model.find("");
        this.#graph.scroller.focus();
      },
    });
    this.#details = new DetailsBar({
      openSource: selected((node) => this.#openSource(node, false)),
      annotate: selected((node) => {
        const fn = this.#functionOf(node);
        if (fn >= 0) model.annotate(fn);
      }),
      zoom: selected((node) => {
        if (this.#tables.saved.parts === "table") this.#tables.setParts("both");
        this.#graph.zoomToNode(node);
      }),
      showCallers: selected((node) => this.#askCallers(node)),
      copy: selected((node) => this.#copy(node)),
    });
    this.#callers = new CallersPane({
      pick: (fn) => model.askCallers(fn),
      openSource: (fn) => model.openSource(fn, false),
      closed: () => this.#graph.scroller.focus(),
    });
    this.#status = new StatusLine(
      () => model.unfold(),
      () => model.reshape(NO_SHAPE),
    );
    this.#pause = new PauseButton(() => model.pause());
    this.#findings = new FindingsBar({
      select: (index) => {
        const node = this.#findingNodes[index] ?? -1;
        if (node > 0) this.#selectNode(node, true);
      },
      openPlace: (id) => model.openFinding(id),
    });
    this.#tables = new TablePane(
      {
        ask: (kind) => model.askTable(kind),
        pick: (fn) => this.#selectFunction(fn),
        open: (kind, id, preserveFocus) => model.openRow(kind, id, preserveFocus),
        changed: () => this.#showParts(),
        failed: (message) => this.#changed({ kind: "notice", message }),
      },
      saved.table,
    );
    this.#comparison = new ComparisonBar(() => model.stopComparing());
    this.#time = new TimePane(model.times, saved.timeOpen, {
      select: (range) => model.selectTime(range),
      only: (pid, thread) => model.selectOnly(pid, thread),
      changed: () => this.#settle(),
    });
    this.#build();
    this.#listen();
    this.#show();
  }

  #build(): void {
    this.element.className = "page";
    const stage = this.#stage;
    stage.append(this.#graph.scroller, this.#map.element, this.#empty);
    const legendRow = makeDiv("legend-row");
    legendRow.append(foldable(this.#legend.element, "the colours"), this.#controls.searchElement);
    this.element.append(this.#controls.element, this.#time.element, this.#comparison.element, legendRow, this.#findings.element);
    this.element.append(stage, this.#tables.element, this.#callers.element);
    this.#controls.element.prepend(this.#tables.chooser);
    this.#controls.element.append(this.#pause.element);
    this.element.dataset["parts"] = this.#tables.saved.parts;
    this.element.append(this.#notice, this.#details.element, this.#status.element);
    this.element.append(this.#live, this.#tooltip.element, this.#time.tooltip.element, this.#menu.element);
    this.#notice.hidden = true;
  }

  #listen(): void {
    const graph = this.#graph;
    this.#model.onChange = (change) => this.#changed(change);
    graph.onDrawn = () => {
      this.#map.follow();
      clearTimeout(this.#settled);
      this.#settled = setTimeout(() => this.#settle(), SETTLE_MS);
    };
    onThemeChange(() => {
      this.#recolor();
      this.#time.recolor();
    });
    listenToPointer(graph, {
      hover: (hit, x, y) => (hit && graph.tree ? this.#tooltip.show(graph.tree, hit, x, y) : this.#tooltip.hide()),
      click: (hit) => {
        if (hit.nodes > 1) return;
        this.#selectNode(hit.node, false);
        this.#openSource(hit.node, true);
      },
      menu: (hit, x, y) => {
        this.#selectNode(hit.node, false);
        this.#openMenu(hit.node, x, y);
      },
      doubleClick: (hit) => graph.zoomToNode(hit.nodes > 1 && graph.tree ? at(graph.tree.parent, hit.node) : hit.node),
    });
    listenToKeys(graph, {
      select: (node) => this.#selectNode(node, true),
      openSource: (node) => this.#openSource(node, false),
      showCallers: (node) => this.#askCallers(node),
      copy: (node) => this.#copy(node),
      find: () => this.#controls.focusSearch(),
      nextMatch: (step) => this.#goToMatch(step),
      clearSearch: () => {
        const had = this.#model.search !== undefined;
        if (had) this.#model.find("");
        return had;
      },
      clearTime: () => void this.#time.clear(),
      hide: (node) => this.#hide(node),
      toggleRecursion: () => this.#model.reshape({ recursion: !this.#model.view.shape.recursion }),
      menu: (node) => {
        const { left, top } = graph.scroller.getBoundingClientRect();
        this.#openMenu(node, left + 20, top + 20);
      },
    });
  }

  #changed(change: Change): void {
    switch (change.kind) {
      case "tree":
        return this.#showTree(change.turned);
      case "recording":
        return this.#show();
      case "view":
        // What it says is of the event and threads of before.
        this.#tooltip.hide();
        return this.#show();
      case "colors":
        this.#recolor();
        return this.#show();
      case "search":
        this.#graph.setSearch(this.#model.search);
        this.#tables.filter(this.#model.view.search);
        return this.#show();
      case "findings":
        return this.#showFindings(change.findings);
      case "table":
        return this.#tables.show(change.table);
      case "reveal":
        this.#reveal = change.function;
        return this.#revealFunction();
      case "callers":
        return this.#showCallers(change.answer);
      case "draw":
        return this.#model.sendPicture(change.format, this.#graph.picture(change.format));
      case "notice":
        this.#notice.hidden = change.message === "";
        this.#notice.textContent = change.message;
        return;
    }
  }

  #showTree(turned: boolean): void {
    const { tree, search } = this.#model;
    const graph = this.#graph;
    // Before the new tree: while it is laid out, the page may be too short for where the reader was.
    const scrollTop = this.#restore?.scrollTop ?? (turned ? 0 : graph.scroller.scrollTop);
    if (turned) graph.setTree(undefined);
    graph.setTree(tree ?? undefined, this.#restore?.anchor, this.#restore?.selected);
    graph.setSearch(search);
    this.#tables.filter(this.#model.view.search);
    this.#tables.refresh();
    this.#model.askFindings();
    if (this.#callers.function !== undefined && !this.#model.summary?.live) this.#model.askCallers(this.#callers.function);
    this.#recolor();
    this.#details.show(graph.tree, graph.selected);
    this.#mirror.show(graph.tree, graph.selected);
    this.#show();
    // Only now: what was shown just above takes height from the graph, and so decides how far it can be scrolled.
    if (tree) this.#notice.hidden = true;
    // A recording that is just being read has a tree of nothing, in which no box can be found again.
    if (graph.tree) {
      this.#restore = undefined;
      this.#map.follow();
      graph.scroller.scrollTop = scrollTop;
    }
    this.#revealFunction();
  }

  /** Everything that follows from the model and is cheap to write again. */
  #show(): void {
    const { summary, tree, view, search } = this.#model;
    this.#controls.show(summary ?? null, view);
    this.#pause.show(summary ?? null, this.#model.pausedNs);
    this.#comparison.show(summary ?? null, tree ?? undefined);
    const words = summary === undefined ? "" : emptyWords(summary, tree);
    this.#empty.textContent = words ?? "";
    this.#empty.hidden = words === undefined;
    const found = tree && search ? searchWords(tree, search) : "";
    this.#controls.showMatches(found);
    this.#live.textContent = words ?? found;
    this.#status.show(summary ?? null, this.#graph.tree, this.#graph.hidden);
  }

  #recolor(): void {
    const { view, tree } = this.#model;
    // Other tools' profiles of waits don't say what for.
    const chosen = view.colorBy === "waits" && tree?.waits.length === 0 ? "owner" : view.colorBy;
    const colorBy = tree?.difference === undefined ? chosen : "difference";
    this.#graph.setColors(colorBy);
    this.#callers.recolor(this.#graph.palette("owner"));
    this.#legend.show(this.#graph.tree, this.#graph.palette(colorBy), colorBy);
  }

  #selectNode(node: number, reveal: boolean): void {
    this.#graph.select(node);
    if (reveal) this.#graph.revealNode(node);
    this.#details.show(this.#graph.tree, node);
    this.#mirror.show(this.#graph.tree, node);
    this.#tables.follow(this.#functionOf(node));
    this.#findings.choose(this.#findingNodes.indexOf(node));
    this.#notice.hidden = true;
  }

  /** The widest box of a function that was chosen in a table. */
  #selectFunction(fn: number): void {
    const node = this.#graph.tree ? findFunction(this.#graph.tree, fn) : -1;
    if (node > 0) this.#selectNode(node, this.#tables.saved.parts !== "table");
  }

  #showFindings(findings: readonly Finding[]): void {
    const { tree } = this.#graph;
    this.#findingNodes = tree ? findings.map((finding) => nodeOfFinding(tree, finding)) : [];
    this.#graph.setFindings(this.#findingNodes);
    this.#findings.show(findings);
  }

  #showParts(): void {
    const { parts } = this.#tables.saved;
    this.element.dataset["parts"] = parts;
    // Where it was hidden it could not be scrolled.
    if (parts !== "table" && this.#graph.selected > 0) requestAnimationFrame(() => this.#graph.revealNode(this.#graph.selected));
    this.#settle();
  }

  #revealFunction(): void {
    const { tree } = this.#graph;
    if (this.#reveal === undefined || !tree) return;
    const node = findFunction(tree, this.#reveal);
    this.#reveal = undefined;
    if (node < 0) return this.#changed({ kind: "notice", message: "That function is not in what is chosen above." });
    this.#selectNode(node, false);
    this.#graph.zoomToNode(node);
    this.#graph.scroller.focus();
  }

  #goToMatch(step: 1 | -1): void {
    const { search } = this.#model;
    const { tree, selected } = this.#graph;
    if (!tree || !search) return;
    const node = nextMatch(tree, search, Math.max(0, selected), step);
    if (node >= 0) this.#selectNode(node, true);
  }

  #openMenu(node: number, x: number, y: number): void {
    const { tree, scroller } = this.#graph;
    const { view } = this.#model;
    if (!tree) return;
    this.#tooltip.hide();
    const actions = {
      openSource: () => this.#openSource(node, false),
      zoom: () => this.#graph.zoomToNode(node),
      showCallers: () => this.#askCallers(node),
      showInOther: () => {
        this.#reveal = this.#functionOf(node);
        this.#model.turn(view.direction === "bottom-up" ? "top-down" : "bottom-up");
      },
      copy: () => this.#copy(node),
      copyStack: () => this.#model.copy(stackText(tree, node, view.direction)),
      hide: () => this.#hide(node),
      toggleRecursion: () => this.#model.reshape({ recursion: !view.shape.recursion }),
      showHidden: () => this.#model.reshape({ hidden: [] }),
    };
    const standalone = document.body.classList.contains("standalone");
    this.#menu.open(boxItems(tree, node, view, actions, standalone), x, y, () => scroller.focus());
  }

  /** Takes all boxes of a node's function into their callers. */
  #hide(node: number): void {
    const { tree } = this.#graph;
    const { hidden } = this.#model.view.shape;
    if (tree && node > 0 && !tree.difference) this.#model.reshape({ hidden: [...hidden, functionKey(tree, at(tree.fn, node))] });
  }

  #openSource(node: number, preserveFocus: boolean): void {
    const fn = this.#functionOf(node);
    if (fn >= 0) this.#model.openSource(fn, preserveFocus);
  }

  #showCallers(answer: CallersAndCallees | null): void {
    const { tree } = this.#model;
    if (!answer || !tree) return this.#changed({ kind: "notice", message: "That function is not in what is chosen above." });
    const opens = this.#callers.function === undefined;
    this.#callers.show(answer, tree.info.unit, this.#graph.palette("owner"));
    // The pane has taken the rows that the box may have been in.
    if (opens && this.#graph.selected > 0) requestAnimationFrame(() => this.#graph.revealNode(this.#graph.selected));
  }

  #askCallers(node: number): void {
    const fn = this.#functionOf(node);
    if (fn >= 0) this.#model.askCallers(fn);
  }

  #copy(node: number): void {
    if (this.#graph.tree && node >= 0) this.#model.copy(copyText(this.#graph.tree, node));
  }

  /** Index of a node's function in the recording; -1 for the root. */
  #functionOf(node: number): number {
    const { tree } = this.#graph;
    return tree && node > 0 ? (tree.functions.id[at(tree.fn, node)] ?? -1) : -1;
  }

  /** What may wait until the view rests: the footer's count of hidden boxes, and keeping the view for a reload. */
  #settle(): void {
    this.#status.show(this.#model.summary ?? null, this.#graph.tree, this.#graph.hidden);
    const { view, minimumShare } = this.#model;
    const { tree, selected, scroller } = this.#graph;
    const anchor = this.#graph.anchor();
    if (!tree || !anchor) return;
    const path = selected > 0 ? { selected: pathOfNode(tree, selected) } : {};
    const shown = { timeOpen: this.#time.open, timeWindow: this.#model.times.window, table: this.#tables.saved };
    this.#save({ view, minimumShare, anchor, scrollTop: scroller.scrollTop, ...shown, ...path });
  }
}
