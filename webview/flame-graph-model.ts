import type { Steps } from "../profile/steps.js";
import type { CallersAndCallees, RecordingSummary, Selection, TreeColumns, TreeDirection } from "../protocol/queries.js";
import type { Finding } from "../protocol/findings.js";
import type { TableColumns, TableKind } from "../protocol/tables.js";
import type { FromWebview, GraphView, PictureFormat, ToWebview } from "../protocol/webview.js";
import { decodeTreeSteps, type GraphTree } from "./graph-tree.js";
import { Pieces } from "./pieces.js";
import type { SavedView } from "./saved-view.js";
import { type Search, searchTreeSteps } from "./search.js";
import { shapeTreeSteps } from "./shape.js";
import { TimeModel } from "./time-model.js";
import { type Clock, TreeRequests } from "./tree-requests.js";

export type Change =
  | { readonly kind: "recording" }
  /** `turned`: in the other direction, where no place of the old tree means anything. */
  | { readonly kind: "tree"; readonly turned: boolean }
  | { readonly kind: "view" }
  | { readonly kind: "colors" }
  | { readonly kind: "search" }
  | { readonly kind: "callers"; readonly answer: CallersAndCallees | null }
  | { readonly kind: "findings"; readonly findings: readonly Finding[] }
  /** Null where nothing is selected that has a cost. */
  | { readonly kind: "table"; readonly table: TableColumns | null }
  /** Index of a function in the recording. */
  | { readonly kind: "reveal"; readonly function: number }
  | { readonly kind: "draw"; readonly format: PictureFormat }
  | { readonly kind: "notice"; readonly message: string };

/** What is shown and why, without a pixel: the recording, the tree, the view, and the conversation with the extension. */
export class FlameGraphModel {
  /** Undefined until the extension has said which recording is open; null when none is. */
  summary: RecordingSummary | null | undefined;
  /** Undefined until the first answer; null when there is nothing to draw. */
  tree: GraphTree | null | undefined;
  view: GraphView;
  minimumShare: number;
  search: Search | undefined;
  /** How long the recording was when the user held it, ns; undefined where it is followed. */
  pausedNs: number | undefined;
  readonly times: TimeModel;
  onChange: (change: Change) => void = () => undefined;

  readonly #post: (message: FromWebview) => void;
  /** The tree before boxes are taken into others. */
  #whole: GraphTree | null = null;
  readonly #requests: TreeRequests;
  readonly #making: Pieces;
  readonly #searching: Pieces;
  #callersRequest = 0;
  #tableRequest = 0;
  #findingsRequest = 0;
  #shownDirection: TreeDirection;

  constructor(post: (message: FromWebview) => void, saved: SavedView, clock: Clock) {
    this.#post = post;
    this.view = saved.view;
    this.minimumShare = saved.minimumShare;
    this.#shownDirection = saved.view.direction;
    this.#making = new Pieces(clock);
    this.#searching = new Pieces(clock);
    this.times = new TimeModel(post, clock, saved.timeWindow);
    this.#requests = new TreeRequests((request, query) => post({ type: "getTree", request, ...query }), clock);
  }

