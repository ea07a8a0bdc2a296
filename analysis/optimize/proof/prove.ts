/** The steps of a proof: the change is equal in all that is tried, what is tried would notice mistakes, and it is faster. */
import type { ProofRecord, Speedup } from "../../../protocol/fixes.js";
import { speedupOf } from "./speedup.js";
import { type Outcomes, ProofRefused, type Trial } from "./trial.js";

/** The least that a fix must gain: the lower bound of its interval. */
const LEAST_SPEEDUP = 1.05;
/** The least part of mutants that must be caught. */
const LEAST_CAUGHT = 0.8;
/** Pairs of runs, old and new: more while they leave it open. */
const PAIRS = { least: 10, most: 30 };
const SEEDS = [0, 1];

export interface ProveOptions {
  /** Told what is going on, a phrase for people, and how far it is: 0 to 1. */
  readonly progress: (phrase: string, part: number) => void;
  /** Whether there is time for more than what must be. */
  readonly mayGoOn: () => boolean;
}

/** Never rejects for what the user's code does; does when it is aborted. */
export async function prove(trial: Trial, options: ProveOptions): Promise<ProofRecord> {
  const tried: string[] = [];
  try {
    return await steps(trial, options, tried);
  } catch (error) {
    if (error instanceof ProofRefused) return { verdict: "refused", safety: { tried }, reason: error.message };
    throw error;
  }
}

async function steps(trial: Trial, { progress, mayGoOn }: ProveOptions, tried: string[]): Promise<ProofRecord> {
  const { subject } = trial;
  const failed = (reason: string): ProofRecord => ({ verdict: "failed", safety: { tried }, reason });

  progress("running the project's tests", 0);
  const tests = await trial.projectTests();
  progress("running the program to note calls", 0.15);
  const captured = await trial.capture();
  if (captured === 0) {
    throw new ProofRefused(
      `No call of ${subject} was seen when the tests and the recorded program ran again, so there is nothing to compare.`,
    );
  }
  const generated = await trial.generate();

  progress("comparing old and new", 0.3);
  const old = await outcomesOf(trial, "old", 0);
  const ended = [...old.calls].flatMap(([call, outcome]) => (outcome === undefined ? [] : [call]));
  const again = await outcomesOf(trial, "old", 0, ended);
  // One that took too long the second time is no call to compare.
  const calls = ended.filter((call) => again.calls.get(call) !== undefined);
  if (firstDifference(old, again, calls) !== undefined) {
    throw new ProofRefused(`${subject} does not do the same when it is called again with the same arguments, so nothing can be compared.`);
  }
  let changed: Outcomes | undefined;
  for (const seed of SEEDS) {
    const before = seed === 0 ? old : await outcomesOf(trial, "old", seed, calls);
    const after = await trial.replay({ kind: "new" }, seed, calls);
    if (after === "broken") return failed("The changed file can't be loaded.");
    changed ??= after;
    const call = firstDifference(before, after, calls);
    if (call !== undefined) {
      const [was, is] = [before.calls.get(call)?.text ?? "", after.calls.get(call)?.text ?? "did not end"];
      return failed(`It behaves differently: ${await trial.describe(call)} ${was}, and then ${is}.`);
    }
  }
  const real = calls.filter((call) => call < old.captured);
  tried.push(
    `${real.length} calls of the run and ${calls.length - real.length} made up from them (of ${generated}), the same ${trial.conditions}`,
  );
  if (real.length === 0) throw new ProofRefused(`The calls of ${subject} take too long to be repeated.`);

  const statements = changed && statementsOf(real, old, changed);
  if (statements !== undefined) tried.push(`${statements.before} SQL statements in the calls of the run before, ${statements.after} after`);

  if (tests === undefined) tried.push("no tests of the project");
  else {
    const broken = await trial.failingTests({ kind: "new" }, tests.touching);
    if (broken.length > 0) return failed(`The project's test ${broken[0]} passes with the old code and not with the new one.`);
    const more = [tests.failing > 0 ? `${tests.failing} failed before the change` : "", tests.complete ? "" : "not all had their turn"];
    tried.push(
      [`${tests.touching.length} of the project's ${tests.unit}, those that call it`, ...more.filter((each) => each !== "")].join("; "),
    );
  }

  progress("measuring", 0.5);
  const copies = real.some((call) => old.calls.get(call)?.copies === true);
  const speedup = await measure(trial, real, copies, mayGoOn);

  progress("trying small mistakes", 0.75);
  const { caught, known } = await mutants(trial, old, calls, tests?.touching ?? [], mayGoOn);
  const mutantsCaught = known === 0 ? undefined : caught / known;
  tried.push(`${known} small mistakes in the new code, ${caught} of them noticed`);
  const safety = { ...(mutantsCaught === undefined ? {} : { mutantsCaught }), tried };
  const seen = statements === undefined ? {} : { statements };
  if (speedup.low < LEAST_SPEEDUP) {
    const interval = `${speedup.median.toFixed(2)} times as fast (${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`;
    return {
      verdict: "failed",
      speedup,
      safety,
      ...seen,
      reason: `It is not surely faster: ${subject} is ${interval}, and ${LEAST_SPEEDUP} is the least that counts.`,
    };
  }
  if ((mutantsCaught ?? 0) < LEAST_CAUGHT) {
    return {
      verdict: "weak",
      speedup,
      safety,
      ...seen,
      reason: "What could be tried would miss too many mistakes: tests or other calls would help.",
    };
  }
  return { verdict: "proved", speedup, safety, ...seen };
}

