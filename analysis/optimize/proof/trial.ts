/** What a proof needs of the world: runs of the user's code in a scratch copy. `prover/` has it for each language. */

export type Variant = { readonly kind: "old" } | { readonly kind: "new" } | { readonly kind: "mutant"; readonly text: string };

/** What a call did, by index of the call; undefined for calls that took too long or that were not made. */
export interface Outcomes {
  readonly calls: ReadonlyMap<number, Outcome | undefined>;
  /** Indices below it are calls of the run, those above were made up. */
  readonly captured: number;
}

export interface Outcome {
  /** Equal for what can't be told apart. */
  readonly key: string;
  /** For people, short. */
  readonly text: string;
  /** Whether the call changes its arguments or returns a part of them, so that each call needs its own. */
  readonly copies: boolean;
  /** SQL statements that it sent; undefined where nobody counts. */
  readonly statements?: number;
}

export interface ProjectTests {
  /** Names of tests that pass with the old code and call the function. */
  readonly touching: readonly string[];
  /** Tests that failed before the change. */
  readonly failing: number;
  /** Whether all had their turn. */
  readonly complete: boolean;
  /** What they are, in the plural: "tests", or "test files" where a runner is asked for no less. */
  readonly unit: string;
}

/** Why a proof ends without an answer: one sentence. */
export class ProofRefused extends Error {}

export interface Trial {
  /** Under which conditions the calls are made again, by seed: how "calls of the run, the same …" ends. */
  readonly conditions: string;
  /** Of the function under proof, as its language writes it. */
  readonly subject: string;
  /** Runs the project's tests with the old code; undefined where there are none. What they call is kept. */
  projectTests(): Promise<ProjectTests | undefined>;
  /** Those of `tests` that don't pass. */
  failingTests(variant: Variant, tests: readonly string[]): Promise<readonly string[]>;
  /** Runs the recorded program and keeps the arguments of the function's calls; answers how many there are then, also of the tests. */
  capture(): Promise<number>;
  /** Makes up further arguments from those. */
  generate(): Promise<number>;
  /** Makes the calls, by default all for which there is time; the seed stands for one of the conditions. "broken" where the code doesn't even load. */
  replay(variant: Variant, seed: number, wanted?: readonly number[]): Promise<Outcomes | "broken">;
  /** A call as text. */
  describe(call: number): Promise<string>;
  /** The new code with one small mistake each. */
  mutants(): Promise<readonly { readonly text: string; readonly what: string }[]>;
  /** How often the calls are to be made so that it can be measured. */
  rounds(calls: readonly number[], copies: boolean): Promise<number>;
  /** Time of so many rounds in a process of its own, ns. */
  time(variant: Variant, calls: readonly number[], copies: boolean, rounds: number): Promise<number>;
}
