import { describe, expect, test } from "vitest";
import { drawBlocks, endsOf, resampledSums } from "../../../profile/block-bootstrap.js";
import { type Change, type Difference, discoveries, type Measure } from "../../../profile/difference.js";
import { Recording } from "../../../profile/recording.js";
import { normalTail, quantileLike, twoSidedProbability } from "../../../profile/student.js";
import { timeBlocks } from "../../../profile/time-blocks.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { differenceOf, type Program, simulate } from "../../support/simulated-run.js";

/** 30 functions, from two fifths of a processor down to three thousandths. */
const RATES = Array.from({ length: 30 }, (_, fn) => 0.4 / (1 + fn * 4));
const PAIRS = 120;

/** Differences of pairs of recordings, each pair with seeds of its own. */
function pairs(base: Program, next: Program, measure: Measure = "second", count = PAIRS): readonly Difference[] {
  return Array.from({ length: count }, (_, pair) =>
    differenceOf(simulate(base, pair * 2 + 1), simulate(next, pair * 2 + 2), base.rates.length, measure),
  );
}

function share(changes: readonly Change[], holds: (change: Change) => boolean): number {
  return changes.filter(holds).length / changes.length;
}

const changed = ({ verdict }: Change): boolean => verdict === "more" || verdict === "less";

describe("two recordings of the same program", { timeout: 60_000 }, () => {
  test.each<{ name: string; seconds: number; phase?: number; measure: Measure }>([
    { name: "steady", seconds: 20, measure: "second" },
    { name: "steady, by share", seconds: 20, measure: "share" },
    { name: "with phases of 300 ms", seconds: 20, phase: 0.3, measure: "second" },
    { name: "with phases of 300 ms, by share", seconds: 20, phase: 0.3, measure: "share" },
    { name: "of 5 s", seconds: 5, measure: "second" },
  ])("differ in hardly a pair of twenty, and nineteen of twenty intervals hold the truth: $name", ({ measure, seconds, ...phases }) => {
    const program: Program = { rates: RATES, hz: 99, seconds, ...phases };
    const all = pairs(program, program, measure);
    // Nothing has changed, so that a pair with any change found is wrong. A rate of 5 % over all pairs that could be gives 10 of 120 or
    // fewer in 96 of 100 tries; without the correction for the number of rows it would be some 70.
    expect(all.filter(({ changes }) => changes.some(changed)).length).toBeLessThanOrEqual(10);
    const judged = all.flatMap(({ changes }) => changes).filter(({ low }) => low !== null);
    expect(judged.length).toBeGreaterThan(PAIRS * 5);
    const held = share(judged, ({ low, high }) => (low ?? 1) <= 0 && (high ?? -1) >= 0);
    expect(held).toBeGreaterThan(0.94);
    // Intervals that are wider than they need be would hide changes.
    expect(held).toBeLessThan(0.98);
  });
});

describe("a program that is slower by a tenth in one function", { timeout: 60_000 }, () => {
  const base: Program = { rates: RATES.slice(0, 8), seconds: 30, hz: 499 };
  const slower = (program: Program): Program => ({ ...program, rates: program.rates.map((rate, fn) => (fn === 0 ? rate * 1.1 : rate)) });
  const first = (all: readonly Difference[]): Change[] => all.flatMap(({ changes }) => changes.slice(0, 1));

  test("is found, the intervals hold the truth, and few others are called changed", () => {
    const all = pairs(base, slower(base));
    const rows = first(all);
    // 6,000 samples of it on each side leave an error of 1.8 %: a tenth is five of those.
    expect(share(rows, ({ verdict }) => verdict === "more")).toBeGreaterThan(0.95);
    expect(share(rows, ({ relativeLow, relativeHigh }) => (relativeLow ?? 1) <= 0.1 && (relativeHigh ?? 0) >= 0.1)).toBeGreaterThan(0.9);
    expect(share(rows, ({ low, high }) => (low ?? 1e9) <= 0.04e9 && (high ?? 0) >= 0.04e9)).toBeGreaterThan(0.9);
    const wrong = all.map(({ changes }) => changes.slice(1).filter(changed).length / Math.max(1, changes.filter(changed).length));
    const mean = wrong.reduce((sum, each) => sum + each, 0) / PAIRS;
    const error = Math.sqrt(wrong.reduce((sum, each) => sum + (each - mean) ** 2, 0)) / PAIRS;
    // The rate is one of long experience: so few pairs must only not contradict it.
    expect(mean - 2 * error).toBeLessThanOrEqual(0.05);
  });

  test("is within the interval also where its phases hide the change", () => {
    const phases = { ...base, hz: 199, phase: 0.3 };
    const rows = first(pairs(phases, slower(phases), "second", 3 * PAIRS));
    expect(share(rows, ({ relativeLow, relativeHigh }) => (relativeLow ?? 1) <= 0.1 && (relativeHigh ?? 0) >= 0.1)).toBeGreaterThan(0.9);
  });
});

