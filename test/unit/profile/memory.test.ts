import { expect, test } from "vitest";
import { lineCosts, stackSums } from "../../../profile/cost.js";
import { encodeCollapsed } from "../../../profile/formats/collapsed.js";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { Recording } from "../../../profile/recording.js";
import { leftOutSum } from "../../../profile/selection.js";
import { sharesOf } from "../../../profile/shares.js";
import { summarize } from "../../../profile/summary.js";
import { callTree } from "../../../profile/tree.js";
import type { Selection } from "../../../protocol/queries.js";
import { batchFromStacks, recordingFromCollapsed } from "../../support/profile-text.js";

const GROWTH: Selection = { event: "memory" };

/** In a second each: `load` takes 100 MB and gives 60 back in the third; `keep` takes 50 in the second. */
function recorded(): Recording {
  return recordingFromCollapsed("main:9;load:3 100\nmain:9;keep:5 50\nmain:9;load:3 -60", { events: ["memory"], timesNs: [0, 1e9, 2e9] });
}

const byLine = (recording: Recording, selection: Selection): Record<string, number> => {
  const costs = lineCosts(recording, selection);
  return Object.fromEntries(Array.from(costs.line, (line, i) => [String(line), costs.total[i] ?? 0]));
};

test("what went back is taken off where it had been taken", () => {
  const recording = recorded();
  expect(byLine(recording, GROWTH)).toEqual({ 9: 90, 3: 40, 5: 50 });
  expect(leftOutSum(recording, GROWTH)).toBe(0);
  expect(summarize(recording, "r").events).toMatchObject([{ event: "memory", total: 90 }]);
  expect(recording.warnings).toEqual([]);
});

test("in a part of the time a stack that shrank is left out and said, so that no box has a negative width", () => {
  const recording = recorded();
  const later: Selection = { event: "memory", fromNs: 1e9 };
  expect(byLine(recording, later)).toEqual({ 9: 50, 5: 50 });
  expect(leftOutSum(recording, later)).toBe(60);
  expect(stackSums(recording, later)).toMatchObject({ sum: 50, samples: 1 });
  const tree = callTree(recording, later, { direction: "bottom-up", minimumShare: 0 });
  expect(Math.min(...tree.value, ...tree.self)).toBeGreaterThanOrEqual(0);
  const shares = sharesOf(recording, later, { kind: "functions", functions: [0] });
  expect(shares.threads.every(({ total }) => total >= 0)).toBe(true);
});

test("what one thread gave back is not set against another's growth at the same place", () => {
  const recording = recordingFromCollapsed("a;load:3 -30\na;load:3 20", { events: ["memory"], threads: ["one", "other/two"] });
  expect(stackSums(recording, GROWTH).sum).toBe(20);
  expect(leftOutSum(recording, GROWTH)).toBe(30);
});

test("a file keeps what went back, and gives the same sums", () => {
  const written = recorded();
  const { recording: back, warnings } = decodePprof(encodePprof(written));
  expect([...back.samples.value.view()]).toEqual([100, 50, -60]);
  expect(byLine(back, GROWTH)).toEqual(byLine(written, GROWTH));
  expect(warnings).toEqual([]);
  expect(encodeCollapsed(written, GROWTH)).toBe("# flameline event=memory unit=bytes\nmain;load 40\nmain;keep 50\n");
});

test("only memory may go back: a negative time is damage", () => {
  const stacks = [
    { frames: ["a"], value: -5 },
    { frames: ["a"], value: 7 },
  ];
  const recording = Recording.empty();
  recording.append(batchFromStacks(stacks, { events: ["cpu"] }));
  expect(stackSums(recording, { event: "cpu" }).sum).toBe(7);
  expect(recording.warnings).toHaveLength(1);
});
