/** What is known of a fix: kept beside it, shown on it, and printed by `flameline fix --json`. */
export interface ProofRecord {
  /**
   * `proved`: equal in all that was tried, and faster. `weak`: the same, but what was tried would miss many a mistake. `failed`: it behaves differently, or it
   * isn't faster. `refused`: it can't be told.
   */
  readonly verdict: "proved" | "weak" | "refused" | "failed";
  /** How many times as fast the changed function is on the calls of the run, with the 95 % interval of the median. */
  readonly speedup?: Speedup;
  readonly safety: {
    /** Fraction of small mistakes in the new code that were noticed: 0 to 1. */
    readonly mutantsCaught?: number;
    /** One phrase for each thing that was tried. */
    readonly tried: readonly string[];
  };
  /** SQL statements that the calls of the run sent, where a library that counts them was there. */
  readonly statements?: { readonly before: number; readonly after: number };
  /** Why it isn't proved: one sentence. */
  readonly reason?: string;
}

export interface Speedup {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
