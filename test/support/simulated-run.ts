/** Recordings of a made-up program whose true cost is known, each with its own luck; the same seed gives the same recording. */
import { functionCosts } from "../../profile/cost.js";
import { compareRows, type Difference, type Measure } from "../../profile/difference.js";
import { Recording } from "../../profile/recording.js";
import { cellsOf, timeBlocks } from "../../profile/time-blocks.js";
import { batchFromStacks } from "./profile-text.js";

export interface Program {
  /** True CPU time of each function in each second of wall time, s. */
  readonly rates: readonly number[];
  readonly seconds: number;
  /** Samples in each second of CPU time. */
  readonly hz: number;
  /** Mean length of the phases in which half the functions work three times as much as the other half, s; without it there are none. */
  readonly phase?: number;
  /** The innermost frame of each function's samples, as `profile-text.ts` reads it; by default `f0`, `f1` … */
  readonly frame?: (fn: number) => string;
}

export function simulate({ rates, seconds, hz, phase, frame = (fn) => `f${fn}` }: Program, seed: number): Recording {
  const random = randomNumbers(seed);
  const valueNs = 1e9 / hz;
  const recording = Recording.fromStarted(
    { type: "started", recording: 1, startUnixNs: "1700000000000000000", hz, events: ["cpu"] },
    "test",
  );
  const [stack, timeNs]: [number[], number[]] = [[], []];
  const step = 0.01;
  let favoured = random() < 0.5;
  for (let time = 0; time < seconds; time += step) {
    if (phase !== undefined && random() < step / phase) favoured = !favoured;
    rates.forEach((rate, fn) => {
      const swing = phase === undefined ? 1 : (fn % 2 === 0) === favoured ? 1.5 : 0.5;
      for (let left = poisson(rate * swing * hz * step, random); left > 0; left--) {
        stack.push(fn + 1);
        timeNs.push((time + random() * step) * 1e9);
      }
    });
  }
  const batch = batchFromStacks(rates.map((_, fn) => ({ frames: ["main", frame(fn)], value: valueNs })));
  const columns = { stack, timeNs, thread: stack.map(() => 0), event: stack.map(() => "cpu" as const), value: stack.map(() => valueNs) };
  recording.append({ ...batch, timeNs: seconds * 1e9, samples: columns });
  recording.stop({ type: "stopped", recording: 1, reason: "requested", durationNs: seconds * 1e9, batches: 1 });
  return recording;
}

/** The difference of all functions' own cost, in the order of the program's rates. */
export function differenceOf(base: Recording, next: Recording, functions: number, measure: Measure): Difference {
  const cells = [base, next].map((recording) => {
    const blocks = timeBlocks(recording, { event: "cpu" });
    const byFunction = cellsOf(blocks, recording.functions.length, (selection) => functionCosts(recording, selection).self);
    const rowOf = new Map(Array.from(byFunction, (_, fn) => [recording.functions.nameOf(fn), fn]));
    return { blocks, of: (fn: number) => byFunction[rowOf.get(`f${fn}`) ?? -1] };
  });
  const [before, after] = cells;
  if (before === undefined || after === undefined) throw new Error("two recordings are compared");
  const rows = Array.from({ length: functions }, (_, fn) => ({ base: before.of(fn), next: after.of(fn) }));
  return compareRows(before.blocks, after.blocks, rows, measure);
}

/** Knuth's way, for small means. */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761 + 97) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
