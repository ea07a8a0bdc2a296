import type { RecordingSummary } from "../protocol/queries.js";
import { foldable } from "./fold.js";
import type { GraphTree } from "./graph-tree.js";
import { helpWords } from "./keyboard.js";
import { makeButton } from "./toolkit.js";
import { foldedWords, shapedWords, statusWords } from "./words.js";

/** The footer: of what the picture is, what is missing from it, and the keys. */
export class StatusLine {
  readonly element = document.createElement("div");
  readonly #facts = document.createElement("span");
  readonly #folded = document.createElement("span");
  readonly #unfold: HTMLElement;
  readonly #shaped = document.createElement("span");
  readonly #unshape: HTMLElement;

  constructor(unfold: () => void, unshape: () => void) {
    this.element.className = "status";
    this.#facts.className = "status-facts";
    this.#folded.className = "status-folded";
    this.#unfold = makeButton("Show them", "Ask for every box, however small", unfold);
    this.#unfold.classList.add("in-editor-only");
    this.#shaped.className = "status-shaped";
    this.#unshape = makeButton("Unfold", "Show each box of its own again", unshape);
    const help = document.createElement("div");
    help.id = "keys";
    help.className = "keys";
    help.textContent = help.title = helpWords(document.body.classList.contains("standalone"));
    const first = document.createElement("div");
    first.className = "status-first";
    first.append(this.#facts, this.#folded, this.#unfold, this.#shaped, this.#unshape);
    this.element.append(foldable(first, "what the graph is of"), help);
  }

  show(summary: RecordingSummary | null, tree: GraphTree | undefined, hidden: number): void {
    this.element.hidden = !summary || !tree;
    if (!summary || !tree) return;
    set(this.#facts, statusWords(summary, tree, hidden).join(" · "));
    set(this.#folded, foldedWords(tree));
    set(this.#shaped, shapedWords(tree));
    this.#unshape.hidden = tree.shaped === undefined;
    this.#unfold.hidden = !(tree.info.folded > 0);
  }
}

/** Writes only what changed: a text that is written again makes the browser lay the page out again. */
function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