async function outcomesOf(trial: Trial, kind: "old", seed: number, wanted?: readonly number[]): Promise<Outcomes> {
  const outcomes = await trial.replay({ kind }, seed, wanted);
  if (outcomes === "broken") throw new ProofRefused("The file can't be loaded by itself, even without the change.");
  return outcomes;
}

/** What the calls sent together; undefined where none sent anything, or nobody counted. */
function statementsOf(calls: readonly number[], before: Outcomes, after: Outcomes): ProofRecord["statements"] {
  const sum = ({ calls: outcomes }: Outcomes): number => calls.reduce((all, call) => all + (outcomes.get(call)?.statements ?? 0), 0);
  const [was, is] = [sum(before), sum(after)];
  return was + is === 0 ? undefined : { before: was, after: is };
}

/** The first call that did something else, one that took too long included. */
function firstDifference(before: Outcomes, after: Outcomes, calls: readonly number[]): number | undefined {
  return calls.find((call) => {
    const outcome = before.calls.get(call);
    return outcome !== undefined && outcome.key !== after.calls.get(call)?.key;
  });
}

async function measure(trial: Trial, calls: readonly number[], copies: boolean, mayGoOn: () => boolean): Promise<Speedup> {
  const rounds = await trial.rounds(calls, copies);
  const time = (kind: "old" | "new"): Promise<number> => trial.time({ kind }, calls, copies, rounds);
  const pairs: { readonly old: number; readonly new: number }[] = [];
  for (;;) {
    // A B B A: what drifts meets both alike.
    const first = await time("old");
    pairs.push({ old: first, new: await time("new") });
    const second = await time("new");
    pairs.push({ old: await time("old"), new: second });
    if (pairs.length < PAIRS.least) continue;
    const speedup = speedupOf(pairs);
    const open = speedup.low < LEAST_SPEEDUP && speedup.high > LEAST_SPEEDUP;
    if (!open || pairs.length >= PAIRS.most || !mayGoOn()) return speedup;
  }
}

/** Mutants that don't load are none. Those that the calls don't notice are for the project's tests. */
async function mutants(trial: Trial, old: Outcomes, calls: readonly number[], tests: readonly string[], mayGoOn: () => boolean) {
  let [caught, known] = [0, 0];
  for (const { text } of await trial.mutants()) {
    if (known > 0 && !mayGoOn()) break;
    const variant = { kind: "mutant", text } as const;
    const outcomes = await trial.replay(variant, 0, calls);
    if (outcomes === "broken") continue;
    known++;
    if (firstDifference(old, outcomes, calls) !== undefined) caught++;
    else if (tests.length > 0 && (await trial.failingTests(variant, tests)).length > 0) caught++;
  }
  return { caught, known };
}
