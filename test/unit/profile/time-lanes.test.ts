import { expect, test } from "vitest";
import { float64FromBase64 } from "../../../profile/base64.js";
import { LossTimes } from "../../../profile/loss-times.js";
import { decodePprof, encodePprof } from "../../../profile/formats/pprof.js";
import type { Recording } from "../../../profile/recording.js";
import { timeMap } from "../../../profile/time-map.js";
import type { TimeLanes } from "../../../protocol/time-map.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const S = 1e9;

/** `process/thread event value at` a line; times in s, waits in ms of `[lock]`. */
function recordingOf(text: string, durationNs = 60 * S): Recording {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" "));
  const recording = recordingFromCollapsed(
    rows.map(([, event, value]) => (event === "off_cpu" ? `main;take;[lock]{kernel} ${Number(value) * 1e6}` : `main ${value}`)).join("\n"),
    {
      threads: rows.map(([thread = ""]) => thread),
      events: rows.map(([, event]) => (event === "off_cpu" ? "off_cpu" : "cpu")),
      timesNs: rows.map(([, , , at]) => Number(at) * S),
    },
  );
  recording.setInfo({ durationNs });
  return recording;
}

const lanesOf = (recording: Recording, most?: number): TimeLanes => {
  const map = timeMap(recording, { event: "cpu" }, {}, most);
  if (map === null) throw new Error("no map");
  return map.lanes;
};
const names = ({ lanes }: TimeLanes): string[] => lanes.map(({ kind, name, total }) => `${kind === "thread" ? "  " : ""}${name} ${total}`);

test("processes come by what they took, each with its threads where it has several, and what is left out is counted", () => {
  const recording = recordingOf(`
    web/main cpu 10 1
    web/pool cpu 30 2
    build/main cpu 100 3
    idle/main cpu 1 4
    web/pool cpu 5 59`);
  expect(names(lanesOf(recording))).toEqual(["build 100", "web 45", "  pool 35", "  main 10", "idle 1"]);
  expect(lanesOf(recording)).toMatchObject({ restProcesses: 0, restThreads: 0, restTotal: 0 });
  const few = lanesOf(recording, 3);
  expect(names(few)).toEqual(["build 100", "web 45", "  pool 35"]);
  expect(few).toMatchObject({ restProcesses: 1, restThreads: 2, restTotal: 1 });
  const values = float64FromBase64(few.value);
  expect(values).toHaveLength(3 * 60);
  expect([3, 60 + 1, 60 + 2, 60 + 59, 120 + 59].map((cell) => values?.[cell])).toEqual([100, 10, 30, 5, 5]);
});

test("waits of 5 ms and longer are marks on the thread that waited; those of the longest are kept and the rest counted", () => {
  const waits = Array.from({ length: 100 }, (_, i) => `web/main off_cpu ${i === 50 ? 900 : 6} ${10 + i / 10}`).join("\n");
  const recording = recordingOf(`web/main cpu 10 1\nweb/pool cpu 10 2\n${waits}\nweb/main off_cpu 4.9 30`);
  const [process, ...threads] = lanesOf(recording).lanes;
  expect(process?.marks).toEqual([]);
  const main = threads.find(({ name }) => name === "main");
  expect(main?.marks.length).toBe(40);
  expect(main?.restMarks).toBe(60);
  expect(main?.marks.find(({ fromNs, toNs }) => toNs - fromNs > 6.5e6)).toEqual({
    kind: "wait",
    fromNs: 14.1 * S,
    toNs: 15 * S,
    what: "lock",
  });
});

test("a process that is started is a mark on the one that started it", () => {
  const recording = recordingOf("make/main cpu 10 1\ncc1/main cpu 20 5");
  const [make, cc1] = recording.processes;
  if (!make || !cc1) throw new Error("two processes");
  recording.processRows[1] = { ...cc1, parentPid: make.pid, startNs: 4.5 * S };
  const lane = lanesOf(recording).lanes.find(({ name }) => name === "make");
  expect(lane?.marks).toEqual([{ kind: "start", fromNs: 4.5 * S, toNs: 4.5 * S, what: `cc1 (${cc1.pid})` }]);
});

test("losses keep their times in the file", () => {
  const recording = recordingOf("make/main cpu 10 1");
  recording.losses.add({ timeNs: 5 * S, lost: 7 });
  recording.losses.add({ timeNs: 6 * S, lost: 0 });
  const { recording: back } = decodePprof(encodePprof(recording));
  expect(back.losses.moments).toEqual([{ timeNs: 5 * S, lost: 7 }]);
  expect(lanesOf(recording).lost).toEqual([{ timeNs: 5 * S, lost: 7 }]);
});

test("of many losses none is forgotten, and they stay few", () => {
  const losses = new LossTimes();
  for (let i = 1; i <= 10_000; i++) losses.add({ timeNs: i, lost: i });
  expect(losses.moments.length).toBeLessThanOrEqual(512);
  expect(losses.moments.reduce((sum, { lost }) => sum + lost, 0)).toBe((10_000 * 10_001) / 2);
  expect(losses.moments.at(-1)?.timeNs).toBe(10_000);
});

test("100,000 threads have few lanes and take little time", () => {
  const recording = recordingOf("web/main cpu 10 1");
  for (let i = 0; i < 100_000; i++) {
    recording.threadRows.push({ process: 0, tid: 5000 + i, name: `t${i}` });
    recording.samples.push(0, i + 1, i * 1e5, 0, 1);
  }
  const { lanes, restThreads } = lanesOf(recording);
  expect(lanes).toHaveLength(5);
  expect(restThreads).toBe(100_001 - 4);
});

test("lanes are the same where there are too many threads to sum up each beside the cells", () => {
  const rows = Array.from({ length: 400 }, (_, i) => `p${i % 3}/t${i % 7} cpu ${1 + (i % 11)} ${(i * 37) % 60}`).join("\n");
  const [few, many] = [recordingOf(`${rows}\nlast/end cpu 5 60`), recordingOf(`${rows}\nlast/end cpu 5 60`)];
  // Nothing of them is sampled.
  for (let i = 0; i < 40_000; i++) many.threadRows.push({ process: 0, tid: 9000 + i, name: `idle${i}` });
  expect(lanesOf(few)).toEqual(lanesOf(many));
  expect(float64FromBase64(lanesOf(few).value)?.reduce((a, b) => a + b, 0)).toBeGreaterThan(400);
});
