import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import type { CodeOwner, SmallNode } from "../protocol/queries.js";
import { cleanText } from "./graph-tree.js";

const CELL_HEIGHT = 20;

export interface ChartOptions {
  /** CSS pixels. */
  readonly width: number;
  /** Callers grow upwards from the function, callees hang down from it. */
  readonly side: "callers" | "callees";
  readonly fillOf: (owner: CodeOwner) => string;
  readonly labelOf: (node: SmallNode) => string;
  readonly onPick: (fn: number) => void;
}

/** A plain object for each box: d3-flame-graph writes `fade`, `hide` and `id` into what it is given. */
interface ChartNode {
  readonly name: string;
  readonly value: number;
  readonly source: SmallNode;
  readonly children: ChartNode[];
}

/** Draws a small tree (at most 1,000 boxes: SVG costs about 0.1 ms each) with d3-flame-graph. */
export function drawChart(tree: SmallNode, options: ChartOptions): HTMLElement {
  const element = document.createElement("div");
  element.className = "chart d3-flame-graph";
  element.setAttribute("aria-hidden", "true"); // the lists beside it say the same, and can be focused
  const { root, rows } = copyTree(tree);
  const chart = flamegraph<ChartNode>()
    .width(options.width)
    .height(rows * CELL_HEIGHT)
    .cellHeight(CELL_HEIGHT)
    .transitionDuration(0)
    .inverted(options.side === "callees")
    .setLabelHandler((node) => options.labelOf(node.data.source))
    .setColorMapper((node) => options.fillOf(node.data.source.owner));
  select<HTMLElement, ChartNode>(element)
    .datum(root)
    .call(chart as never);
  // Its own zoom can't be switched off, so the click is taken before it arrives there.
  element.addEventListener(
    "click",
    (event) => {
      event.stopPropagation();
      const box = event.target instanceof Element ? event.target.closest("g") : null;
      if (box) options.onPick(select<Element, { data: ChartNode }>(box).datum().data.source.function);
    },
    { capture: true },
  );
  return element;
}

/** Without recursion: callers of a deep recursion make a deep tree. */
function copyTree(tree: SmallNode): { root: ChartNode; rows: number } {
  const copy = (node: SmallNode): ChartNode => ({ name: cleanText(node.name), value: node.value, source: node, children: [] });
  const root = copy(tree);
  let rows = 1;
  const open: [SmallNode, ChartNode, number][] = [[tree, root, 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [from, to, row] = next;
    rows = Math.max(rows, row);
    for (const child of from.children) {
      const copied = copy(child);
      to.children.push(copied);
      open.push([child, copied, row + 1]);
    }
  }
  return { root, rows };
}
