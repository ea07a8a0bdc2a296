import type { RecordingSummary } from "../protocol/queries.js";
import type { GraphTree } from "./graph-tree.js";
import { helpWords } from "./keyboard.js";
import { makeButton } from "./toolkit.js";
import { foldedWords, statusWords } from "./words.js";

/** The footer: of what the picture is, what is missing from it, and the keys. */
export class StatusLine {
  readonly element = document.createElement("div");
  readonly #facts = document.createElement("span");
  readonly #folded = document.createElement("span");
  readonly #unfold: HTMLElement;

  constructor(unfold: () => void) {
    this.element.className = "status";
    this.#facts.className = "status-facts";
    this.#folded.className = "status-folded";
    this.#unfold = makeButton("Show them", "Ask for every box, however small", unfold);
    this.#unfold.classList.add("in-editor-only");
    const help = document.createElement("div");
    help.id = "keys";
    help.className = "keys";
    help.textContent = help.title = helpWords(document.body.classList.contains("standalone"));
    const first = document.createElement("div");
    first.className = "status-first";
    first.append(this.#facts, this.#folded, this.#unfold);
    this.element.append(first, help);
  }

  show(summary: RecordingSummary | null, tree: GraphTree | undefined, hidden: number): void {
    this.element.hidden = !summary || !tree;
    if (!summary || !tree) return;
    set(this.#facts, statusWords(summary, tree, hidden).join(" · "));
    set(this.#folded, foldedWords(tree));
    this.#unfold.hidden = !(tree.info.folded > 0);
  }
}

/** Writes only what changed: a text that is written again makes the browser lay the page out again. */
function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