describe("a program of sixty functions of which the hottest is slower by a fifth", { timeout: 60_000 }, () => {
  const rates = Array.from({ length: 60 }, (_, fn) => 0.5 / (1 + fn + fn * fn));
  const next = [0.6, ...rates.slice(1)];

  test.each([
    { hz: 99, least: 0.65 },
    { hz: 499, least: 0.99 },
  ])("is found after 10 s at $hz Hz, and few others are", ({ hz, least }) => {
    const all = pairs({ rates, seconds: 10, hz }, { rates: next, seconds: 10, hz });
    const found = share(
      all.flatMap(({ changes }) => changes.slice(0, 1)),
      ({ verdict }) => verdict === "more",
    );
    // At 99 Hz a fifth is 3.0 times the error of 500 and 600 samples: a test of that one row alone would find 84 of 100.
    expect(found).toBeGreaterThan(least);
    const wrong = all.map(({ changes }) => changes.slice(1).filter(changed).length / Math.max(1, changes.filter(changed).length));
    expect(wrong.reduce((sum, each) => sum + each, 0) / PAIRS).toBeLessThanOrEqual(0.05);
  });
});

describe("a difference", () => {
  const program: Program = { rates: [0.5, 0.1], seconds: 10, hz: 99 };
  const between = (base: Program, next: Program, measure: Measure = "second") =>
    differenceOf(simulate(base, 1), simulate(next, 2), program.rates.length, measure);

  test("is the same each time", () => {
    expect(between(program, program)).toEqual(between(program, program));
  });

  test("of a run of twice the length is no change in each second nor of the share, but one of the whole run", () => {
    const long = { ...program, seconds: 20 };
    const [second, byShare, run] = (["second", "share", "run"] as const).map((measure) => between(program, long, measure).changes[0]);
    expect(second?.verdict).toBe("noise");
    expect(second?.base).toBeCloseTo(0.5e9, -8);
    expect(byShare?.verdict).toBe("noise");
    expect(byShare?.base).toBeCloseTo(5 / 6, 1);
    expect(run?.verdict).toBe("more");
    expect(run?.relative).toBeCloseTo(1, 0);
    // What was recorded stands beside all of them.
    expect(new Set([second, byShare, run].map((each) => each?.nextCost)).size).toBe(1);
    expect(run?.next).toBeCloseTo(run?.nextCost ?? 0, 0);
  });

  test("says nothing about noise where there is too little time, and why", () => {
    const { untold, changes } = between({ ...program, seconds: 3 }, program);
    expect(untold).toBe("short");
    expect(changes[0]).toMatchObject({ verdict: "untold", low: null, high: null });
    expect(changes[0]?.base).toBeGreaterThan(0);
  });

  test("of samples without times, or of none, is a difference without an interval", () => {
    const plain = recordingFromCollapsed("main;f0 3\nmain;f1 1", { timesNs: [0, 0] });
    expect(differenceOf(plain, plain, 2, "second")).toMatchObject({ measure: "second", untold: "untimed" });
    plain.setInfo({ durationNs: 0 });
    // Without a length there is no cost in each second.
    expect(differenceOf(plain, plain, 2, "second")).toMatchObject({
      measure: "share",
      changes: [{ base: 0.75, next: 0.75, change: 0 }, { base: 0.25 }],
    });
    expect(differenceOf(Recording.empty(), plain, 1, "share")).toMatchObject({
      untold: "empty",
      changes: [{ base: 0, next: 0.75, relative: null, verdict: "untold" }],
    });
  });

  test("of memory is one of the whole time, in which what was given back is taken off", () => {
    const times = Array.from({ length: 20 }, (_, i) => i * 5e8);
    const grown = (first: number) =>
      recordingFromCollapsed(times.map((_, i) => `main;f0 ${i < 10 ? first : -1000}`).join("\n"), { timesNs: times, events: ["memory"] });
    const [base, next] = [grown(2000), grown(3000)];
    const blocks = [base, next].map((recording) => timeBlocks(recording, { event: "memory" }));
    expect(blocks.map(({ untold, sums }) => [untold, [...sums]])).toEqual([
      ["unsteady", [10_000]],
      ["unsteady", [20_000]],
    ]);
  });

  test("holds what only one side has: there is no relative change from nothing", () => {
    const { changes } = between({ ...program, rates: [0.5, 0] }, program);
    expect(changes[1]).toMatchObject({ base: 0, baseCost: 0, relative: null, relativeLow: null, relativeHigh: null, verdict: "more" });
    expect(changes[1]?.low).toBeGreaterThan(0);
    const gone = between(program, { ...program, rates: [0.5, 0] }).changes[1];
    expect(gone).toMatchObject({ next: 0, relative: -1, relativeLow: -1, verdict: "less" });
  });

  test("of a handful of samples is not judged", () => {
    expect(between({ ...program, rates: [0.5, 0.001] }, { ...program, rates: [0.5, 0.001] }).changes[1]?.verdict).toBe("few");
  });

  test("has ends that hardly depend on the draws", () => {
    const cells = Float64Array.from({ length: 24 }, (_, block) => 100 + ((block * 37) % 23));
    const ends = [1, 2, 3, 4, 5, 6].map((seed) => endsOf(resampledSums(cells, drawBlocks(24, seed)), 0.025));
    const half = ((ends[0]?.high ?? 0) - (ends[0]?.low ?? 0)) / 2;
    for (const end of ["low", "high"] as const) {
      const all = ends.map((each) => each[end]);
      expect((Math.max(...all) - Math.min(...all)) / half).toBeLessThan(0.2);
    }
  });
});

