import { describe, expect, test } from "vitest";
import { Boxes, hitBox, layoutBoxes, type Screen } from "../../../webview/layout.js";
import { searchTree } from "../../../webview/search.js";
import { rangeOfNode } from "../../../webview/viewport.js";
import { drawBoxes, nodeNamed, treeFromText } from "./tree-text.js";

const SHOP = treeFromText(`
  main 4
    parse 10
      read 6
    render 0
      layout 12
      paint 8
`);

function draw(tree = SHOP, change: Partial<Screen> = {}, search = ""): string {
  const screen = { range: { start: 0, end: tree.total }, width: 40, firstRow: 0, lastRow: 99, ...change };
  const boxes = new Boxes();
  layoutBoxes(tree, screen, searchTree(tree, search), boxes);
  return drawBoxes(tree, boxes, screen.width);
}

describe("layout", () => {
  test("a box is as wide as its share, children begin where their parent begins, and self is the rest", () => {
    expect(draw()).toMatchInlineSnapshot(`
      "0: [all...................................]
      1: [main..................................]
      2: [parse.........][render............]
      3: [read]          [layout....][paint.]"
    `);
  });

  test("a zoomed box fills the width and its callers are cut at both edges", () => {
    expect(draw(SHOP, { range: rangeOfNode(SHOP, nodeNamed(SHOP, "layout")) })).toMatchInlineSnapshot(`
      "0: [all...................................]
      1: [main..................................]
      2: [render................................]
      3: [layout................................]"
    `);
  });

  test("only the visible rows are laid out", () => {
    expect(draw(SHOP, { firstRow: 2, lastRow: 2 })).toMatchInlineSnapshot(`"2: [parse.........][render............]"`);
  });

  test("neighbours narrower than a pixel become one box that counts them", () => {
    const tiny = treeFromText(`main 0\n  big 9000\n${"  speck 1\n".repeat(30)}  last 970`);
    const boxes = new Boxes();
    layoutBoxes(tiny, { range: { start: 0, end: tiny.total }, width: 100, firstRow: 0, lastRow: 9 }, undefined, boxes);
    const runs = [...boxes.nodes.subarray(0, boxes.count)].filter((nodes) => nodes > 1);
    expect(runs).toEqual([30]);
    expect(boxes.hidden).toBe(30);
  });

  test("a run is a match when something under it is", () => {
    const deep = treeFromText(`main 0\n  big 9999\n  speck 0\n    needle 1`);
    expect(draw(deep, {}, "needle")).toMatchInlineSnapshot(`
      "0: [all...................................]
      1: [main..................................]
      2: [big...................................!"
    `);
  });

  test("3,000 rows deep, the rows in view are found and nothing else is laid out", () => {
    const rows = Array.from({ length: 3000 }, (_, row) => `${"  ".repeat(row)}f${row} 0`);
    const deep = treeFromText(`${rows.join("\n")}\n${"  ".repeat(3000)}leaf 5`);
    expect(draw(deep, { firstRow: 2999, lastRow: 3001 })).toMatchInlineSnapshot(`
      "2999: [f2998.................................]
      3000: [f2999.................................]
      3001: [leaf..................................]"
    `);
  });

  test("no box ever leaves the screen or overlaps its neighbour, wherever the view is", () => {
    const wide = treeFromText(`main 3\n${Array.from({ length: 57 }, (_, i) => `  f${i} ${(i * 7) % 13}`).join("\n")}`);
    for (let step = 0; step < 200; step++) {
      const start = (step / 200) * wide.total * 0.9;
      const boxes = new Boxes();
      layoutBoxes(wide, { range: { start, end: start + wide.total * 0.1 }, width: 313, firstRow: 0, lastRow: 5 }, undefined, boxes);
      let last = 0;
      for (let box = 0; box < boxes.count; box++) {
        const [x = 0, width = 0] = [boxes.x[box], boxes.width[box]];
        expect(x + width).toBeLessThanOrEqual(313);
        expect(width).toBeGreaterThan(0);
        if (boxes.row[box] !== 2) continue;
        expect(x).toBeGreaterThanOrEqual(last - 1); // a run may share its last pixel with the box after it
        last = x + width;
      }
    }
  });

  test("the pointer finds the box under it, and nothing beside or below", () => {
    const boxes = new Boxes();
    layoutBoxes(SHOP, { range: { start: 0, end: SHOP.total }, width: 40, firstRow: 0, lastRow: 9 }, undefined, boxes);
    const nodeAt = (x: number, row: number) => boxes.node[hitBox(boxes, x, row)];
    expect(nodeAt(0, 2)).toBe(nodeNamed(SHOP, "parse"));
    expect(nodeAt(15.9, 2)).toBe(nodeNamed(SHOP, "parse"));
    expect(nodeAt(16, 2)).toBe(nodeNamed(SHOP, "render"));
    expect(nodeAt(39, 2)).toBeUndefined();
    expect(nodeAt(0, 4)).toBeUndefined();
  });
});
