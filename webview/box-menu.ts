import type { GraphView } from "../protocol/webview.js";
import type { MenuItem } from "./context-menu.js";
import { at, type GraphTree, nodeName } from "./graph-tree.js";
import { describeNode } from "./words.js";

export interface BoxActions {
  readonly openSource: () => void;
  readonly zoom: () => void;
  readonly showCallers: () => void;
  /** The same function in the tree of the other direction. */
  readonly showInOther: () => void;
  readonly copy: () => void;
  readonly copyStack: () => void;
  /** Takes all boxes of a function into their callers. */
  readonly hide: () => void;
  readonly toggleRecursion: () => void;
  readonly showHidden: () => void;
}

/** What can be done with a box; an exported page has no sources and no callers, a comparison keeps its shape. */
export function boxItems(
  tree: GraphTree,
  node: number,
  { direction, shape }: GraphView,
  actions: BoxActions,
  standalone: boolean,
): MenuItem[] {
  const isRoot = node <= 0;
  const other = direction === "bottom-up" ? "Show in Top-down" : "Show in Bottom-up";
  const item = (label: string, key: string, run: () => void, shown = true): MenuItem[] => (shown ? [{ label, key, run }] : []);
  const mayShape = tree.difference === undefined && tree.info.thread === undefined;
  return [
    ...item("Open Source", "O", actions.openSource, !isRoot && !standalone),
    ...item("Zoom In", "Enter", actions.zoom),
    ...item("Callers and Callees", "C", actions.showCallers, !isRoot && !standalone),
    ...item(other, "", actions.showInOther, !isRoot),
    ...item("Copy Name, Place and Cost", "Ctrl+C", actions.copy),
    ...item("Copy Stack as Text", "", actions.copyStack, !isRoot),
    ...item("Hide This Function", "H", actions.hide, !isRoot && mayShape),
    ...item(
      `Show ${shape.hidden.length} Hidden ${shape.hidden.length === 1 ? "Function" : "Functions"}`,
      "",
      actions.showHidden,
      shape.hidden.length > 0,
    ),
    ...(mayShape ? [{ label: "Merge Recursion", key: "R", checked: shape.recursion, run: actions.toggleRecursion }] : []),
  ];
}

/** A stack as lines, innermost function first as debuggers have it, with what the box costs above. */
export function stackText(tree: GraphTree, node: number, direction: GraphView["direction"]): string {
  const names: string[] = [];
  for (let each = node; each > 0; each = at(tree.parent, each)) {
    const { name, place } = describeNode(tree, each);
    names.push(`  ${name} (${place})`);
  }
  if (direction === "bottom-up") names.reverse();
  const { total, of } = describeNode(tree, node);
  return [`${nodeName(tree, node)}: ${total}, of ${of}`, ...names].join("\n");
}
