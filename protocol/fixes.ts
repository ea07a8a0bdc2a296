import type { EventName } from "./events.js";

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

/** What the function of a fix costs in one recording. */
export interface FixMeasure {
  /** Share of the event with the function on the stack: 0 to 1. */
  readonly share: number;
  /** Cost in each second of recording, in the event's unit. */
  readonly perSecond: number;
  /** What it calls and their shares of the event, as a person reads it: a line for each box, costliest first. */
  readonly graph: readonly string[];
}

/** A fix that was made in a file and is to be shared: committed, and proposed to others. */
export interface MadeFix {
  /** Absolute, with symbolic links resolved. */
  readonly file: string;
  readonly rule: string;
  /** In the imperative. */
  readonly title: string;
  /** The function that it changed. */
  readonly subject: string;
  readonly event: EventName;
  /** The text without it, and the edits that made it: UTF-16 offsets, the end exclusive. */
  readonly oldText: string;
  readonly edits: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  readonly proof: ProofRecord;
  readonly before?: FixMeasure;
  /** Where the program was recorded again. */
  readonly after?: FixMeasure;
}
