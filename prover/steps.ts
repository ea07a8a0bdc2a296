/** What the trials of all languages share: a harness runs one step of a proof with one text, and writes its answer into a file. */
import { readFile } from "node:fs/promises";
import { ProofRefused, type Outcome, type Outcomes, type Variant } from "../analysis/optimize/proof/trial.js";

export type Answer = Readonly<Record<string, unknown>>;

/** A step gave no answer, or its code threw something. */
export class StepFailed extends ProofRefused {
  constructor(detail: string) {
    super(`A step of the proof failed (${detail}).`);
  }
}

/** The file's text with the variant in place. */
export function textOf(variant: Variant, { oldText, newText }: { readonly oldText: string; readonly newText: string }): string {
  return variant.kind === "mutant" ? variant.text : variant.kind === "old" ? oldText : newText;
}

/** Throws {@link ProofRefused} for what a proof can't be made of, {@link StepFailed} for what just failed. */
export async function readAnswer(file: string, step: string, isLate: boolean, subject: string): Promise<Answer> {
  const read = await readFile(file, "utf8").catch(() => undefined);
  if (read === undefined) throw new StepFailed(isLate ? `${step}: out of time` : `${step}: no answer`);
  const value = JSON.parse(read) as Answer;
  if (typeof value["refused"] === "string") throw new ProofRefused(`${subject} can't be proved: ${value["refused"]}.`);
  if (typeof value["failed"] === "string") throw new StepFailed(value["failed"]);
  return value;
}

/** What a replay answers; "broken" where the step failed, or where new code is refused though there is time. */
export async function outcomesOf(replay: Promise<Answer>, variant: Variant, secondsLeft: () => number): Promise<Outcomes | "broken"> {
  const answer = await replay.catch((error: unknown) => {
    if (error instanceof StepFailed || (error instanceof ProofRefused && variant.kind !== "old" && secondsLeft() > 0)) return undefined;
    throw error;
  });
  if (answer === undefined) return "broken";
  const outcomes = Object.entries(answer["outcomes"] as Record<string, Outcome | null>);
  return {
    calls: new Map(outcomes.map(([call, outcome]) => [Number(call), outcome ?? undefined])),
    captured: Number(answer["captured"]),
  };
}
