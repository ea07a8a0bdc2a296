import { describe, expect, test } from "vitest";
import { cleanText, decodeTree, nodeName } from "../../../webview/graph-tree.js";
import { base64, columnsFromText } from "./tree-text.js";

const TEXT = "main 1\n  a 2\n    b 3\n  c 4";
const COLUMNS = columnsFromText(TEXT);

describe("decoding a tree", () => {
  test("parents, depth and places follow from the ends of the subtrees", () => {
    const tree = decodeTree(COLUMNS);
    expect([...tree.parent]).toEqual([-1, 0, 1, 2, 1]);
    expect([...tree.depth]).toEqual([0, 1, 2, 3, 2]);
    expect([...tree.left]).toEqual([0, 0, 0, 0, 5]);
    expect([...tree.value]).toEqual([10, 10, 5, 3, 4]);
    expect(tree.repaired).toBe(0);
  });

  test("lengths with every remainder of three decode", () => {
    for (let lines = 1; lines < 8; lines++) {
      const columns = columnsFromText(Array.from({ length: lines }, (_, i) => `f${i} ${i + 0.5}`).join("\n"));
      expect([...decodeTree(columns).self]).toEqual([0, ...Array.from({ length: lines }, (_, i) => i + 0.5)]);
    }
  });

  test("values that can't be are cut to fit and counted", () => {
    const value = base64(Float64Array.from([10, 10, Number.NaN, -3, 1e9]));
    const tree = decodeTree({ ...COLUMNS, value });
    expect([...tree.value]).toEqual([10, 10, 0, 0, 10]);
    expect(tree.repaired).toBe(3);
  });

  test("a total that is no number is nothing to draw, not a crash", () => {
    const value = base64(Float64Array.from([Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN]));
    expect(decodeTree({ ...COLUMNS, value }).total).toBe(0);
  });

  test.each([
    ["ends that cross", { end: base64(Int32Array.from([5, 3, 4, 4, 5])) }],
    ["an end before its node", { end: base64(Int32Array.from([5, 5, 4, 2, 5])) }],
    ["two roots", { end: base64(Int32Array.from([2, 2, 4, 4, 5])) }],
    ["a column that is too short", { self: base64(Float64Array.from([1])) }],
    ["characters that are not base64", { self: "!".repeat(COLUMNS.self.length) }],
  ])("%s are refused with a sentence", (_, change) => {
    expect(() => decodeTree({ ...COLUMNS, ...change })).toThrow(/./);
  });

  test("names from profiled programs can neither break nor reorder a line", () => {
    const functions = { ...COLUMNS.functions, name: ["evil\u202Egnp.exe\n\u0007", "", "x".repeat(5000), "<img src=x>"] };
    const tree = decodeTree({ ...COLUMNS, functions });
    expect(nodeName(tree, 1)).toBe("evil\ufffdgnp.exe\ufffd\ufffd");
    expect(nodeName(tree, 2)).toBe("(no name)");
    expect(nodeName(tree, 3)).toHaveLength(2001);
    expect(cleanText("日本語 ñ 🚀")).toBe("日本語 ñ 🚀");
  });
});