  receive(message: ToWebview): void {
    switch (message.type) {
      case "recording":
        return this.#setRecording(message.summary, message.selection);
      case "tree":
        if (this.#requests.answered(message.request)) this.#setTree(message.tree, message.direction);
        return;
      case "timeMap":
        return this.times.receive(message.request, message.map);
      case "callers":
        if (message.request === this.#callersRequest) this.onChange({ kind: "callers", answer: message.answer });
        return;
      case "findings":
        if (message.request === this.#findingsRequest) this.onChange({ kind: "findings", findings: message.findings });
        return;
      case "table":
        if (message.request === this.#tableRequest) this.onChange({ kind: "table", table: message.table });
        return;
      case "reveal":
        return this.onChange({ kind: "reveal", function: message.function });
      case "draw":
        return this.onChange({ kind: "draw", format: message.format });
      case "failed":
        this.#requests.answered(message.request);
        this.times.failed(message.request);
        return this.onChange({ kind: "notice", message: message.message });
    }
  }

  /** The user chose another event, process or thread: all views follow. */
  select(selection: Selection): void {
    this.view = withSelection(this.view, selection);
    this.#post({ type: "select", selection });
    this.#ask();
    this.times.follow(this.summary ?? null, selection, false);
    this.onChange({ kind: "view" });
  }

  /** Of the time that all views show; nothing for all of it. */
  selectTime(range?: { readonly fromNs: number; readonly toNs: number }): void {
    const { fromNs: _from, toNs: _to, ...rest } = this.view.selection;
    this.select({ ...rest, ...range });
  }

  /** A process, or with an index into the thread table a thread of it, alone; all of them again where it is alone already. */
  selectOnly(pid: number, thread: number): void {
    const { pids, threads, ...rest } = this.view.selection;
    const only = { ...rest, pids: [pid], ...(thread < 0 ? {} : { threads: [thread] }) };
    this.select(isSame([pids, threads], [only.pids, only.threads]) ? rest : only);
  }

  turn(direction: TreeDirection): void {
    if (direction === this.view.direction) return;
    this.view = { ...this.view, direction };
    this.#ask();
    this.onChange({ kind: "view" });
  }

  color(colorBy: GraphView["colorBy"]): void {
    this.view = { ...this.view, colorBy };
    this.onChange({ kind: "colors" });
  }

  /** Takes boxes into others, or shows them again; no cost is lost by it. */
  reshape(change: Partial<GraphView["shape"]>): void {
    this.view = { ...this.view, shape: { ...this.view.shape, ...change } };
    if (this.#whole) this.#showShape(false);
    else this.onChange({ kind: "view" });
  }

  find(text: string): void {
    this.view = { ...this.view, search: text };
    const { tree } = this;
    const found = (search: Search | undefined): void => {
      this.search = search;
      this.onChange({ kind: "search" });
    };
    if (tree) this.#searching.run(searchTreeSteps(tree, text), found, (error) => this.#tell(error));
    else found(undefined);
  }

  unfold(): void {
    this.minimumShare = 0;
    this.#ask();
  }

  openSource(fn: number, preserveFocus: boolean): void {
    this.#post({ type: "openSource", function: fn, selection: this.view.selection, preserveFocus });
  }

  askCallers(fn: number): void {
    this.#post({ type: "getCallers", request: ++this.#callersRequest, function: fn, selection: this.view.selection });
  }

  askFindings(): void {
    this.#post({ type: "getFindings", request: ++this.#findingsRequest, selection: this.view.selection });
  }

  openFinding(id: string): void {
    this.#post({ type: "openFinding", id });
  }

  annotate(fn: number): void {
    this.#post({ type: "annotate", function: fn });
  }

  askTable(kind: TableKind): void {
    this.#post({ type: "getTable", request: ++this.#tableRequest, kind, selection: this.view.selection });
  }

  openRow(kind: TableKind, id: number, preserveFocus: boolean): void {
    this.#post({ type: "openRow", kind, id, selection: this.view.selection, preserveFocus });
  }

  /** Holds what is shown of a recording that runs, or follows it again. */
  pause(): void {
    const hold = this.pausedNs === undefined && this.summary?.live === true;
    this.pausedNs = hold ? this.summary?.durationNs : undefined;
    if (hold) {
      this.#requests.hold();
      this.times.hold();
    } else {
      this.#ask();
      this.times.follow(this.summary ?? null, this.view.selection, true);
    }
    this.onChange({ kind: "recording" });
  }

  stopComparing(): void {
    this.#post({ type: "stopComparing" });
  }

  sendPicture(format: PictureFormat, data: string): void {
    this.#post({ type: "picture", format, data });
  }

  copy(text: string): void {
    this.#post({ type: "copy", text });
  }

  #setRecording(summary: RecordingSummary | null, selection: Selection): void {
    const other = summary?.id !== this.summary?.id;
    // The extension echoes what was chosen here; an echo is no reason to ask again.
    const chosen = !isSame(selection, this.view.selection) || !isSame(summary?.baseline, this.summary?.baseline);
    const grown = !isSame(summary, this.summary);
    this.summary = summary;
    this.view = withSelection(this.view, selection);
    if (other) this.#forgetTree();
    if (other || summary?.live !== true) this.pausedNs = undefined;
    this.times.follow(summary, selection, grown && this.pausedNs === undefined);
    if (!summary) this.#setTree(null, this.view.direction);
    else if (other || chosen || (grown && !summary.live)) this.#ask();
    else if (grown && this.pausedNs === undefined) this.#requests.refresh(this.#query());
    this.onChange({ kind: "recording" });
  }

  #setTree(columns: TreeColumns | null, direction: TreeDirection): void {
    const turned = direction !== this.#shownDirection;
    this.#shownDirection = direction;
    if (columns === null) return this.#showNothing(turned);
    this.#making.run(
      decodeTreeSteps(columns),
      (whole) => {
        this.#whole = whole;
        this.#showShape(turned);
      },
      (error) => {
        this.#showNothing(turned);
        this.#tell(error);
      },
    );
  }

  /** With what the search finds in it: both come at once. */
  #showShape(turned: boolean): void {
    const [whole, { shape, search }] = [this.#whole, this.view];
    if (whole === null) return this.#showNothing(turned);
    this.#searching.stop();
    this.#making.run(
      shapedAndSearched(whole, shape, this.#shownDirection, search),
      (made) => {
        this.tree = made.tree;
        this.search = made.search;
        this.onChange({ kind: "tree", turned });
        // Typed while it was made.
        if (this.view.search !== search) this.find(this.view.search);
      },
      (error) => this.#tell(error),
    );
  }

  #showNothing(turned: boolean): void {
    this.#forgetTree();
    this.#whole = null;
    this.tree = null;
    this.onChange({ kind: "tree", turned });
  }

  #forgetTree(): void {
    this.#making.stop();
    this.#searching.stop();
    this.tree = undefined;
    this.search = undefined;
  }

  #tell(error: unknown): void {
    this.onChange({ kind: "notice", message: error instanceof Error ? error.message : String(error) });
  }

  #ask(): void {
    this.#requests.ask(this.#query());
  }

  #query() {
    return { direction: this.view.direction, selection: this.view.selection, minimumShare: this.minimumShare };
  }
}

function* shapedAndSearched(
  whole: GraphTree,
  shape: GraphView["shape"],
  direction: TreeDirection,
  text: string,
): Steps<{ tree: GraphTree; search: Search | undefined }> {
  const tree = yield* shapeTreeSteps(whole, shape, direction);
  return { tree, search: yield* searchTreeSteps(tree, text) };
}

/** Of waits the first question is what for, of everything else whose code it is; other colours are the user's choice and stay. */
function withSelection(view: GraphView, selection: Selection): GraphView {
  const waits = selection.event === "off_cpu";
  const begins = waits && view.selection.event !== "off_cpu" && view.colorBy === "owner";
  const ends = !waits && view.colorBy === "waits";
  return { ...view, selection, colorBy: begins ? "waits" : ends ? "owner" : view.colorBy };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
