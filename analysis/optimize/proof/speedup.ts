import { randomNumbers } from "../../../profile/block-bootstrap.js";
import type { Speedup } from "../../../protocol/fixes.js";

const RESAMPLES = 4000;

/**
 * The median of old / new over pairs of runs, with its 95 % percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13). The same
 * pairs always give the same interval.
 */
export function speedupOf(pairs: readonly { readonly old: number; readonly new: number }[]): Speedup {
  const ratios = pairs.map((pair) => pair.old / pair.new);
  const random = randomNumbers(pairs.length);
  const medians = Array.from({ length: RESAMPLES }, () => median(ratios.map(() => ratios[Math.floor(random() * ratios.length)] ?? 1)));
  medians.sort((a, b) => a - b);
  const at = (fraction: number): number => medians[Math.floor(fraction * (RESAMPLES - 1))] ?? 1;
  return { median: median(ratios), low: at(0.025), high: at(0.975) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 1;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
