import { describe, expect, test } from "vitest";
import { RateController } from "../../../recorder/keep/rate-controller.js";

const PROCESSORS = 2;
const STEP_SECONDS = 2;

/** What profiling costs at a rate, as a share of the machine, `second` seconds after the beginning. */
type Plant = (hz: number, second: number) => number;

interface Outcome {
  /** The rate of each step. */
  readonly rates: readonly number[];
  /** Share of the machine that was spent in each step. */
  readonly shares: readonly number[];
}

function drive(plant: Plant, seconds: number, cpuShare = 0.01, startHz = 49): Outcome {
  const controller = new RateController({ cpuShare, memoryBytes: 500e6, processors: PROCESSORS, maxHz: 99 }, startHz);
  const rates: number[] = [];
  const shares: number[] = [];
  let spentNs = 0;
  for (let second = 0; second < seconds; second += STEP_SECONDS) {
    const share = controller.hz === 0 ? 0.0001 : plant(controller.hz, second);
    spentNs += share * STEP_SECONDS * 1e9 * PROCESSORS;
    shares.push(share);
    rates.push(controller.next({ timeNs: second * 1e9, spentNs, memoryBytes: 100e6 }));
  }
  return { rates, shares };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const changes = (rates: readonly number[]): number => rates.filter((rate, i) => i > 0 && rate !== rates[i - 1]).length;
/** The highest mean over any five minutes. */
const worst = (shares: readonly number[], steps = 150): number =>
  Math.max(...shares.slice(0, Math.max(shares.length - steps, 1)).map((_, i) => mean(shares.slice(i, i + steps))));

/** Numbers that look like chance, the same in each run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

describe("the rate", () => {
  test("of a cheap load is the highest, soon and for good", () => {
    const { rates, shares } = drive((hz) => 0.001 + hz * 0.00004, 600);
    expect(rates.at(-1)).toBe(99);
    expect(rates.indexOf(99) * STEP_SECONDS).toBeLessThan(30);
    expect(changes(rates)).toBeLessThan(4);
    expect(worst(shares)).toBeLessThan(0.01);
  });

  test.each([
    ["grows with the rate", (hz: number) => hz * 0.0004, 17],
    ["is mostly fixed", (hz: number) => 0.007 + hz * 0.00005, 31],
    ["is high", (hz: number) => 0.002 + hz * 0.002, 3],
  ])("of a load whose cost %s settles below the budget and stays", (_, plant, expected) => {
    const { rates, shares } = drive(plant, 3600);
    expect(rates.at(-1)).toBeGreaterThanOrEqual(expected);
    // A tenth is for what comes before it is noticed.
    expect(plant(rates.at(-1) ?? 0)).toBeLessThanOrEqual(0.009);
    // Half an hour after the beginning it hardly moves.
    expect(changes(rates.slice(900))).toBeLessThan(8);
    expect(mean(shares.slice(30))).toBeLessThanOrEqual(0.01);
  });

  test("that can't be told to be too much is tried later and later", () => {
    // At the lowest rate there is room, at the next there is none.
    const { rates } = drive((hz) => hz * 0.0069, 4 * 3600, 0.01, 1);
    expect(changes(rates)).toBeGreaterThan(4);
    expect(changes(rates.slice(900))).toBeLessThan(50);
  });

  test("goes down within seconds of a load that is too much, however much was saved", () => {
    const { rates } = drive((hz, second) => (second < 300 ? 0.0001 : 0.015) * (hz / 99), 400);
    expect(rates[149]).toBe(99);
    expect(rates[150 + 10]).toBeLessThan(99);
  });

  test("of a program whose files are read at first is low until that is paid for, and then what it was", () => {
    // 150 ms at once, as a program in Python takes that nobody has seen yet; the lowest rate has a price as well.
    const { rates, shares } = drive((hz, second) => (second === 2 ? 0.0375 : 0) + 0.005 + hz * 0.0001, 300);
    // At most a second of the budget is owed from then on.
    for (let step = 7; step < shares.length; step++) {
      const seconds = (step - 1) * STEP_SECONDS;
      expect(mean(shares.slice(1, step)) * seconds, `the first ${seconds} s`).toBeLessThanOrEqual(0.01 * (seconds + 1));
    }
    expect(rates.findLastIndex((rate) => rate < 31) * STEP_SECONDS).toBeLessThan(20);
  });

  test("pays back within seconds what a load took that is too much from the beginning", () => {
    const { shares } = drive((hz) => 0.002 + hz * 0.0005, 60);
    expect(mean(shares.slice(1, 11)) * 20).toBeLessThanOrEqual(0.01 * (20 + 1));
    expect(mean(shares.slice(11))).toBeLessThanOrEqual(0.01);
  });

  test("of a build that starts programs all the time holds the budget", () => {
    const { rates, shares } = drive((hz, second) => (second % 10 === 0 ? 0.03 : 0) + 0.001 + hz * 0.00015, 3600);
    expect(worst(shares)).toBeLessThan(0.011);
    expect(mean(shares)).toBeLessThanOrEqual(0.01);
    expect(rates.filter((rate) => rate > 0).length / rates.length).toBeGreaterThan(0.5);
  });

  test("of a load whose lowest rate is above the budget is paused for part of the time, and the budget holds", () => {
    const { rates, shares } = drive((hz) => 0.03 + hz * 0.0001, 3600);
    expect(worst(shares)).toBeLessThanOrEqual(0.01);
    expect(worst(shares, 42)).toBeLessThan(0.0105);
    const sampling = rates.filter((rate) => rate > 0).length / rates.length;
    expect(sampling).toBeGreaterThan(0.2);
    expect(sampling).toBeLessThan(0.5);
    // Each pause and each part between is some seconds long.
    expect(changes(rates)).toBeLessThan(3600 / 6);
  });

  test("of a quiet load with bursts stays high through them, and the budget holds over minutes", () => {
    const { rates, shares } = drive((hz, second) => (second % 120 < 10 ? 0.04 : 0.001) + hz * 0.00002, 3600);
    expect(worst(shares)).toBeLessThan(0.011);
    expect(mean(rates)).toBeGreaterThan(60);
  });

  test("of a load that changes without end never takes more than the budget and what was saved", () => {
    const random = noise(7);
    let level = 0.0001;
    const { rates, shares } = drive((hz, second) => {
      if (second % 40 === 0) level = 10 ** (-5 + 2.5 * random());
      return 0.0005 + hz * level * (0.5 + random());
    }, 8 * 3600);
    let spent = 0;
    for (const [i, share] of shares.entries()) {
      spent = Math.max(spent + (share - 0.01) * STEP_SECONDS, 0);
      // 5 s of the budget may be saved, and each step down needs a reading.
      expect(spent, `step ${i} at ${rates[i]} Hz`).toBeLessThan(0.01 * 5 + 0.8);
    }
    expect(mean(shares)).toBeLessThanOrEqual(0.01);
  });

  test("comes back when a heavy hour is over", () => {
    const { rates } = drive((hz, second) => (second < 3600 ? 0.05 : 0.0005) + hz * 0.00003, 4200);
    expect(Math.max(...rates.slice(100, 1790))).toBeLessThanOrEqual(1);
    expect(rates.at(-1)).toBe(99);
  });
});

test("what the start took is spread over ten minutes, and the whole is within the budget", () => {
  const controller = new RateController({ cpuShare: 0.01, memoryBytes: 1e9, processors: PROCESSORS, maxHz: 99 });
  const startNs = 1.1e9;
  let spentNs = startNs;
  const rates: number[] = [];
  for (let second = 0; second <= 1200; second += STEP_SECONDS) {
    rates.push(controller.next({ timeNs: second * 1e9, spentNs, memoryBytes: 0 }));
    spentNs += (0.001 + controller.hz * 0.0002) * STEP_SECONDS * 1e9 * PROCESSORS;
    if (second >= 600) expect(spentNs, `${second} s`).toBeLessThanOrEqual(0.01 * second * 1e9 * PROCESSORS + 0.01 * 30e9 * PROCESSORS);
  }
  expect(spentNs).toBeLessThanOrEqual(0.01 * 1200e9 * PROCESSORS);
  // It does not stand still meanwhile.
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(11);
});

test("a helper above its memory pauses until it has given some back", () => {
  const controller = new RateController({ cpuShare: 0.01, memoryBytes: 200e6, processors: 2, maxHz: 99 });
  const at = (second: number, memoryBytes: number): number => controller.next({ timeNs: second * 1e9, spentNs: second, memoryBytes });
  at(0, 100e6);
  expect(at(2, 199e6)).toBeGreaterThan(0);
  expect(at(4, 201e6)).toBe(0);
  expect(controller.reason).toBe("paused-memory");
  expect(at(6, 210e6)).toBe(0);
  expect(at(60, 150e6)).toBe(1);
});

test("a load that takes seconds of the budget at once is judged at once, and the minute is within it", () => {
  // A quarter of the time is looked at, as the helper tells its cost; while it samples programs begin all the time.
  const controller = new RateController({ cpuShare: 0.01, memoryBytes: 1e9, processors: 2, maxHz: 99 });
  let spentNs = 0;
  let judgedAt = 0;
  let early = 0;
  controller.next({ timeNs: 0, spentNs, memoryBytes: 0 });
  const spentAt: number[] = [];
  for (let step = 1; step <= 4 * 600; step++) {
    const second = step / 4;
    spentNs += controller.hz === 0 ? 1e6 : 60e6;
    spentAt.push(spentNs);
    const reading = { timeNs: second * 1e9, spentNs, memoryBytes: 0 };
    const due = second - judgedAt >= 2;
    if (!due && !controller.isOverdrawn(reading)) continue;
    if (!due) early++;
    judgedAt = second;
    controller.next(reading);
  }
  expect(early).toBeGreaterThan(10);
  for (let from = 0; from + 4 * 84 < spentAt.length; from++) {
    const spent = (spentAt[from + 4 * 84] ?? 0) - (spentAt[from] ?? 0);
    expect(spent / (84e9 * 2), `from ${from / 4} s`).toBeLessThanOrEqual(0.01);
  }
});

test("time that another recording of ours is measured in counts neither way", () => {
  const controller = new RateController({ cpuShare: 0.01, memoryBytes: 1e9, processors: 2, maxHz: 99 }, 99);
  let spentNs = 0;
  for (let second = 0; second < 120; second += 2) {
    spentNs += 0.05 * 4e9;
    controller.skip({ timeNs: second * 1e9, spentNs, memoryBytes: 0 });
  }
  expect(controller.hz).toBe(99);
  expect(controller.next({ timeNs: 121e9, spentNs, memoryBytes: 0 })).toBe(99);
});

test("a rate above what is allowed is never chosen", () => {
  const controller = new RateController({ cpuShare: 0.5, memoryBytes: 1e9, processors: 2, maxHz: 20 }, 99);
  for (let second = 0; second < 600; second += 2) {
    expect(controller.next({ timeNs: second * 1e9, spentNs: 0, memoryBytes: 0 })).toBeLessThanOrEqual(17);
  }
  expect(controller.hz).toBe(17);
  expect(controller.reason).toBe("highest");
});
