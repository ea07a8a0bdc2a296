import type { GraphTree } from "./graph-tree.js";
import { makeButton } from "./toolkit.js";
import { describeNode, type NodeWords } from "./words.js";

export interface DetailsActions {
  readonly openSource: () => void;
  readonly annotate: () => void;
  readonly zoom: () => void;
  readonly showCallers: () => void;
  readonly copy: () => void;
}

/** The bar under the graph: the selected box in full, and what can be done with it. */
export class DetailsBar {
  readonly element = document.createElement("div");
  readonly #name = document.createElement("span");
  readonly #place = document.createElement("span");
  readonly #costs = document.createElement("span");
  readonly #source: HTMLElement;

  constructor(actions: DetailsActions) {
    this.element.className = "details";
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "Selected function");
    this.#name.className = "details-name";
    this.#place.className = "details-place";
    this.#costs.className = "details-costs";
    const texts = document.createElement("div");
    texts.className = "details-texts";
    texts.append(this.#name, this.#place, this.#costs);
    this.#source = makeButton("Open source", "Go to the function's line (O)", actions.openSource);
    const callers = makeButton("Callers and callees", "Who calls this function, and what it calls (C)", actions.showCallers);
    const annotate = makeButton("Lines", "What each line of the function costs, before its source", actions.annotate);
    // Hidden in an exported page.
    for (const button of [this.#source, annotate, callers]) button.classList.add("in-editor-only");
    const buttons = document.createElement("div");
    buttons.className = "details-buttons";
    buttons.append(
      this.#source,
      annotate,
      makeButton("Zoom in", "Show this box in full width (Enter)", actions.zoom),
      callers,
      makeButton("Copy", "Copy name, place and cost (Ctrl+C)", actions.copy),
    );
    this.element.append(texts, buttons);
    this.element.hidden = true;
  }

  show(tree: GraphTree | undefined, node: number): void {
    this.element.hidden = !tree || node <= 0;
    if (!tree || node <= 0) return;
    const words = describeNode(tree, node);
    this.#name.textContent = words.name;
    this.#name.title = words.name;
    this.#place.textContent = [words.place, words.kind].filter((part) => part !== "").join(" · ");
    this.#place.title = words.place;
    this.#costs.textContent = costWords(words);
  }
}

function costWords({ total, self, of }: NodeWords): string {
  return self === "" ? `${total} · of ${of}` : `Total ${total} · Self ${self} · of ${of}`;
}

/** What "copy" puts on the clipboard: one line to paste into a report. */
export function copyText(tree: GraphTree, node: number): string {
  const words = describeNode(tree, node);
  const costs = words.self === "" ? words.total : `total ${words.total}, self ${words.self}`;
  return `${words.name} (${words.place}): ${costs}, of ${words.of}`;
}
