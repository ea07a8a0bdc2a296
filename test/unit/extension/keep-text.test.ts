import { expect, test } from "vitest";
import { keepText } from "../../../extension/keep/keep-text.js";
import type { KeepFigures } from "../../../recorder/keep/keep-figures.js";
import type { KeepState } from "../../../recorder/keep/keeper.js";

const figures: KeepFigures = {
  hz: 41,
  reason: "budget",
  share: 0.0087,
  pausedMs: 0,
  samples: 12345,
  lost: 0,
  unread: 0,
  memoryBytes: 212e6,
  segments: 3,
};

function text(state: KeepState): string {
  const shown = keepText(state, 1, 30);
  return shown === undefined ? "nothing" : `${shown.text}\n${shown.tooltip}`;
}

test("the bar says the rate, the cost and why, and what is wrong", () => {
  expect(text({ kind: "off", failure: undefined })).toBe("nothing");
  expect(text({ kind: "running", figures })).toMatchInlineSnapshot(`
    "$(history) 41/s · 0.87 %
    Keep Profiling: the last 30 minutes are on disk. Click to show them.
    41 samples a second on each processor: what fits into 1 %.
    It takes 0.87 % of this machine, of 1 % that it may, and 212 MB of memory.
    12,345 samples."
  `);
  expect(text({ kind: "running", figures: { ...figures, hz: 0, reason: "paused-cpu", pausedMs: 34_000, lost: 7 } })).toMatchInlineSnapshot(`
    "$(history) paused · 0.87 %
    Keep Profiling: the last 30 minutes are on disk. Click to show them.
    Paused: even one sample a second would take more than 1 % of this machine, so it pauses for part of the time.
    It takes 0.87 % of this machine, of 1 % that it may, and 212 MB of memory.
    12,345 samples, 7 lost.
    It has paused for 34 s in all."
  `);
  expect(text({ kind: "running", figures: { ...figures, unread: 3 } })).toContain(
    "\n3 processes wait to be read within the budget; until then their stacks are not whole.",
  );
  expect(text({ kind: "running", figures: { ...figures, hz: 1, reason: "highest", share: undefined } })).toContain("$(history) 1/s\n");
  expect(text({ kind: "waiting", failure: { kind: "helper-closed", keptBatches: 1, detail: "" }, seconds: 5 })).toMatchInlineSnapshot(`
    "$(history) waiting
    Keep Profiling is not recording: The recording helper ended unexpectedly. It is tried again in 5 s."
  `);
});