test("the distributions are those of the tables", () => {
  expect(2 * normalTail(1.959964)).toBeCloseTo(0.05, 6);
  expect(normalTail(5) / 2.8665e-7).toBeCloseTo(1, 2);
  expect(quantileLike(1.959964, 14)).toBeCloseTo(2.1448, 2);
  expect(quantileLike(1.959964, 7)).toBeCloseTo(2.3646, 2);
  expect(twoSidedProbability(2.1448, 14)).toBeCloseTo(0.05, 3);
  expect(twoSidedProbability(4.785, 7)).toBeCloseTo(0.002, 3);
});

test("of many rows those are found whose probabilities stay below the line of Benjamini and Hochberg", () => {
  const alike = (probabilities: readonly (number | undefined)[]) =>
    discoveries(
      probabilities,
      probabilities.map(() => 7),
    );
  // Ranks 1 to 5 may have 0.01, 0.02, 0.03, 0.04 and 0.05: the third is too large, but the fourth is not, and so takes it along.
  expect(alike([0.035, 0.5, undefined, 0.001, 0.032, 0.015])).toEqual([true, false, false, true, true, true]);
  expect(alike([0.02, 0.5])).toEqual([true, false]);
  expect(alike([0.03, 0.5])).toEqual([false, false]);
});

test("a row may be as much less sure as it is heavier than the mean, and a light one must be surer", () => {
  // Weights of mean 1: 1.5, 0.5, and of the third, which is not judged, none.
  expect(discoveries([0.03, 0.5, undefined], [3, 1, 100])).toEqual([true, false, false]);
  expect(discoveries([0.5, 0.03, undefined], [3, 1, 100])).toEqual([false, false, false]);
  expect(discoveries([], [])).toEqual([]);
});
