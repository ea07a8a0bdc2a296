/** Resamples a bootstrap takes: the ends of a 95 % interval then wander by some 3 % of half its length between seeds. */
const RESAMPLES = 2000;

/** How often each of some blocks is drawn in each resample, by block; every resample draws as many blocks as there are, with replacement. */
export type Draws = readonly Uint8Array[];

/**
 * Draws whole blocks of time and never samples, because samples that follow each other are alike: E. Carlstein, "The use of subseries
 * values", Ann. Statist. 14, 1986; H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Ann. Statist. 17, 1989.
 * The same seed gives the same draws.
 */
export function drawBlocks(blocks: number, seed: number, resamples = RESAMPLES): Draws {
  const random = randomNumbers(seed);
  const draws = Array.from({ length: blocks }, () => new Uint8Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    for (let drawn = 0; drawn < blocks; drawn++) {
      const counts = draws[Math.floor(random() * blocks)];
      if (counts !== undefined) counts[resample] = (counts[resample] ?? 0) + 1;
    }
  }
  return draws;
}

/** Of each resample the sum of the values of its blocks. */
export function resampledSums(values: Float64Array, draws: Draws): Float64Array {
  const sums = new Float64Array(draws[0]?.length ?? 0);
  values.forEach((value, block) => {
    const counts = draws[block];
    if (value === 0 || counts === undefined) return;
    for (let resample = 0; resample < sums.length; resample++) sums[resample] = (sums[resample] ?? 0) + (counts[resample] ?? 0) * value;
  });
  return sums;
}

/** The values that `share` of all lie below and above; sorts them. Infinite ones count, others that are no numbers don't. */
export function endsOf(values: Float64Array, share: number): { readonly low: number; readonly high: number } {
  const numbers = values.filter((value) => !Number.isNaN(value)).sort();
  const skipped = Math.floor(share * (numbers.length + 1));
  return { low: numbers[Math.max(0, skipped - 1)] ?? Number.NaN, high: numbers[numbers.length - Math.max(1, skipped)] ?? Number.NaN };
}

/** Numbers from 0 to 1 (excluded): G. Marsaglia's xorshift of 32 bits (J. Stat. Softw. 8, 2003), whose low bits are not used. */
export function randomNumbers(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
