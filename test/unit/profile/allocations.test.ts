import { expect, test } from "vitest";
import { lineCosts } from "../../../profile/cost.js";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { Recording } from "../../../profile/recording.js";
import type { Allocations, Started } from "../../../protocol/helper.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const closed = (change: Partial<Allocations>): Allocations => ({
  type: "allocations",
  recording: 1,
  timeNs: 11e9,
  state: "closed",
  reason: "time",
  seconds: 10,
  processes: 0,
  calls: 1_234_567,
  costNs: 1e9,
  share: 0.0123,
  lost: 0,
  ...change,
});

function following(end: Allocations): Recording {
  const started: Started = { type: "started", recording: 1, startUnixNs: "1", hz: 99, events: ["cpu"] };
  const recording = Recording.fromStarted(started);
  recording.setAllocations({ ...end, state: "open", timeNs: 1e9 });
  recording.setAllocations(end);
  return recording;
}

test("a recording says how long allocations were followed and what that took, and has their events from then on", () => {
  const recording = following(closed({}));
  expect(recording.warnings).toEqual(["Allocations were followed for 10.0 s, which took 1.2 % of the machine for 1,234,567 calls."]);
  expect(recording.info.events).toEqual(["cpu", "heap", "alloc"]);
});

test("it says so when that was ended because it cost too much, and of how many blocks nothing is known", () => {
  expect(following(closed({ reason: "cost", timeNs: 1.8e9, share: 0.31, lost: 3 })).warnings).toEqual([
    "Allocations were followed for 0.8 s of 10 s only, as it took more than 5 % of the machine: 31.0 % of the machine for 1,234,567 calls. Of 3 blocks is not known whether they were freed.",
  ]);
});

test("a broken message is no more than said", () => {
  expect(following({} as Allocations).warnings).toEqual([]);
  const odd = { ...closed({}), share: "x", calls: null, timeNs: -1 } as unknown as Allocations;
  expect(following(odd).warnings[0]).toContain("took 0.0 % of the machine for 0 calls");
});

test("what is freed is taken off the heap, and other tools find both under the names of heap profiles", () => {
  const recording = recordingFromCollapsed("main:9;load:3 100\nmain:9;keep:5 50\nmain:9;load:3 -100", { events: ["heap"] });
  const heap = { event: "heap" } as const;
  const sums = lineCosts(recording, heap);
  expect(Object.fromEntries(Array.from(sums.line, (line, i) => [String(line), sums.total[i] ?? 0]))).toEqual({ 9: 50, 5: 50 });
  const file = encodePprof(recording);
  expect(Buffer.from(file).includes("inuse_space")).toBe(true);
  const { recording: back, warnings } = decodePprof(file);
  expect(warnings).toEqual([]);
  expect([...back.samples.value.view()]).toEqual([100, 50, -100]);
  expect(back.eventsWithSamples()).toEqual(["heap"]);
});
