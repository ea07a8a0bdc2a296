/** The trial of a Python function: each step is a process of the project's own interpreter with `python-harness/run.py`, in a scratch copy. */
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Outcomes, type ProjectTests, ProofRefused, type Trial, type Variant } from "../analysis/optimize/proof/trial.js";
import { type PythonRun, isBelow } from "./python-command.js";
import { runLimited } from "./run-limited.js";
import type { ScratchCopy } from "./scratch-copy.js";
import { type Answer, StepFailed, outcomesOf, readAnswer, textOf } from "./steps.js";
import { saidOf } from "./without-network.js";

/** The calls that are chosen by the first replay may take this many times as long in later ones: other programs run, too. */
const PATIENCE = 3;
/** Longest times of the steps, s. */
const SECONDS = { tests: 40, capture: 20, replay: 5, other: 20, time: 20 };
/** Arguments that are made up. */
const GENERATED = 400;
const MOST_MUTANTS = 25;
/** A replay's time is CPU time, and so many times that of wall time: `WALL_FACTOR` of the harness. */
const REPLAY_WALL = 4;
/** A round of measuring takes this long, ns of CPU time: a process' start costs about as much. */
const ROUND_NS = 60e6;
/** Address space of a step: arguments that are made up may ask for any size. */
const MEMORY_BYTES = 4 * 2 ** 30;

export interface PythonTrialOptions {
  readonly python: string;
  /** What to put before a command so that it has no network; the project's own tests keep theirs. */
  readonly networkless: readonly string[];
  /** Path of `python-harness/run.py`. */
  readonly harness: string;
  readonly scratch: ScratchCopy;
  /** The workspace that was copied. */
  readonly root: string;
  /** The file that changes, absolute, in the workspace. */
  readonly file: string;
  readonly subject: string;
  readonly oldText: string;
  readonly newText: string;
  /** Lines of the new text that changed, 1-based, both ends included. */
  readonly changed: readonly (readonly [number, number])[];
  readonly run: PythonRun | undefined;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Seconds that are left for the whole proof. */
  readonly secondsLeft: () => number;
}

export class PythonTrial implements Trial {
  readonly conditions: string;
  readonly #options: PythonTrialOptions;
  #shown: string | undefined;
  #steps = 0;

  constructor(options: PythonTrialOptions) {
    this.#options = options;
    this.conditions = `under two hash seeds, once with all messages logged, ${saidOf(options.networkless)}`;
  }

  get subject(): string {
    return this.#options.subject;
  }

