import { describe, expect, test } from "vitest";
import { decodeTree } from "../../../webview/graph-tree.js";
import { centeredAt, gripAt, windowRect, windowWords, withEdge } from "../../../webview/map-window.js";
import { columnsFromText } from "./tree-text.js";

const tree = decodeTree(columnsFromText("main 4000000\n  parse 6000000"));
const scale = { width: 1000, height: 30, total: tree.total, rows: 60 };
const range = { start: 0.2 * tree.total, end: 0.5 * tree.total };

describe("what is seen on the map of the graph", () => {
  test("is where it is in the whole, cut at the map's foot", () => {
    expect(windowRect(scale, { range, firstRow: 20, rows: 20 })).toEqual({ left: 200, right: 500, top: 10, bottom: 20 });
    expect(windowRect(scale, { range, firstRow: 0, rows: 90 })).toMatchObject({ top: 0, bottom: 30 });
  });

  test.each([0, 0.4, 1 - 1e-9])("can be held however small it is, at %d of the width", (at) => {
    const rect = windowRect(scale, { range: { start: at * tree.total, end: (at + 1e-9) * tree.total }, firstRow: 59, rows: 1 });
    expect(rect.right - rect.left).toBeCloseTo(4, 6);
    expect(rect.left).toBeGreaterThanOrEqual(0);
    expect(rect.right).toBeLessThanOrEqual(1000);
    expect(rect.bottom - rect.top).toBeCloseTo(4, 6);
    const grips = Array.from({ length: 1000 }, (_, x) => gripAt(rect, x, 28));
    expect(new Set(grips)).toEqual(new Set(["left", "right", "inside", "outside"].filter((grip) => grips.includes(grip as "left"))));
    expect(grips.filter((grip) => grip === "left" || grip === "right").length).toBeGreaterThanOrEqual(7);
  });

  test("has two edges, an inside, and the rest", () => {
    const rect = { left: 200, right: 500, top: 0, bottom: 30 };
    expect([150, 196, 203, 300, 498, 505, 600].map((x) => gripAt(rect, x, 10))).toEqual([
      "outside",
      "left",
      "left",
      "inside",
      "right",
      "right",
      "outside",
    ]);
    expect(gripAt({ ...rect, bottom: 15 }, 300, 25)).toBe("outside");
  });

  test("an edge moves alone, never over the other one nor out of the map", () => {
    const shares = ({ start, end }: { start: number; end: number }) =>
      [start / tree.total, end / tree.total].map((each) => +each.toFixed(4));
    expect(shares(withEdge(tree, scale, range, "left", 100))).toEqual([0.1, 0.5]);
    expect(shares(withEdge(tree, scale, range, "right", 900))).toEqual([0.2, 0.9]);
    expect(shares(withEdge(tree, scale, range, "left", 800))).toEqual([0.499, 0.5]);
    expect(shares(withEdge(tree, scale, range, "right", -50))).toEqual([0.2, 0.201]);
    expect(shares(withEdge(tree, scale, range, "left", -50))).toEqual([0, 0.5]);
    expect(shares(centeredAt(tree, scale, range, 600))).toEqual([0.45, 0.75]);
    expect(shares(centeredAt(tree, scale, range, 990))).toEqual([0.7, 1]);
  });

  test("is told in words", () => {
    expect(windowWords(scale, { range, firstRow: 20.5, rows: 20 })).toBe("20.0 % to 50.0 % of the width, rows 21 to 40 of 60");
    expect(windowWords({ ...scale, rows: 3 }, { range, firstRow: 0, rows: 20 })).toBe("20.0 % to 50.0 % of the width, rows 1 to 3 of 3");
  });
});
