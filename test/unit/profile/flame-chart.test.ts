import { expect, test } from "vitest";
import { flameChart } from "../../../profile/flame-chart.js";
import { toBase64 } from "../../../profile/base64.js";
import { treeColumns } from "../../../profile/tree-columns.js";
import { at, decodeTree } from "../../../webview/graph-tree.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const CPU = { event: "cpu" } as const;

/** A line a box as it is drawn: name, where it begins, how wide it is. */
function draw(text: string, timesMs: readonly number[], threads: readonly string[] = ["main"]): string[] {
  const recording = recordingFromCollapsed(text, { events: ["cpu"], timesNs: timesMs.map((ms) => ms * 1e6), threads });
  const chart = flameChart(recording, CPU);
  const columns = { ...treeColumns(recording, chart, "cpu", () => "mine"), left: toBase64(chart.left) };
  const tree = decodeTree(columns);
  expect(tree.repaired).toBe(0);
  return Array.from({ length: tree.count }, (_, node) => {
    const name = tree.functions.name[at(tree.fn, node)] ?? "all";
    return `${"  ".repeat(at(tree.depth, node))}${name} ${at(tree.left, node)}+${at(tree.value, node)}`;
  });
}

test("neighbours of one stack are one box, in the order of time, whatever came first in the file", () => {
  expect(draw("main;f 10\nmain;g 10\nmain;f 10\nmain;f 10\nmain 10\nmain;f 10", [1, 3, 2, 4, 5, 6])).toEqual([
    "all 0+60",
    "  main 0+60",
    "    f 0+20",
    "    g 20+10",
    "    f 30+10",
    "    f 50+10",
  ]);
});

test("no box goes on over time in which something else ran", () => {
  expect(draw("main;f 10\nmain;f 10\nmain;f 10", [1, 2, 900])).toEqual([
    "all 0+30",
    "  main 0+20",
    "    f 0+20",
    "  main 20+10",
    "    f 20+10",
  ]);
});

test("the busiest thread is drawn, and a sample without a stack has no box", () => {
  const recording = recordingFromCollapsed("main;f 10\nmain;g 30\nmain;f 10", {
    events: ["cpu"],
    timesNs: [1e6, 2e6, 3e6],
    threads: ["app/one", "app/two", "app/one"],
  });
  recording.samples.push(-1, 1, 4e6, 0, 5);
  expect(flameChart(recording, CPU)).toMatchObject({ thread: 1, threads: 2, total: 35, samples: 2, step: 1, nodes: 3 });
  expect(flameChart(recording, { ...CPU, threads: [0] })).toMatchObject({ thread: 0, threads: 1, total: 20 });
  expect(flameChart(recording, { ...CPU, fromNs: 1e12 })).toMatchObject({ thread: -1, threads: 0, total: 0, nodes: 1 });
});

test("of very many samples one stands for several, and nothing of the total is lost", () => {
  const recording = recordingFromCollapsed("main;f 10\nmain;g 10", { events: ["cpu"], timesNs: [0, 1e6] });
  for (let i = 2; i < 120_000; i++) recording.samples.push(i % 7 === 0 ? 0 : 1, 0, i * 1e6, 0, 10);
  const chart = flameChart(recording, CPU);
  expect(chart).toMatchObject({ step: 3, total: 1_200_000, samples: 120_000 });
});
