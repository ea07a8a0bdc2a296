/**
 * What differs between two selections, and what of that is noise.
 *
 * Each selection's time is cut into blocks (`time-blocks.ts`). The interval of a change is the expanded percentile interval of a bootstrap
 * over blocks (T. C. Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 69, 2015), which is as wide as few blocks
 * demand. Whether it is a change at all is asked by Welch's test on the blocks, and of all rows together by Y. Benjamini and Y. Hochberg's
 * procedure (J. R. Stat. Soc. B 57, 1995): of the rows called changed, at most 5 % are expected to be noise, however many rows there are.
 * Each row's probability is weighed by what the row costs on both sides together (C. R. Genovese, K. Roeder and L. Wasserman, "False discovery
 * control with p-value weighting", Biometrika 93, 2006): where nothing has changed, the sum of two says nothing about their difference, so the
 * rate holds, and a hot function's change isn't lost among fifty functions that have a handful of samples each.
 *
 * That is the noise within each recording. What differs between any two runs of the same program (where its memory lies, what else the
 * machine does) is not in it, because one run can't show it.
 */
import type { Untold, Verdict } from "../protocol/queries.js";
import { drawBlocks, type Draws, endsOf, resampledSums } from "./block-bootstrap.js";
import { normalTail, quantileLike, twoSidedProbability } from "./student.js";
import type { TimeBlocks } from "./time-blocks.js";

/**
 * What makes two recordings of different length comparable: cost in each second of wall time; the share of the selection's sum; or the cost
 * of the whole run, for two runs that did the same work.
 */
export type Measure = "second" | "share" | "run";

/** Rows called changed that may be noise, and the share of intervals that may miss. */
const ERROR_RATE = 0.05;
/** A normal deviate is farther out with probability {@link ERROR_RATE}. */
const DEVIATE = 1.959964;
/** Rows of fewer samples in both together are not judged: no count that small can be told from chance. */
const FEWEST_SAMPLES = 5;
const SEED = 1;

/** Of one row: its cost by block on each side; undefined where the side does not have the row. */
export interface DifferenceRow {
  readonly base: Float64Array | undefined;
  readonly next: Float64Array | undefined;
}

/** All but `baseCost` and `nextCost` are in the measure. `low` and `high` are the ends of the 95 % interval, null where there is none. */
export interface Change {
  readonly base: number;
  readonly next: number;
  /** In the event's unit, as recorded. */
  readonly baseCost: number;
  readonly nextCost: number;
  /** `next` - `base`. */
  readonly change: number;
  readonly low: number | null;
  readonly high: number | null;
  /** `change` / `base`; null where the base has none. */
  readonly relative: number | null;
  readonly relativeLow: number | null;
  readonly relativeHigh: number | null;
  readonly verdict: Verdict;
}

export interface Difference {
  readonly measure: Measure;
  /** Why nothing is said about noise. */
  readonly untold: Untold | undefined;
  /** In the order of the rows. */
  readonly changes: readonly Change[];
}

/**
 * Compares rows. Where a duration is not known, costs in each second are not either: then shares are compared. Intervals of relative changes
 * take as long again, some tenths of a millisecond a row: `absolute` leaves them out, `found` all intervals but those that verdicts rest on.
 */
export function compareRows(
  base: TimeBlocks,
  next: TimeBlocks,
  rows: readonly DifferenceRow[],
  wanted: Measure,
  intervals: "both" | "absolute" | "found" = "both",
): Difference {
  const measure = wanted === "second" && (base.durationNs === 0 || next.durationNs === 0) ? "share" : wanted;
  const untold = base.untold ?? next.untold;
  const sides = { base: sideOf(base, measure, SEED), next: sideOf(next, measure, SEED + 1) };
  const measured = rows.map((row) => ({ base: measureCells(row.base, sides.base), next: measureCells(row.next, sides.next) }));
  const tests = measured.map((row) => welch(row.base, row.next));
  const judged = measured.map((row) => untold === undefined && row.base.samples + row.next.samples >= FEWEST_SAMPLES);
  const found = discoveries(
    tests.map(({ probability }, row) => (judged[row] === true ? probability : undefined)),
    measured.map((row) => row.base.value + row.next.value),
  );
  return {
    measure,
    untold,
    changes: measured.map((row, index) => {
      const test = tests[index];
      const plain = plainChange(row);
      if (judged[index] !== true || test === undefined) {
        return { ...plain, ...NO_INTERVAL, verdict: untold === undefined ? "few" : "untold" };
      }
      if (intervals === "found" && found[index] !== true) return { ...plain, ...NO_INTERVAL, verdict: "noise" };
      const interval = intervalOf(row, sides, test, intervals === "both");
      const clear = found[index] === true && (interval.low > 0 || interval.high < 0);
      return { ...plain, ...finite(interval), verdict: clear ? (plain.change > 0 ? "more" : "less") : "noise" };
    }),
  };
}

const NO_INTERVAL = { low: null, high: null, relativeLow: null, relativeHigh: null };

/** A selection as the measure sees it: a row's value is the sum of its cells divided by that of the `weights`, times `scale`. */
interface Side {
  readonly weights: Float64Array;
  readonly weight: number;
  readonly scale: number;
  readonly grain: number;
  readonly draws: Draws;
  readonly drawnWeights: Float64Array;
}

