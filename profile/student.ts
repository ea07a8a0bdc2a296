/**
 * Student's t distribution by Wallace's normal approximation (D. L. Wallace, "Bounds on normal approximations to Student's and the
 * chi-square distributions", Ann. Math. Statist. 30, 1959): right to three digits from 5 degrees of freedom on, which need not be whole.
 */

/** The two-sided probability that |t| is at least this large by chance, 0 to 1. */
export function twoSidedProbability(t: number, freedom: number): number {
  const z = ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
  return Math.min(1, 2 * normalTail(z));
}

/** The t that |t| exceeds as often as a normal deviate exceeds `z`. */
export function quantileLike(z: number, freedom: number): number {
  const scaled = (z * (8 * freedom + 3)) / (8 * freedom + 1);
  return Math.sqrt(freedom * Math.expm1((scaled * scaled) / freedom));
}

/**
 * Probability that a normal deviate exceeds z ≥ 0, to 1e-7 and to a thousandth of itself as far as z = 5: formula 26.2.17 of M. Abramowitz and I. A. Stegun, Handbook of
 * Mathematical Functions.
 */
export function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
