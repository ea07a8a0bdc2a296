import type { GraphTree } from "./graph-tree.js";
import { at } from "./graph-tree.js";
import { childrenByValue } from "./navigate.js";
import { describeNode } from "./words.js";

/** Callees told to a screen reader, widest first; the rest is told as a number. */
const CHILDREN = 30;

/**
 * The selected box, its caller and its callees as tree items: a canvas shows nothing to a screen reader. The graph
 * keeps the focus and points to the selected item (`aria-activedescendant`).
 */
export class Mirror {
  readonly element = document.createElement("div");
  readonly #owner: HTMLElement;

  constructor(owner: HTMLElement) {
    this.#owner = owner;
    owner.tabIndex = 0;
    owner.setAttribute("role", "tree");
    owner.setAttribute("aria-label", "Flame graph");
    owner.setAttribute("aria-describedby", "keys");
    this.element.className = "hidden-visually";
    this.element.setAttribute("role", "presentation");
    owner.append(this.element);
  }

  show(tree: GraphTree | undefined, selected: number): void {
    this.#owner.removeAttribute("aria-activedescendant");
    if (!tree) {
      this.element.replaceChildren();
      return;
    }
    const node = Math.max(0, selected);
    const parent = at(tree.parent, node);
    const children = childrenByValue(tree, node, CHILDREN);
    const items = [...(parent >= 0 ? [item(tree, parent, "caller")] : []), item(tree, node, "selected")];
    items.push(...children.map((child, i) => item(tree, child, "callee", i + 1)));
    this.element.replaceChildren(...items);
    this.#owner.setAttribute("aria-activedescendant", "mirror-selected");
  }
}

function item(tree: GraphTree, node: number, role: "caller" | "selected" | "callee", place = 1): HTMLElement {
  const words = describeNode(tree, node);
  const element = document.createElement("div");
  element.setAttribute("role", "treeitem");
  element.setAttribute("aria-level", String(at(tree.depth, node) + 1));
  element.setAttribute("aria-selected", String(role === "selected"));
  if (role === "callee") element.setAttribute("aria-posinset", String(place));
  if (at(tree.end, node) > node + 1) element.setAttribute("aria-expanded", String(role !== "callee"));
  element.id = role === "callee" ? `mirror-callee-${place}` : `mirror-${role}`;
  element.textContent = [
    words.name,
    `total ${words.total}`,
    ...(words.self === "" ? [] : [`self ${words.self}`]),
    words.kind,
    words.place,
  ].join(", ");
  return element;
}
