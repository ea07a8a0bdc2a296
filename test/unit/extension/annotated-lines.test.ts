import { expect, test } from "vitest";
import { annotatedLines } from "../../../extension/annotated-lines.js";
import type { AnnotatedFunction } from "../../../protocol/queries.js";

const PRICE: AnnotatedFunction = {
  uri: "file:///w/shop.py",
  line: 8,
  name: "price",
  startLine: 6,
  endLine: 9,
  event: "cpu",
  unit: "ns",
  total: 2e9,
  lines: [
    { lineIndex: 7, self: 0, total: 12_345_678 },
    { lineIndex: 8, self: 1.5e9, total: 1.75e9 },
  ],
};

/** As it is read: blanks are blanks, lines are lines. */
const drawn = (fn: AnnotatedFunction): string =>
  annotatedLines(fn)
    .map(({ lineIndex, text }) => `${lineIndex} ${text.replaceAll("\u00a0", " ")}.`)
    .join("\n");

test("each line of the function has its columns, as wide as the widest, and the first says what they are", () => {
  expect(drawn(PRICE)).toBe(
    [
      "6   self    total   share │ .",
      "7      0  12.3 ms   0.6 % │ .",
      "8 1.50 s   1.75 s  87.5 % │ .",
      "9                         │ .",
    ].join("\n"),
  );
});

test("a first line with costs has its own; bytes are bytes; a share too small to tell says so", () => {
  const first = { ...PRICE, endLine: 6, unit: "bytes", total: 1e9, lines: [{ lineIndex: 6, self: 900, total: 1500 }] } as const;
  expect(drawn(first)).toBe("6 900 B  1.50 kB  <0.1 % │ .");
  expect(drawn({ ...first, total: 0 })).toContain("1.50 kB");
});
