import { describe, expect, test } from "vitest";
import { callTree } from "../../../profile/tree.js";
import { treeColumns } from "../../../profile/tree-columns.js";
import { decodeTree, nodeName } from "../../../webview/graph-tree.js";
import { Boxes, layoutBoxes } from "../../../webview/layout.js";
import { groupShares } from "../../../webview/legend.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { drawBoxes } from "./tree-text.js";

const SAMPLES = `
  main;parse;read 4
  main;parse 2
  main;walk;walk;read 3
  idle 1
`;

describe("trees as profile/ writes them", () => {
  test.each(["top-down", "bottom-up"] as const)("%s, a tree is drawn from its columns and its legend adds up", (direction) => {
    const recording = recordingFromCollapsed(SAMPLES);
    const tree = callTree(recording, { event: "cpu" }, { direction, minimumShare: 0 });
    const graph = decodeTree(treeColumns(recording, tree, "cpu", () => "mine"));
    expect(graph.repaired).toBe(0);
    expect([...graph.depth]).toEqual([...tree.depth]);
    expect(nodeName(graph, 0)).toBe("all");
    expect([...groupShares(graph, "owner")]).toEqual([["mine", graph.total]]);
    const boxes = new Boxes();
    layoutBoxes(graph, { range: { start: 0, end: graph.total }, width: 60, firstRow: 0, lastRow: 9 }, undefined, boxes);
    expect(drawBoxes(graph, boxes, 60)).toMatchSnapshot();
  });
});
