import { expect, test } from "vitest";
import { childrenByValue, neighbour } from "../../../webview/navigate.js";
import { nodeName } from "../../../webview/graph-tree.js";
import { groupShares } from "../../../webview/legend.js";
import { treeFromText } from "./tree-text.js";

const TREE = treeFromText(`
  main 0
    a 1
      deep 2
    b 9
      c 5
      d 7
    e 0
      f 3
`);
const walk = (from: string, ...keys: ("up" | "down" | "left" | "right")[]) => {
  const start = Array.from({ length: TREE.count }, (_, node) => nodeName(TREE, node)).indexOf(from);
  return nodeName(
    TREE,
    keys.reduce((node, key) => neighbour(TREE, node, key, 0), start),
  );
};

test("arrows lead to the caller, the widest callee and the neighbours in the row", () => {
  expect(walk("main", "down")).toBe("b");
  expect(walk("b", "down")).toBe("d");
  expect(walk("d", "right")).toBe("f");
  expect(walk("f", "left", "left", "left")).toBe("deep");
  expect(walk("f", "up")).toBe("e");
});

test("arrows stay where there is nothing", () => {
  expect(walk("deep", "down")).toBe("deep");
  expect(walk("f", "right")).toBe("f");
  expect(walk("deep", "left")).toBe("deep");
  expect(neighbour(TREE, 0, "up", 0)).toBe(0);
  expect(neighbour(TREE, 0, "left", 0)).toBe(0);
});

test("the first arrow begins at the root", () => {
  expect(neighbour(TREE, -1, "down", 0)).toBe(0);
});

test("boxes too narrow to see are stepped over", () => {
  expect(nodeName(TREE, neighbour(TREE, 3, "right", 4))).toBe("c");
  expect(nodeName(TREE, neighbour(TREE, 5, "right", 4))).toBe("d");
  expect(nodeName(TREE, neighbour(TREE, 6, "right", 4))).toBe("d");
});

test("children come widest first, as many as asked for", () => {
  expect(childrenByValue(TREE, 1, 9).map((node) => nodeName(TREE, node))).toEqual(["b", "a", "e"]);
  expect(childrenByValue(TREE, 1, 2).map((node) => nodeName(TREE, node))).toEqual(["b", "a"]);
});

test("groups' own shares add up to everything", () => {
  expect([...groupShares(TREE, "owner")]).toEqual([["mine", TREE.total]]);
});