  async projectTests(): Promise<ProjectTests | undefined> {
    if (!this.#options.scratch.hasTests) return undefined;
    const answer = await this.#step("tests", { kind: "old" }, { seconds: SECONDS.tests }).catch((error: unknown) => {
      // No pytest, or tests that hang before the first: the proof goes on without them.
      if (error instanceof StepFailed) return undefined;
      throw error;
    });
    const tests = Object.entries((answer?.["tests"] ?? {}) as Record<string, { passed: boolean; touched: boolean }>);
    if (tests.length === 0) return undefined;
    return {
      touching: tests.filter(([, { passed, touched }]) => passed && touched).map(([name]) => name),
      failing: tests.filter(([, { passed }]) => !passed).length,
      complete: answer?.["complete"] === true,
      unit: "tests",
    };
  }

  async failingTests(variant: Variant, tests: readonly string[]): Promise<readonly string[]> {
    if (tests.length === 0) return [];
    const first = variant.kind === "mutant";
    const answer = await this.#step("tests", variant, { seconds: SECONDS.tests, tests, first }).catch((error: unknown) => {
      if (error instanceof StepFailed) return {} as Answer;
      throw error;
    });
    const ended = (answer["tests"] ?? {}) as Record<string, { passed: boolean }>;
    return first
      ? Object.keys(ended).filter((name) => ended[name]?.passed === false)
      : tests.filter((name) => ended[name]?.passed !== true);
  }

  async capture(): Promise<number> {
    const { run, root, scratch } = this.#options;
    if (run !== undefined) {
      const inCopy = run.script === undefined ? run : { ...run, script: join(scratch.workspace, relative(root, run.script)) };
      const answer = await this.#step("capture", { kind: "old" }, { seconds: SECONDS.capture, run: inCopy });
      const kept = Number(answer["kept"] ?? 0);
      const { subject } = this.#options;
      if (kept === 0 && typeof answer["refusal"] === "string") {
        throw new ProofRefused(`The program ended before ${subject} was called, since it ${answer["refusal"]}.`);
      }
      if (kept === 0 && Number(answer["skipped"] ?? 0) > 0) {
        throw new ProofRefused(
          `${subject} was called, but with arguments that can't be kept for another run, say a session on a database in memory or an open file.`,
        );
      }
      return kept;
    }
    return this.#step("describe", { kind: "old" }, { index: 0 }).then(
      () => 1,
      (error: unknown) => {
        if (error instanceof ProofRefused) return 0;
        throw error;
      },
    );
  }

  async generate(): Promise<number> {
    return Number((await this.#step("generate", { kind: "old" }, { count: GENERATED }))["generated"] ?? 0);
  }

  async replay(variant: Variant, seed: number, wanted?: readonly number[]): Promise<Outcomes | "broken"> {
    const patience = wanted === undefined ? 1 : PATIENCE;
    const extra = wanted === undefined ? { patience } : { patience, wanted };
    const { secondsLeft } = this.#options;
    const replay = this.#step("replay", variant, { seconds: patience * SECONDS.replay, verbose: seed === 0, ...extra }, seed);
    return outcomesOf(replay, variant, secondsLeft);
  }

  async describe(call: number): Promise<string> {
    return String((await this.#step("describe", { kind: "old" }, { index: call }))["text"]);
  }

  async mutants(): Promise<readonly { readonly text: string; readonly what: string }[]> {
    const { changed } = this.#options;
    const answer = await this.#step("mutants", { kind: "new" }, { changed, most: MOST_MUTANTS });
    return answer["mutants"] as { text: string; what: string }[];
  }

  async rounds(calls: readonly number[], copies: boolean): Promise<number> {
    const answer = await this.#step("time", { kind: "old" }, { wanted: calls, copies, atLeastNs: ROUND_NS });
    return Number(answer["rounds"]);
  }

  async time(variant: Variant, calls: readonly number[], copies: boolean, rounds: number): Promise<number> {
    return Number((await this.#step("time", variant, { wanted: calls, copies, rounds }))["ns"]);
  }

  /** Runs one step with one text in place. Throws {@link ProofRefused} for what a proof can't be made of, {@link StepFailed} for what just failed. */
  async #step(name: string, variant: Variant, request: Answer, seed = 0): Promise<Answer> {
    const { scratch, root, file, python, harness, subject, workingDirectory, environment, signal, secondsLeft } = this.#options;
    const left = secondsLeft();
    if (left <= 0) throw new ProofRefused("The time for the proof is over; give it more with --budget.");
    const copy = join(scratch.workspace, relative(root, file));
    const text = textOf(variant, this.#options);
    if (this.#shown !== text) await writeFile(copy, text);
    this.#shown = text;
    const answer = join(scratch.folder, `answer-${++this.#steps}.json`);
    const wanted = typeof request["seconds"] === "number" ? request["seconds"] : SECONDS.other;
    const seconds = Math.min(wanted, left);
    const folder = isBelow(workingDirectory, root) ? join(scratch.workspace, relative(root, workingDirectory)) : scratch.workspace;
    const words = [...(name === "tests" ? [] : this.#options.networkless), python, "-B", harness, name];
    const ended = await runLimited({
      command: words[0] ?? python,
      arguments: words.slice(1),
      folder,
      environment: { ...environment, PYTHONHASHSEED: String(seed), PYTHONDONTWRITEBYTECODE: "1", TMPDIR: scratch.folder },
      input: JSON.stringify({
        ...request,
        ...(request["seconds"] === undefined ? {} : { seconds }),
        file: copy,
        subject,
        scratch: scratch.folder,
        cases: join(scratch.folder, "cases"),
        answer,
        memoryBytes: MEMORY_BYTES,
      }),
      // The step ends by itself when its time is up, and says what it has.
      seconds: Math.min(seconds * (name === "replay" ? REPLAY_WALL : 1), left) + 10,
      signal,
    });
    return readAnswer(answer, name, ended === "out of time", subject);
  }
}
