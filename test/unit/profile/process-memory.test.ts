import { expect, test } from "vitest";
import { ProcessMemory, readMemoryPoint } from "../../../profile/process-memory.js";
import { Recording } from "../../../profile/recording.js";
import { batchFromStacks } from "../../support/profile-text.js";

test("a process's memory is known at its last moment and at its most", () => {
  const memory = new ProcessMemory();
  for (const [timeNs, resident] of [
    [1, 50],
    [2, 90],
    [3, 70],
  ] as const) {
    memory.add({ process: 4, timeNs, resident, anonymous: 10 });
  }
  expect(memory.of(4)).toMatchObject({ last: { timeNs: 3, resident: 70 }, most: { timeNs: 2, resident: 90 } });
  expect(memory.of(5)).toBeUndefined();
});

test("a day's points are thinned, the first and the last stay", () => {
  const memory = new ProcessMemory();
  for (let i = 0; i < 100_000; i++) memory.add({ process: 0, timeNs: i, resident: i, anonymous: 0 });
  expect(memory.points.length).toBeLessThanOrEqual(2048);
  expect([memory.points[0]?.timeNs, memory.points.at(-1)?.timeNs]).toEqual([0, 99_999]);
});

test("points that can't be read are left out and counted", () => {
  expect(readMemoryPoint([0, 1, -2, 3])).toBeUndefined();
  const recording = Recording.empty();
  const batch = batchFromStacks([{ frames: ["a"], value: 1 }]);
  recording.append({ ...batch, memory: { process: [0, 7], timeNs: [5, 6], resident: [10, 10], anonymous: [4, 4] } });
  expect(recording.memory.points).toEqual([{ process: 0, timeNs: 5, resident: 10, anonymous: 4 }]);
  expect(recording.warnings).toHaveLength(1);
});

test("over time a process holds the most of each part, as much as before where nothing was told, and nothing before it was seen", () => {
  const memory = new ProcessMemory();
  for (const [timeNs, resident] of [
    [300, 10],
    [310, 40],
    [320, 20],
    [790, 5],
    [1000, 7],
  ] as const) {
    memory.add({ process: 1, timeNs, resident, anonymous: 0 });
  }
  expect(memory.overTime(1, 1000, 10)).toEqual([0, 0, 0, 40, 40, 40, 40, 5, 5, 7]);
  expect(memory.overTime(2, 1000, 3)).toEqual([0, 0, 0]);
});
