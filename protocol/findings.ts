/**
 * What an analysis found in a recording: the one message that all of them use. Views draw it on its box and offer it there; the command
 * reports it. An analysis is a function of `analysis/` whose findings are of one or more kinds.
 */
import type { EventName } from "./events.js";
import type { SourceLocation } from "./queries.js";

/** A place that a finding is about: where somebody would do something. */
export interface FindingPlace {
  /** Null where the source is not on this machine. */
  readonly location: SourceLocation | null;
  /** As it is shown. */
  readonly functionName: string;
  /** 1-based line of the cell of a notebook, which has no file: `location` is null then. */
  readonly cellLine?: number;
}

/** How sure it is that doing what a finding says helps, where it was measured. Of the same kind as the proof of a fix. */
export interface FindingProof {
  readonly verdict: "proved" | "weak" | "refused" | "failed";
  /** Times as fast; 95 % interval. */
  readonly speedup?: { readonly median: number; readonly low: number; readonly high: number };
  /** One sentence, where the verdict has a reason. */
  readonly reason?: string;
}

export interface Finding {
  /** The same for the same thing in another answer about the same recording. */
  readonly id: string;
  /** The rule or analysis that found it, in kebab-case. */
  readonly kind: string;
  /** One sentence without a full stop. */
  readonly title: string;
  readonly event: EventName;
  /** Of the selection, 0 to 1. */
  readonly share: number;
  /** The most important one first. */
  readonly places: readonly FindingPlace[];
  /** Functions (indices in the recording) from the root to the box that it is drawn on, of the top-down graph; empty where it has none. */
  readonly frames: readonly number[];
  /** What to do: one or two sentences. */
  readonly advice: string;
  readonly proof?: FindingProof;
  /** Of a change that the light bulb on the line has: its name for `flameline/prove`, and how many times as fast all would be without that share. */
  readonly fix?: { readonly id: string; readonly expectedGain: number };
}
