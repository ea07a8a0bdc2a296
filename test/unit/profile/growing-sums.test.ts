/** Sums of a recording that grows while it is looked at, against those of its samples one by one. */
import { expect, test } from "vitest";
import { stackSums } from "../../../profile/cost.js";
import { RecordingTables } from "../../../profile/tables.js";
import { forEachSelected, leftOutSum } from "../../../profile/selection.js";
import { eventIndex } from "../../../profile/names.js";
import type { EventName } from "../../../protocol/events.js";
import type { Selection } from "../../../protocol/queries.js";

const EVENTS: readonly EventName[] = ["cpu", "off_cpu", "memory"];
const SELECTIONS: readonly Selection[] = [
  ...EVENTS.map((event) => ({ event })),
  { event: "off_cpu", idle: true },
  { event: "cpu", threads: [1, 2] },
  { event: "memory", pids: [11] },
  { event: "cpu", fromNs: 300 },
  { event: "memory", fromNs: 100, toNs: 700 },
];

/** Three threads of two processes and stacks of one to six frames. */
function emptyTables(): RecordingTables {
  const tables = new RecordingTables();
  for (const pid of [10, 11]) {
    tables.processRows.push({
      pid,
      parentPid: 1,
      name: "p",
      executable: "",
      commandLine: [],
      workingDirectory: "",
      root: "/",
      uid: 0,
      startNs: 0,
    });
  }
  for (const process of [0, 0, 1]) tables.threadRows.push({ process, tid: 20 + tables.threadRows.length, name: "t" });
  for (let parent = -1, depth = 0; depth < 6; depth++) parent = tables.stacks.intern(parent, 0);
  return tables;
}

/** Sums row by row, as many rows as there are. */
function counted(tables: RecordingTables, selection: Selection): { self: number[]; sum: number; samples: number; leftOut: number } {
  const self = Array.from({ length: tables.stacks.length }, () => 0);
  const found = { self, sum: 0, samples: 0, leftOut: 0 };
  const { stack, value, count } = tables.samples;
  forEachSelected(
    tables,
    selection,
    (row) => {
      if (stack.at(row) >= 0) self[stack.at(row)] = (self[stack.at(row)] ?? 0) + value.at(row);
      found.sum += value.at(row);
      found.samples += count.at(row);
    },
    (row) => (found.leftOut += value.at(row)),
  );
  found.leftOut = selection.event === "cpu" ? 0 : Math.abs(found.leftOut);
  return found;
}

test("sums that go on with each sample are those of all samples, for every event, thread, process and time", () => {
  const tables = emptyTables();
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 20; round++) {
    for (let sample = 0; sample < random(60); sample++) {
      const event = EVENTS[random(3)] ?? "cpu";
      const value = event === "memory" ? random(200) - 90 : random(100);
      tables.samples.push(random(7) - 1, random(3), random(1000), eventIndex(event), value, 1 + random(2));
    }
    for (const selection of SELECTIONS) {
      const { self, sum, samples } = stackSums(tables, selection);
      expect({ self: [...self], sum, samples, leftOut: leftOutSum(tables, selection) }, JSON.stringify(selection)).toEqual(
        counted(tables, selection),
      );
    }
  }
});
