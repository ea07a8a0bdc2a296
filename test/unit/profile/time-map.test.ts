import { describe, expect, test } from "vitest";
import { float64FromBase64 } from "../../../profile/base64.js";
import { stackSums } from "../../../profile/cost.js";
import type { Recording } from "../../../profile/recording.js";
import { forEachSelected } from "../../../profile/selection.js";
import { BLOCK_ROWS } from "../../../profile/time-index.js";
import { timeGrid, timeMap } from "../../../profile/time-map.js";
import { rangeWords, timeWords } from "../../../profile/time-words.js";
import type { Selection, TimeRange } from "../../../protocol/queries.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

const S = 1e9;
const CPU = { event: "cpu" } as const;

/** Samples of 10 at the given times, s. */
function recordingAt(seconds: readonly number[], durationNs = 60 * S): Recording {
  const recording = recordingFromCollapsed(seconds.map((_, i) => `main;f${i % 3} 10`).join("\n"), {
    timesNs: seconds.map((second) => Math.round(second * S)),
    events: ["cpu"],
  });
  recording.setInfo({ durationNs });
  return recording;
}

/** Cells with a value as `column/row value`. */
function cells(recording: Recording, selection: Selection = CPU, window: TimeRange = {}): string[] {
  const map = timeMap(recording, selection, window);
  if (map === null) return ["no map"];
  const value = float64FromBase64(map.value) ?? new Float64Array();
  expect(value).toHaveLength(map.columns * map.rows);
  return Array.from(value, (each, cell) => ({ each, cell })).flatMap(({ each, cell }) =>
    each === 0 ? [] : [`${Math.floor(cell / map.rows)}/${cell % map.rows} ${each}`],
  );
}

describe("the grid", () => {
  test.each([
    ["20 ms", 0.02 * S, "40 × 500 µs, 10 rows"],
    ["1 s", S, "50 × 20 ms, 10 rows"],
    ["8 s", 8 * S, "40 × 200 ms, 20 rows"],
    ["1 min", 60 * S, "60 × 1 s, 50 rows"],
    ["5 min", 300 * S, "300 × 1 s, 50 rows"],
    ["10 min", 600 * S, "300 × 2 s, 40 rows"],
    ["1 h", 3600 * S, "240 × 15 s, 30 rows"],
    ["24 h", 86_400 * S, "288 × 300 s, 60 rows"],
    ["30 days", 30 * 86_400 * S, "120 × 21600 s, 60 rows"],
    ["3 years", 1095 * 86_400 * S, "274 × 345600 s, 48 rows"],
  ])("of %s has columns that can be hit and lengths that can be named", (_, durationNs, expected) => {
    const { columns, columnNs, rows } = timeGrid(0, durationNs);
    const length = columnNs >= S ? `${columnNs / S} s` : columnNs >= 1e6 ? `${columnNs / 1e6} ms` : `${columnNs / 1e3} µs`;
    expect(`${columns} × ${length}, ${rows} rows`).toBe(expected);
  });

  test("of a part begins at the column that holds its beginning", () => {
    expect(timeGrid(12.3 * S, 14.1 * S)).toMatchObject({ fromNs: 12.3 * S, columnNs: 20e6, columns: 90 });
    expect(timeGrid(12.37 * S, 100 * S)).toMatchObject({ fromNs: 12 * S, columnNs: S, columns: 88 });
  });
});

