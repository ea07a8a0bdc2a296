import { expect, test } from "vitest";
import { float64FromBase64, int32FromBase64 } from "../../../profile/base64.js";
import { type DifferenceTree, differenceTree } from "../../../profile/difference-tree.js";
import type { Recording } from "../../../profile/recording.js";
import { callTree } from "../../../profile/tree.js";
import { type TreeDirection, VERDICTS } from "../../../protocol/queries.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { simulate } from "../../support/simulated-run.js";

const NAMES = ["main", "f", "g", "h", "f0", "f1", "f2"];

function compare(base: Recording, next: Recording, direction: TreeDirection, minimumShare = 0): DifferenceTree {
  const side = (recording: Recording) => ({
    recording,
    selection: { event: "cpu" as const },
    pairOf: Int32Array.from({ length: recording.functions.length }, (_, fn) => NAMES.indexOf(recording.functions.nameOf(fn))),
  });
  return differenceTree(side(base), side(next), { direction, minimumShare });
}

/** A line a node: `main 10 → 12 (less)`, in the scale of the new recording. */
function format(tree: DifferenceTree): string {
  const base = float64FromBase64(tree.difference.base);
  const verdict = int32FromBase64(tree.difference.verdict);
  return Array.from({ length: tree.nodes }, (_, node) => {
    const before = base?.[node] ?? 0;
    const after = 2 * (tree.value[node] ?? 0) - before;
    const name = NAMES[tree.function[node] ?? -1] ?? "all";
    return `${"  ".repeat(tree.depth[node] ?? 0)}${name} ${before} → ${after} ${VERDICTS[verdict?.[node] ?? -1]}`;
  }).join("\n");
}

/** 4 s and 8 s long: in the same time the new one takes the half of its numbers. */
function two(): readonly [Recording, Recording] {
  const base = recordingFromCollapsed("main;f 4\nmain;g;h 2");
  const next = recordingFromCollapsed("main;f 8\nmain;h 6\nf 2");
  base.setInfo({ durationNs: 4e9 });
  next.setInfo({ durationNs: 8e9 });
  return [base, next];
}

test("two trees lie over each other, the base scaled to the new one's length, with what only one has", () => {
  expect(format(compare(...two(), "top-down"))).toMatchInlineSnapshot(`
    "all 12 → 16 noise
      main 12 → 14 few
        f 8 → 8 few
        h 0 → 6 few
        g 4 → 0 few
          h 4 → 0 few
      f 0 → 2 few"
  `);
  expect(format(compare(...two(), "bottom-up"))).toMatchInlineSnapshot(`
    "all 12 → 16 noise
      f 8 → 10 few
        main 8 → 8 few
      h 4 → 6 few
        main 0 → 6 few
        g 4 → 0 few
          main 4 → 0 few"
  `);
});

test("a length that is not known leaves shares to compare", () => {
  const [base, next] = two();
  next.setInfo({ durationNs: 0 });
  const tree = compare(base, next, "top-down");
  expect(tree.difference).toMatchObject({ measure: "share", scale: 16 });
  expect(format(tree).split("\n")[0]).toBe("all 16 → 16 untold");
});

test("small boxes are folded by what both sides have of them, and no value is lost", () => {
  const tree = compare(...two(), "top-down", 0.2);
  expect(tree.folded).toBe(2);
  expect(tree.foldedValue).toBe(2 + 1);
  const whole = compare(...two(), "top-down");
  expect(whole.value[0]).toBe((12 + 16) / 2);
});

test.each(["top-down", "bottom-up"] as const)("a recording against itself is its own tree, with noise all over: %s", (direction) => {
  const recording = simulate({ rates: [0.5, 0.2, 0.1], seconds: 8, hz: 99 }, 1);
  const own = callTree(recording, { event: "cpu" }, { direction, minimumShare: 0 });
  const tree = compare(recording, recording, direction);
  expect([...tree.value].map(Math.round)).toEqual([...own.value].map(Math.round));
  expect([...tree.end]).toEqual([...own.end]);
  expect(new Set(int32FromBase64(tree.difference.verdict))).toEqual(new Set([VERDICTS.indexOf("noise")]));
  const low = float64FromBase64(tree.difference.low) ?? [];
  expect([...low].every((end) => end < 0)).toBe(true);
});

test("a function that got slower is more, in itself and in all that call it, bottom-up too", () => {
  const base = simulate({ rates: [0.4, 0.2, 0.1], seconds: 20, hz: 299 }, 1);
  const next = simulate({ rates: [0.6, 0.2, 0], seconds: 10, hz: 299 }, 2);
  const verdicts = (direction: TreeDirection): string[] =>
    format(compare(base, next, direction))
      .split("\n")
      .map((line) => line.trim().replace(/ .* /, " "));
  expect(verdicts("top-down")).toEqual(["all more", "main more", "f0 more", "f1 noise", "f2 less"]);
  expect(verdicts("bottom-up")).toEqual(["all more", "f0 more", "main more", "f1 noise", "main noise", "f2 less", "main less"]);
});
