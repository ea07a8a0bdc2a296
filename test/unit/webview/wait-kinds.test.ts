import { expect, test } from "vitest";
import { callTree } from "../../../profile/tree.js";
import { treeColumns } from "../../../profile/tree-columns.js";
import type { TreeDirection } from "../../../protocol/queries.js";
import { decodeTree, type GraphTree, nodeName } from "../../../webview/graph-tree.js";
import { groupShares } from "../../../webview/legend.js";
import { searchTree } from "../../../webview/search.js";
import { WAIT_KINDS } from "../../../webview/wait-kinds.js";
import { emptyWords, statusWords } from "../../../webview/words.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { summaryWith } from "./tree-text.js";

const STACKS = `
  main;take;futex_wait{kernel};[lock]{kernel} 6
  main;take;[run queue]{kernel} 1
  main;fetch;recv{kernel};[network]{kernel} 2
  main;fetch;poll{kernel};[events]{kernel} 2
`;

function graph(direction: TreeDirection, idle = 0): GraphTree {
  const recording = recordingFromCollapsed(STACKS, { events: ["off_cpu"] });
  const tree = callTree(recording, { event: "off_cpu" }, { direction, minimumShare: 0 });
  return decodeTree(treeColumns(recording, tree, "off_cpu", () => "mine", idle));
}

test.each(["top-down", "bottom-up"] as const)("%s, a box has the colour of what most of its waiting is for", (direction) => {
  const tree = graph(direction);
  const kinds: Record<string, string | undefined> = {};
  for (let node = tree.count - 1; node > 0; node--) kinds[nodeName(tree, node)] = WAIT_KINDS[tree.waits[node] ?? -1];
  expect(kinds).toEqual({
    main: "lock",
    take: "lock",
    futex_wait: "lock",
    "[lock]": "lock",
    "[run queue]": "processor",
    fetch: "answer",
    recv: "answer",
    "[network]": "answer",
    poll: "answer",
    "[events]": "answer",
  });
});

test("a function that waits for two things has each box in its own colour", () => {
  const recording = recordingFromCollapsed("a;wait;[lock]{kernel} 5\nb;wait;[sleep]{kernel} 3", { events: ["off_cpu"] });
  const tree = callTree(recording, { event: "off_cpu" }, { direction: "top-down", minimumShare: 0 });
  const { waits } = decodeTree(treeColumns(recording, tree, "off_cpu", () => "mine"));
  expect(Array.from(waits, (kind) => WAIT_KINDS[kind])).toEqual(["lock", "lock", "lock", "lock", "sleep", "sleep", "sleep"]);
});

test("trees of other events have no such colours", () => {
  const recording = recordingFromCollapsed("a;b 5");
  const tree = callTree(recording, { event: "cpu" }, { direction: "top-down", minimumShare: 0 });
  expect(decodeTree(treeColumns(recording, tree, "cpu", () => "mine")).waits).toHaveLength(0);
});

test("the legend has the shares of what is waited for", () => {
  expect(Object.fromEntries(groupShares(graph("top-down"), "waits"))).toEqual({ lock: 6, processor: 1, answer: 4 });
});

test("a class is found as a search term", () => {
  const tree = graph("top-down");
  expect(searchTree(tree, "[lock]")).toMatchObject({ nodes: 1, value: 6 });
  expect(searchTree(tree, "network")).toMatchObject({ nodes: 1, value: 2 });
});

test("the footer says the time in each second and what was left out", () => {
  const recording = recordingFromCollapsed("main;[lock]{kernel} 3000000000", { events: ["off_cpu"] });
  const tree = callTree(recording, { event: "off_cpu" }, { direction: "top-down", minimumShare: 0 });
  const drawn = decodeTree(treeColumns(recording, tree, "off_cpu", () => "mine", 9e9));
  const words = statusWords(summaryWith({ durationNs: 2e9, live: false }), drawn, 0);
  expect(words.slice(0, 4)).toEqual([
    "1 sample, 3.00 s of waiting time",
    "over 2.00 s",
    "waits 1.50 s in each second",
    "9.00 s of idle waits left out",
  ]);
});

test("where all is idle the page says so and how to see it", () => {
  const recording = recordingFromCollapsed("main;work 1", { events: ["cpu"] });
  const tree = callTree(recording, { event: "off_cpu" }, { direction: "top-down", minimumShare: 0 });
  const drawn = decodeTree(treeColumns(recording, tree, "off_cpu", () => "mine", 9e9));
  const events = [{ event: "off_cpu", unit: "ns", samples: 3, total: 9e9 }] as const;
  expect(emptyWords(summaryWith({ events }), drawn)).toBe(
    "Nothing but idle waits (9.00 s) in what is chosen above: “Idle waits too” shows them.",
  );
});