describe("the map", () => {
  test("puts each sample into the cell of its time, the first and the last moment included", () => {
    expect(cells(recordingAt([0, 0.019, 0.02, 1, 12.345, 12.345, 59.999, 60]))).toEqual([
      "0/0 20",
      "0/1 10",
      "1/0 10",
      "12/17 20",
      "59/49 20",
    ]);
  });

  test("is of the whole time, whatever range is chosen, and of the chosen event, process and thread", () => {
    const recording = recordingAt([1, 2, 3]);
    expect(cells(recording, { ...CPU, fromNs: 2 * S, toNs: 3 * S })).toEqual(["1/0 10", "2/0 10", "3/0 10"]);
    expect(cells(recording, { ...CPU, threads: [] })).toEqual(["no map"]);
    expect(cells(recording, { event: "off_cpu" })).toEqual(["no map"]);
  });

  test("of a window has finer cells of that part, and the total of everything", () => {
    const recording = recordingAt([1, 12.345, 12.349, 40]);
    expect(cells(recording, CPU, { fromNs: 12 * S, toNs: 13 * S })).toEqual(["17/2 10", "17/4 10"]);
    expect(timeMap(recording, CPU, { fromNs: 12 * S, toNs: 13 * S })).toMatchObject({ total: 40, columnNs: 20e6 });
  });

  test("is none without times", () => {
    expect(timeMap(recordingAt([0, 0, 0]), CPU, {})).toBeNull();
    expect(timeMap(recordingAt([1, 2], 0), CPU, {})).toBeNull();
    expect(timeMap(recordingAt([]), CPU, {})).toBeNull();
  });

  test.each([[{ fromNs: -5 * S, toNs: 1e300 }], [{ fromNs: 1e300, toNs: -1 }], [{ fromNs: Number.MAX_VALUE }], [{ toNs: 0 }]])(
    "of the impossible window %j is still a small one",
    (window) => {
      const map = timeMap(recordingAt([1, 2, 3]), CPU, window);
      expect((map?.columns ?? 0) * (map?.rows ?? 0)).toBeLessThanOrEqual(300 * 60);
    },
  );
});

describe("the index by time", () => {
  /** A recording of many blocks, `order` of the samples given. */
  const many = (timeOf: (row: number) => number): Recording => {
    const count = BLOCK_ROWS * 3 + 100;
    const base = recordingFromCollapsed("main;f 10");
    expect(base.samples.length).toBe(1);
    for (let row = 0; row < count; row++) base.samples.push(0, 0, timeOf(row), row % 5 === 0 ? 1 : 0, row);
    base.setInfo({ durationNs: count * 1e6 });
    return base;
  };
  const naive = ({ samples }: Recording, fromNs: number, toNs: number): number[] =>
    Array.from({ length: samples.length }, (_, row) => row).filter(
      (row) => samples.event.at(row) === 0 && samples.timeNs.at(row) >= fromNs && samples.timeNs.at(row) < toNs,
    );
  const chosen = (recording: Recording, fromNs: number, toNs: number): number[] => {
    const rows: number[] = [];
    forEachSelected(recording, { ...CPU, fromNs, toNs }, (row) => rows.push(row));
    return rows;
  };

  test.each([
    ["in order", (row: number) => row * 1e6],
    ["nearly in order", (row: number) => (row + ((row * 7919) % 400)) * 1e6],
    ["backwards", (row: number) => (BLOCK_ROWS * 4 - row) * 1e6],
    ["in no order", (row: number) => ((row * 7919) % (BLOCK_ROWS * 3)) * 1e6],
  ])("finds the same samples as a look at each, with times %s", (_, timeOf) => {
    const recording = many(timeOf);
    for (const [from, to] of [
      [0, 1],
      [2000, 2100],
      [2047, 4097],
      [0, 1e9],
      [5000, 5000],
    ] as const) {
      expect(chosen(recording, from * 1e6, to * 1e6)).toEqual(naive(recording, from * 1e6, to * 1e6));
    }
  });

  test("grows with the recording", () => {
    const recording = many((row) => row * 1e6);
    expect(chosen(recording, 1.001e9, 1.002e9)).toEqual([1002]);
    recording.samples.push(0, 0, 1.001e9, 0, 1);
    expect(chosen(recording, 1.001e9, 1.002e9)).toEqual([1002, recording.samples.length - 1]);
    expect(stackSums(recording, { ...CPU, fromNs: 1.001e9, toNs: 1.002e9 }).samples).toBe(2);
  });
});

describe("words", () => {
  test.each([
    [12.3, 14.1, "12.3 s to 14.1 s"],
    [12.3402, 12.3602, "12.3402 s to 12.3602 s"],
    [0, 60, "0 s to 60 s"],
    [125, 3723, "2 min 5 s to 1 h 2 min 3 s"],
    [119.999, 121, "2 min to 2 min 1 s"],
    [3600, 7200, "1 h to 2 h"],
  ])("from %d s to %d s", (from, to, words) => expect(rangeWords({ fromNs: from * S, toNs: to * S }, 9e12)).toBe(words));

  test("an open end is the recording's own", () => {
    expect(rangeWords({ fromNs: 2 * S }, 8 * S)).toBe("2 s to 8 s");
    expect(rangeWords({}, 8 * S)).toBe("");
    expect(timeWords(0.34 * S, 1e7)).toBe("0.34 s");
  });
});
