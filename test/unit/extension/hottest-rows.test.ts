import { expect, test } from "vitest";
import { chosenEvents, scopeText } from "../../../extension/events/event-words.js";
import type { Verdict } from "../../../protocol/queries.js";
import { rowText } from "../../../extension/trees/hottest-rows.js";

const scope = { event: "cpu", total: 1000, durationNs: 2e9, leftOut: 0 } as const;
const shared = { language: "python", owner: "mine", self: 380, total: 500 } as const;

test("a function's row says its shares and its place", () => {
  const row = { ...shared, function: 3, name: "resize", file: "/w/app.py", line: 12 };
  expect(rowText({ kind: "function", row, scope })).toEqual({
    label: "resize",
    description: "38 % self · 50 % total · app.py:12",
    tooltip: "resize\n/w/app.py:12\npython, your code",
  });
});

test("a line's row is named by its place, and by its function where it has no source", () => {
  const row = { ...shared, functionName: "resize", file: "/w/app.py", line: 12 };
  expect(rowText({ kind: "line", row, scope }).label).toBe("app.py:12");
  expect(rowText({ kind: "line", row: { ...row, file: null, line: null }, scope })).toMatchObject({
    label: "resize",
    tooltip: "resize\nNo source on this machine\npython, your code",
  });
});

test("against a baseline a function's row begins with what changed", () => {
  const row = { ...shared, function: 3, name: "resize", file: null, line: null } as const;
  const told = (verdict: Verdict, relative: number | null) =>
    rowText({ kind: "function", row: { ...row, change: { base: 1, next: 2, relative, verdict } }, scope }).description.replace(
      " · 38 % self · 50 % total",
      "",
    );
  expect([told("more", 0.25), told("less", -0.3), told("noise", 0.01), told("few", 3), told("untold", -0.12)]).toEqual([
    "▲ +25 %",
    "▼ −30 %",
    "no more than noise",
    "too few samples to compare",
    "−12 %, maybe noise",
  ]);
});

const waiting = { event: "off_cpu", total: 4e9, durationNs: 2e9, leftOut: 30e9 } as const;

test("of waits a row says how long in each second, and what for", () => {
  const row = { ...shared, self: 1e9, total: 3e9, mostly: "lock", function: 3, name: "take", file: "/w/app.py", line: 12 } as const;
  expect(rowText({ kind: "function", row, scope: waiting }).description).toBe("25 % self · 75 % total · waits 1.5 s/s · lock · app.py:12");
});

test("a class of waits has its share, its time in each second, and its meaning", () => {
  expect(rowText({ kind: "wait", row: { waits: "run queue", total: 1e8 }, scope: waiting })).toEqual({
    label: "run queue",
    description: "2.5 % of waiting · 50 ms/s",
    tooltip: "For a processor: the thread could run, but something else did",
  });
});

test("the list says what its shares are of, over how long, and what was left out", () => {
  expect(scopeText(waiting)).toBe("Waiting · 4 s over 2 s · 30 s idle left out");
  expect(scopeText({ event: "memory", total: 12_300_000, durationNs: 0, leftOut: 0 })).toBe("Memory · 12 MB");
});

test.each([
  [
    ["cpu", "off_cpu"],
    ["cpu", "off_cpu"],
  ],
  [["off_cpu", "off_cpu"], ["off_cpu"]],
  [["walls", 3, null], ["cpu"]],
  [[], ["cpu"]],
])("the setting %j records %j", (setting, events) => {
  expect(chosenEvents(setting)).toEqual(events);
});
