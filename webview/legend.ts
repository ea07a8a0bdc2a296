import { CHANGE_KINDS } from "./difference.js";
import { formatShare } from "./format.js";
import { at, type GraphTree } from "./graph-tree.js";
import type { ColorBy, Palette } from "./palette.js";
import { WAIT_KINDS } from "./wait-kinds.js";
import { isTransfer } from "../profile/subjects.js";

/** Of what is transferred, the kernel's boxes are what it was transferred with. */
const SUBJECTS = "Files and peers";

/** What each colour means, with the share of self value that the group has; groups without any are left out. */
export class Legend {
  readonly element = document.createElement("div");

  constructor() {
    this.element.className = "legend";
    this.element.setAttribute("role", "list");
    this.element.setAttribute("aria-label", "Colours, with each group's own share");
  }

  show(tree: GraphTree | undefined, palette: Palette | undefined, colorBy: ColorBy): void {
    if (!tree || !palette) {
      this.element.replaceChildren();
      return;
    }
    const shares = groupShares(tree, colorBy);
    const present = palette.groups.filter((group) => (shares.get(group.key) ?? 0) > 0);
    if (colorBy !== "difference") present.sort((a, b) => (shares.get(b.key) ?? 0) - (shares.get(a.key) ?? 0));
    this.element.replaceChildren(
      ...present.map((group) =>
        entry(
          group.key === "kernel" && isTransfer(tree.info.event) ? SUBJECTS : group.label,
          group.fill,
          formatShare(shares.get(group.key) ?? 0, tree.total),
        ),
      ),
    );
  }
}

/** Self value by owner, by language, by what is waited for or by change, in the tree's unit. Bottom-up trees carry their self value in the first row only. */
export function groupShares(tree: GraphTree, colorBy: ColorBy): Map<string, number> {
  const shares = new Map<string, number>();
  if (colorBy === "difference") {
    tree.difference?.kinds.forEach((kind, node) => {
      const key = CHANGE_KINDS[kind] ?? "few";
      if (node > 0) shares.set(key, (shares.get(key) ?? 0) + at(tree.self, node));
    });
    return shares;
  }
  if (colorBy === "waits") {
    for (let node = 1; node < tree.waits.length; node++) {
      const kind = WAIT_KINDS[at(tree.waits, node)] ?? "unknown";
      shares.set(kind, (shares.get(kind) ?? 0) + at(tree.self, node));
    }
    return shares;
  }
  const keys: readonly string[] = tree.functions[colorBy];
  const byFunction = new Float64Array(keys.length);
  for (let node = 1; node < tree.count; node++) {
    const fn = at(tree.fn, node);
    if (fn >= 0) byFunction[fn] = at(byFunction, fn) + at(tree.self, node);
  }
  byFunction.forEach((self, fn) => shares.set(keys[fn] ?? "", (shares.get(keys[fn] ?? "") ?? 0) + self));
  return shares;
}

function entry(label: string, fill: string, share: string): HTMLElement {
  const element = document.createElement("span");
  element.setAttribute("role", "listitem");
  element.className = "legend-entry";
  const chip = document.createElement("span");
  chip.className = "legend-chip";
  chip.style.backgroundColor = fill;
  element.append(chip, `${label} ${share}`);
  return element;
}
