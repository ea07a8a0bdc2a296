import { describeNode } from "./words.js";
import type { GraphTree } from "./graph-tree.js";
import { makeDiv, makeText } from "./elements.js";
import type { Hit } from "./graph-canvas.js";

/** Follows the pointer and tells the full name, the place and both costs. Text only: names come from profiled programs. */
export class Tooltip {
  readonly element = document.createElement("div");
  readonly #name = makeDiv("tooltip-name");
  readonly #place = makeDiv("tooltip-place");
  readonly #kind = makeDiv("tooltip-kind");
  readonly #costs = makeDiv("tooltip-costs");
  #shown = -1;

  constructor() {
    this.element.className = "tooltip";
    this.element.hidden = true;
    this.element.setAttribute("aria-hidden", "true"); // the mirror says the same to screen readers
    this.element.append(this.#name, this.#place, this.#costs, this.#kind);
  }

  show(tree: GraphTree, hit: Hit, clientX: number, clientY: number): void {
    if (hit.node !== this.#shown || this.element.hidden) this.#fill(tree, hit);
    this.#shown = hit.node;
    this.element.hidden = false;
    const { offsetWidth, offsetHeight } = this.element;
    const x = Math.max(4, Math.min(clientX + 14, window.innerWidth - offsetWidth - 8));
    const below = clientY + 18 + offsetHeight < window.innerHeight - 4;
    const y = below ? clientY + 18 : Math.max(4, clientY - offsetHeight - 10);
    this.element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  hide(): void {
    this.element.hidden = true;
    this.#shown = -1;
  }

  #fill(tree: GraphTree, hit: Hit): void {
    const words = describeNode(tree, hit.node);
    const run = hit.nodes > 1;
    this.#name.textContent = run ? `${hit.nodes.toLocaleString("en-US")} boxes narrower than a pixel` : words.name;
    this.#place.textContent = run ? "Double-click to zoom in on them" : words.place;
    this.#kind.textContent = run ? "" : words.kind;
    this.#costs.replaceChildren(
      ...(run
        ? []
        : [
            ...(words.self === "" ? cost("Change", words.total) : [...cost("Total", words.total), ...cost("Self", words.self)]),
            ...cost("of", words.of),
          ]),
    );
  }
}

function cost(label: string, value: string): HTMLElement[] {
  return [makeText("cost-label", label), makeText("cost-value", value)];
}
