import { expect, test } from "vitest";
import { rowText } from "../../../extension/trees/hottest-rows.js";

const shared = { language: "python", owner: "mine", self: 380, total: 500 } as const;

test("a function's row says its shares and its place", () => {
  const row = { ...shared, function: 3, name: "resize", file: "/w/app.py", line: 12 };
  expect(rowText({ kind: "function", row, total: 1000 })).toEqual({
    label: "resize",
    description: "38 % self · 50 % total · app.py:12",
    tooltip: "resize\n/w/app.py:12\npython, your code",
  });
});

test("a line's row is named by its place, and by its function where it has no source", () => {
  const row = { ...shared, functionName: "resize", file: "/w/app.py", line: 12 };
  expect(rowText({ kind: "line", row, total: 1000 }).label).toBe("app.py:12");
  expect(rowText({ kind: "line", row: { ...row, file: null, line: null }, total: 1000 })).toMatchObject({
    label: "resize",
    tooltip: "resize\nNo source on this machine\npython, your code",
  });
});
