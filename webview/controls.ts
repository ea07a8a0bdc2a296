import type { RecordingSummary, Selection, TreeDirection } from "../protocol/queries.js";
import type { GraphShape, GraphView } from "../protocol/webview.js";
import {
  eventChoices,
  idleChoices,
  processChoices,
  threadChoices,
  withEvent,
  withIdle,
  withProcesses,
  withThreads,
  withWorkersMerged,
  workerChoices,
} from "./choices.js";
import { type Chooser, makeButton, makeChooser, makeTextInput } from "./toolkit.js";

export interface ControlActions {
  readonly select: (selection: Selection) => void;
  readonly turn: (direction: TreeDirection) => void;
  readonly color: (colorBy: GraphView["colorBy"]) => void;
  readonly fold: (fold: GraphShape["fold"]) => void;
  readonly search: (text: string) => void;
  readonly nextMatch: (step: 1 | -1) => void;
  readonly resetZoom: () => void;
  readonly leaveSearch: () => void;
}

const FOLDS = [
  { value: "nothing", label: "All boxes" },
  { value: "kernel", label: "Kernel folded" },
  { value: "runtime", label: "Runtime folded" },
  { value: "libraries", label: "Your code only" },
] as const;

/** What stands above the graph: what is shown, how, and the search with its share. */
export class Controls {
  readonly element = document.createElement("div");
  /** Its own row, beside the legend. */
  readonly searchElement = document.createElement("div");
  readonly #event: Chooser;
  readonly #processes: Chooser;
  readonly #threads: Chooser;
  readonly #idle: Chooser;
  readonly #workers: Chooser;
  readonly #direction: Chooser;
  readonly #colors: Chooser;
  readonly #fold: Chooser;
  readonly #search;
  readonly #matches = document.createElement("span");
  #selection: Selection = { event: "cpu" };

  constructor(actions: ControlActions) {
    this.element.className = "controls";
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", "Flame graph controls");
    this.#event = makeChooser("Event", (value) => actions.select(withEvent(this.#selection, value)));
    this.#processes = makeChooser("Process", (value) => actions.select(withProcesses(this.#selection, value)));
    this.#threads = makeChooser("Thread", (value) => actions.select(withThreads(this.#selection, value)));
    this.#idle = makeChooser("Waits of threads with nothing to do", (value) => actions.select(withIdle(this.#selection, value)));
    this.#workers = makeChooser("Workers of one program: each, or merged", (value) =>
      actions.select(withWorkersMerged(this.#selection, value)),
    );
    this.#direction = makeChooser("Direction: callers first, hottest first, or by time", (value) =>
      actions.turn(value === "bottom-up" || value === "by-time" ? value : "top-down"),
    );
    this.#colors = makeChooser("Colours: whose code it is, its language, or what it waits for", (value) =>
      actions.color(value === "language" || value === "waits" ? value : "owner"),
    );
    this.#fold = makeChooser("Boxes that are folded into their callers", (value) =>
      actions.fold(FOLDS.find((fold) => fold.value === value)?.value ?? "nothing"),
    );
    this.#search = makeTextInput("Search functions and files, or /a regular expression/", "Search functions and files", actions.search);
    this.#search.element.classList.add("search");
    this.#search.element.addEventListener("keydown", (event) => {
      if (event.key === "Enter") actions.nextMatch(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") actions.leaveSearch();
    });
    this.#matches.className = "matches";
    const choosers = [this.#event, this.#idle, this.#workers, this.#processes, this.#threads, this.#direction, this.#colors, this.#fold];
    this.element.append(...choosers.map(({ element }) => element));
    this.searchElement.className = "search-row";
    this.searchElement.setAttribute("role", "search");
    this.searchElement.append(this.#matches, this.#search.element, makeButton("Reset zoom", "Show everything (Esc)", actions.resetZoom));
  }

  show(summary: RecordingSummary | null, view: GraphView): void {
    const { selection } = view;
    this.#selection = selection;
    const fill = (chooser: Chooser, { choices, chosen }: ReturnType<typeof eventChoices>, shown: boolean) => {
      chooser.element.hidden = !shown;
      chooser.set(choices, chosen);
    };
    if (summary) {
      fill(this.#event, eventChoices(summary, selection), true);
      fill(this.#idle, idleChoices(selection), selection.event === "off_cpu");
      fill(
        this.#workers,
        workerChoices(summary, selection),
        summary.processes.some(({ role }) => role !== undefined),
      );
      fill(this.#processes, processChoices(summary, selection), summary.processes.length > 1);
      fill(this.#threads, threadChoices(summary, selection), summary.threads.length > 1);
    }
    this.#direction.set(
      [
        { value: "top-down", label: "Top-down" },
        { value: "bottom-up", label: "Bottom-up" },
        // Samples have no times in an exported page, and a comparison is of sums.
        ...(summary?.baseline === undefined && !document.body.classList.contains("standalone")
          ? [{ value: "by-time", label: "By time" }]
          : []),
      ],
      view.direction,
    );
    this.#colors.set(
      [
        { value: "owner", label: "By whose code" },
        { value: "language", label: "By language" },
        ...(selection.event === "off_cpu" ? [{ value: "waits", label: "By what is waited for" }] : []),
      ],
      view.colorBy,
    );
    this.#fold.set(FOLDS, view.shape.fold);
    this.#fold.element.hidden = summary?.baseline !== undefined || view.direction === "by-time";
    this.#colors.element.hidden = summary?.baseline !== undefined;
    if (this.#search.value !== view.search) this.#search.value = view.search;
    this.element.hidden = this.searchElement.hidden = !summary;
  }

  showMatches(words: string): void {
    this.#matches.textContent = words;
  }

  focusSearch(): void {
    this.#search.focus();
  }
}
