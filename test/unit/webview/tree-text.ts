import type { RecordingSummary, TreeColumns } from "../../../protocol/queries.js";
import { decodeTree, type GraphTree, nodeName } from "../../../webview/graph-tree.js";
import type { Boxes } from "../../../webview/layout.js";

/**
 * Columns from an outline: a name and its self value a line, two spaces a row deeper. `file` of a function is its name
 * with `.py`. The root is made here.
 */
export function columnsFromText(text: string, change: Partial<TreeColumns> = {}): TreeColumns {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const outdent = Math.min(...lines.map(indentOf));
  const names: string[] = [];
  const [fn, depth, self] = [[-1], [0], [0]];
  for (const line of lines) {
    const [name = "", value = "0"] = line.trim().split(" ");
    if (!names.includes(name)) names.push(name);
    fn.push(names.indexOf(name));
    depth.push((indentOf(line) - outdent) / 2 + 1);
    self.push(Number(value));
  }
  const end = depth.map((row, node) => {
    const after = depth.findIndex((other, next) => next > node && other <= row);
    return after < 0 ? depth.length : after;
  });
  const value = end.map((last, node) => self.slice(node, last).reduce((sum, one) => sum + one, 0));
  return {
    nodes: fn.length,
    maxDepth: Math.max(...depth),
    total: value[0] ?? 0,
    event: "cpu",
    unit: "ns",
    samples: value[0] ?? 0,
    leftOut: 0,
    folded: 0,
    foldedValue: 0,
    function: base64(Int32Array.from(fn)),
    end: base64(Int32Array.from(end)),
    depth: base64(Int32Array.from(depth)),
    self: base64(Float64Array.from(self)),
    value: base64(Float64Array.from(value)),
    functions: {
      name: names,
      id: names.map((_, i) => i + 100),
      language: names.map(() => "python"),
      owner: names.map(() => "mine"),
      file: names.map((name) => `/src/${name}.py`),
      line: names.map((_, i) => i + 1),
      module: names.map(() => ""),
      inlined: names.map(() => false),
    },
    ...change,
  };
}

export function treeFromText(text: string): GraphTree {
  return decodeTree(columnsFromText(text));
}

/** The node of that name, the first in drawing order. */
export function nodeNamed(tree: GraphTree, name: string): number {
  return Array.from({ length: tree.count }, (_, node) => nodeName(tree, node)).indexOf(name);
}

/** Boxes as text, a line a row: `[main………]` from its first to its last pixel, `#` for a run, `!` for a match. */
export function drawBoxes(tree: GraphTree, boxes: Boxes, width: number): string {
  const rows = new Map<number, string[]>();
  for (let box = 0; box < boxes.count; box++) {
    const row = boxes.row[box] ?? 0;
    const cells = rows.get(row) ?? Array<string>(width).fill(" ");
    rows.set(row, cells);
    const [x = 0, wide = 0, nodes = 0] = [boxes.x[box], boxes.width[box], boxes.nodes[box]];
    const inside = nodes > 1 ? "#".repeat(wide) : nodeName(tree, boxes.node[box] ?? 0);
    const marked = boxes.matched[box] === 1 ? `${inside}!` : inside;
    const text =
      wide === 1 ? (boxes.matched[box] === 1 ? "!" : nodes > 1 ? "#" : "|") : `[${marked.slice(0, wide - 2).padEnd(wide - 2, ".")}]`;
    for (let i = 0; i < wide; i++) cells[x + i] = text.charAt(i);
  }
  const ordered = [...rows].sort(([a], [b]) => a - b);
  return ordered.map(([row, cells]) => `${row}: ${cells.join("").trimEnd()}`).join("\n");
}

export function summaryWith(change: Partial<RecordingSummary> = {}): RecordingSummary {
  return {
    id: "one",
    name: "One",
    live: false,
    startUnixMs: 0,
    durationNs: 3e9,
    hz: 99,
    events: [{ event: "cpu", unit: "ns", samples: 10, total: 10 }],
    processes: [],
    threads: [],
    loss: { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
    cost: { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 },
    warnings: [],
    ...change,
  };
}

export function base64(column: Int32Array | Float64Array): string {
  return Buffer.from(column.buffer).toString("base64");
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
