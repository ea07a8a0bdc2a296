import { describe, expect, test } from "vitest";
import { nextMatch, searchTree } from "../../../webview/search.js";
import { nodeNamed, treeFromText } from "./tree-text.js";

const RECURSIVE = `
  main 1
    walk 2
      walk 3
        leaf 4
      other 5
    other 6
`;

describe("search", () => {
  test("a match inside a match counts its value once and its box too", () => {
    const tree = treeFromText(RECURSIVE);
    expect(searchTree(tree, "walk")).toMatchObject({ nodes: 2, value: 14 });
  });

  test("matches in separate places add up", () => {
    expect(searchTree(treeFromText(RECURSIVE), "other")).toMatchObject({ nodes: 2, value: 11 });
  });

  test("case does not matter, and file names are searched", () => {
    const tree = treeFromText(RECURSIVE);
    expect(searchTree(tree, " WALK ")?.nodes).toBe(2);
    expect(searchTree(tree, "/src/leaf.py")).toMatchObject({ nodes: 1, value: 4 });
  });

  test("signs of patterns mean themselves", () => {
    expect(searchTree(treeFromText("a.b(c)* 1\n  axb 1"), "a.b(c)*")?.nodes).toBe(1);
  });

  test("an empty search is none, and one without a match has no value", () => {
    const tree = treeFromText(RECURSIVE);
    expect(searchTree(tree, "  ")).toBeUndefined();
    expect(searchTree(tree, "absent")).toMatchObject({ nodes: 0, value: 0 });
  });

  test("next and previous go around the end", () => {
    const tree = treeFromText(RECURSIVE);
    const search = searchTree(tree, "other");
    if (!search) throw new Error("no search");
    const first = nextMatch(tree, search, 0, 1);
    const second = nextMatch(tree, search, first, 1);
    expect([first, second]).toEqual([5, 6]);
    expect(nextMatch(tree, search, second, 1)).toBe(first);
    expect(nextMatch(tree, search, first, -1)).toBe(second);
    const none = searchTree(tree, "absent");
    expect(none && nextMatch(tree, none, nodeNamed(tree, "walk"), 1)).toBe(-1);
  });
});