function sideOf({ sums, durationNs, grain, untold }: TimeBlocks, measure: Measure, seed: number): Side {
  const seconds = durationNs > 0 ? durationNs / 1e9 : 1;
  const weights = measure === "share" ? sums : new Float64Array(sums.length).fill(seconds / sums.length);
  const draws = untold === undefined ? drawBlocks(sums.length, seed) : [];
  const scale = measure === "run" ? seconds : 1;
  return { weights, weight: total(weights), scale, grain, draws, drawnWeights: resampledSums(weights, draws) };
}

/** A row's part of a side: its value, and the variance of that between blocks. */
interface Measured {
  readonly cells: Float64Array;
  readonly cost: number;
  readonly value: number;
  readonly samples: number;
  readonly variance: number;
  /** Value of one sample. */
  readonly oneSample: number;
  readonly freedom: number;
}

function measureCells(given: Float64Array | undefined, { weights, weight, scale, grain }: Side): Measured {
  const cells = given ?? new Float64Array(0);
  const cost = total(cells);
  const value = weight > 0 ? (cost / weight) * scale : 0;
  const blocks = weights.length;
  const ratio = weight > 0 ? cost / weight : 0;
  let squares = 0;
  if (cost > 0) for (let block = 0; block < blocks; block++) squares += ((cells[block] ?? 0) - ratio * (weights[block] ?? 0)) ** 2;
  const perCost = weight > 0 ? scale / weight : 0;
  // What the ends of the range cut off is chance, too: the sum of all blocks is never surer than one sample.
  const oneSample = cost > 0 ? grain * perCost : 0;
  const variance = Math.max(blocks > 1 ? (squares * blocks * perCost ** 2) / (blocks - 1) : 0, oneSample ** 2);
  return { cells, cost, value, samples: grain > 0 ? cost / grain : 0, variance, oneSample, freedom: blocks - 1 };
}

type MeasuredRow = Readonly<Record<"base" | "next", Measured>>;

/** Welch's test: whether two means differ whose variances may differ, too. */
function welch(base: Measured, next: Measured): { readonly probability: number; readonly freedom: number } {
  const variance = base.variance + next.variance;
  const freedom = variance > 0 ? variance ** 2 / (base.variance ** 2 / base.freedom + next.variance ** 2 / next.freedom) : 1;
  return { freedom, probability: variance > 0 ? twoSidedProbability((next.value - base.value) / Math.sqrt(variance), freedom) : 1 };
}

/** Which rows are found changed: the procedure of Benjamini and Hochberg on the probabilities that there are, each divided by its row's weight. */
export function discoveries(probabilities: readonly (number | undefined)[], weights: readonly number[]): boolean[] {
  const judged = Array.from(probabilities.keys()).filter((row) => probabilities[row] !== undefined);
  const mean = judged.reduce((sum, row) => sum + (weights[row] ?? 0), 0) / judged.length;
  const weighed = probabilities.map((each, row) => each !== undefined && each / ((weights[row] ?? 0) / mean));
  const sorted = weighed.filter((each) => each !== false).sort((a, b) => a - b);
  const last = sorted.findLast((each, index) => each <= (ERROR_RATE * (index + 1)) / sorted.length) ?? -1;
  return weighed.map((each) => each !== false && each <= last);
}

function plainChange({ base, next }: MeasuredRow) {
  const change = next.value - base.value;
  return {
    base: base.value,
    next: next.value,
    baseCost: base.cost,
    nextCost: next.cost,
    change,
    relative: base.value > 0 ? change / base.value : null,
  };
}

/**
 * The bootstrap's distribution is that of n blocks with their own mean, so it is too narrow by √(1 - 1/n), and normal where Student's t is
 * due: the percentiles are taken as much farther out.
 */
function intervalOf(
  row: MeasuredRow,
  sides: Readonly<Record<"base" | "next", Side>>,
  { freedom }: { readonly freedom: number },
  isRelative: boolean,
) {
  const variance = row.base.variance + row.next.variance;
  const narrow = (side: Measured): number => (side.variance * side.freedom) / (side.freedom + 1);
  const expanded = quantileLike(DEVIATE, freedom) * Math.sqrt(variance / (narrow(row.base) + narrow(row.next)));
  const share = normalTail(expanded);
  const [base, next] = [resampledValues(row.base.cells, sides.base), resampledValues(row.next.cells, sides.next)];
  const change = endsOf(
    next.map((value, resample) => value - (base[resample] ?? 0)),
    share,
  );
  const relative = isRelative
    ? endsOf(
        next.map((value, resample) => value / (base[resample] ?? 0) - 1),
        share,
      )
    : { low: Number.NaN, high: Number.NaN };
  // Blocks that are all alike say nothing of what the range's ends cut off.
  const least = DEVIATE * Math.hypot(row.base.oneSample, row.next.oneSample);
  const [middle, ratio] = [row.next.value - row.base.value, row.next.value / row.base.value - 1];
  return {
    low: Math.min(change.low, middle - least),
    high: Math.max(change.high, middle + least),
    relativeLow: Math.max(-1, Math.min(relative.low, ratio - least / row.base.value)),
    relativeHigh: Math.max(relative.high, ratio + least / row.base.value),
  };
}

function resampledValues(cells: Float64Array, { draws, drawnWeights, scale }: Side): Float64Array {
  const sums = resampledSums(cells, draws);
  if (sums.length === 0) return new Float64Array(drawnWeights.length);
  return sums.map((sum, resample) => (sum / (drawnWeights[resample] || 1)) * scale);
}

function finite<T extends Readonly<Record<string, number>>>(ends: T): { readonly [K in keyof T]: number | null } {
  return Object.fromEntries(Object.entries(ends).map(([key, end]) => [key, Number.isFinite(end) ? end : null])) as {
    [K in keyof T]: number | null;
  };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
