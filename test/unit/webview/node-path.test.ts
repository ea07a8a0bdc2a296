import { describe, expect, test } from "vitest";
import { anchorOf, findFunction, findPath, pathOfNode, rangeOfAnchor } from "../../../webview/node-path.js";
import { fullRange, nodeSpanning, panRange, rangeOfNode, zoomRange } from "../../../webview/viewport.js";
import { nodeNamed, treeFromText } from "./tree-text.js";

const BEFORE = treeFromText(`
  main 0
    parse 10
    render 0
      paint 30
`);
/** The same program a second later: more samples, and a function that sorts before the others. */
const AFTER = treeFromText(`
  main 0
    boot 60
    parse 15
    render 5
      paint 40
`);

describe("a place in the tree", () => {
  test("a zoom follows its function into a newer tree", () => {
    const anchor = anchorOf(BEFORE, rangeOfNode(BEFORE, nodeNamed(BEFORE, "paint")));
    expect(rangeOfAnchor(AFTER, anchor)).toEqual(rangeOfNode(AFTER, nodeNamed(AFTER, "paint")));
  });

  test("a view inside a box keeps its place in that box", () => {
    const paint = rangeOfNode(BEFORE, nodeNamed(BEFORE, "paint"));
    const middle = zoomRange(BEFORE, paint, 0.5, 0.5);
    const found = rangeOfAnchor(AFTER, anchorOf(BEFORE, middle));
    const wide = rangeOfNode(AFTER, nodeNamed(AFTER, "paint"));
    expect(found.start).toBeCloseTo(wide.start + 10, 9);
    expect(found.end).toBeCloseTo(wide.end - 10, 9);
  });

  test("when the function is gone, its nearest caller is shown whole", () => {
    const anchor = anchorOf(AFTER, rangeOfNode(AFTER, nodeNamed(AFTER, "boot")));
    expect(rangeOfAnchor(BEFORE, anchor)).toEqual(fullRange(BEFORE));
    const inside = anchorOf(AFTER, zoomRange(AFTER, rangeOfNode(AFTER, nodeNamed(AFTER, "boot")), 0.2, 0.5));
    expect(rangeOfAnchor(BEFORE, inside)).toEqual(fullRange(BEFORE));
    expect(findPath(BEFORE, anchor.path)).toEqual({ node: nodeNamed(BEFORE, "main"), complete: false });
  });

  test("everything stays everything", () => {
    expect(rangeOfAnchor(AFTER, anchorOf(BEFORE, fullRange(BEFORE)))).toEqual(fullRange(AFTER));
  });

  test("a path leads back to its node", () => {
    for (let node = 0; node < AFTER.count; node++) {
      expect(findPath(AFTER, pathOfNode(AFTER, node))).toEqual({ node, complete: true });
    }
  });

  test("a function is found where it is widest", () => {
    const tree = treeFromText("main 0\n  a 0\n    hot 2\n  b 0\n    hot 7");
    expect(findFunction(tree, tree.functions.id[2] ?? -1)).toBe(5);
    expect(findFunction(tree, 12345)).toBe(-1);
  });
});

describe("the visible range", () => {
  test("zooming keeps what is under the pointer", () => {
    const range = zoomRange(BEFORE, fullRange(BEFORE), 0.25, 0.75);
    expect(range.start + (range.end - range.start) * 0.75).toBeCloseTo(30, 9);
    expect(range.end - range.start).toBeCloseTo(10, 9);
  });

  test("panning and zooming out never leave the tree", () => {
    expect(panRange(BEFORE, { start: 5, end: 15 }, -9)).toEqual({ start: 0, end: 10 });
    expect(panRange(BEFORE, { start: 5, end: 15 }, 9)).toEqual({ start: 30, end: 40 });
    expect(zoomRange(BEFORE, { start: 5, end: 15 }, 100, 0.1)).toEqual(fullRange(BEFORE));
  });

  test("zooming in without end stops before numbers lose their meaning", () => {
    let range = fullRange(BEFORE);
    for (let i = 0; i < 500; i++) range = zoomRange(BEFORE, range, 0.5, 0.3);
    expect(range.end).toBeGreaterThan(range.start);
  });

  test("the deepest box over the whole range", () => {
    expect(nodeSpanning(BEFORE, { start: 12, end: 20 })).toBe(nodeNamed(BEFORE, "paint"));
    expect(nodeSpanning(BEFORE, { start: 9, end: 20 })).toBe(nodeNamed(BEFORE, "main"));
  });
});
