/** The trial of a JavaScript function: each step is a process of the project's own Node with node-harness/harness.mjs, in a scratch copy. */
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { constantsOf, instrument, type Instrumented } from "../analysis/optimize/javascript/instrument.js";
import { mutantsOf } from "../analysis/optimize/javascript/mutants.js";
import { type Outcomes, type ProjectTests, ProofRefused, type Trial, type Variant } from "../analysis/optimize/proof/trial.js";
import type { Outliner } from "../source/outline.js";
import { inCopy, type NodeRun, type TestRunner } from "./node-command.js";
import { NotedCalls } from "./noted-calls.js";
import { isBelow } from "./python-command.js";
import { runForStatus } from "./run-limited.js";
import type { ScratchCopy } from "./scratch-copy.js";
import { type Answer, StepFailed, outcomesOf, readAnswer, textOf } from "./steps.js";
import { testFiles } from "./test-files.js";
import { saidOf } from "./without-network.js";

/** Longest times of the steps, s. */
const SECONDS = { tests: 40, capture: 20, replay: 5, replayAgain: 30, other: 20 };
/** Arguments that are made up. */
const GENERATED = 400;
const MOST_MUTANTS = 25;
/** A round of measuring takes this long, ns of CPU time, after one that lets the engine compile. */
const ROUND_NS = 60e6;
/** Node's heap in a step, MB: arguments that are made up may ask for any size. */
const HEAP_MB = 2048;

export interface NodeTrialOptions {
  readonly node: string;
  /** What to put before a command so that it has no network; the project's own tests keep theirs. */
  readonly networkless: readonly string[];
  /** Folder of the harness. */
  readonly harness: string;
  /** Options with which Node loads the file. */
  readonly loader: readonly string[];
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
  readonly syntax: Outliner["syntax"];
  readonly run: NodeRun | undefined;
  readonly tests: TestRunner | undefined;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Seconds that are left for the whole proof. */
  readonly secondsLeft: () => number;
}

export class NodeTrial implements Trial {
  readonly conditions: string;
  readonly #options: NodeTrialOptions;
  readonly #noted: NotedCalls;
  #shown: string | undefined;
  #steps = 0;

  constructor(options: NodeTrialOptions) {
    this.#options = options;
    this.conditions = `in their order and backwards, ${saidOf(options.networkless)}`;
    this.#noted = new NotedCalls(options.scratch.folder);
  }

  get subject(): string {
    return this.#options.subject;
  }

  async projectTests(): Promise<ProjectTests | undefined> {
    const { tests, scratch, file, root } = this.#options;
    if (tests === undefined) return undefined;
    const folder = inCopy(tests.folder, root, scratch.workspace);
    const all = tests.byFile ? await testFiles(folder, file) : ["npm test"];
    if (all.length === 0) return undefined;
    await this.#show((await this.#instrumented({ kind: "old" })).noting);
    const ends = performance.now() + SECONDS.tests * 1000;
    const touching: string[] = [];
    let [failing, tried] = [0, 0];
    for (const test of all) {
      const seconds = (ends - performance.now()) / 1000;
      if (seconds < 1) break;
      const calls = await this.#noted.newFolder();
      const passed = await this.#runTest(test, seconds, { FLAMELINE_CASES: calls });
      if (passed === "out of time") break;
      tried++;
      if (!passed) failing++;
      else if (await this.#noted.hasCalls(calls)) touching.push(test);
    }
    return { touching, failing, complete: tried === all.length, unit: tests.byFile ? "test files" : "runs of npm test" };
  }

  async failingTests(variant: Variant, tests: readonly string[]): Promise<readonly string[]> {
    if (tests.length === 0) return [];
    await this.#show(textOf(variant, this.#options));
    const failing: string[] = [];
    const ends = performance.now() + SECONDS.tests * 1000;
    for (const test of tests) {
      const passed = await this.#runTest(test, (ends - performance.now()) / 1000, {});
      if (passed !== true) failing.push(test);
      // Of a mistake it is enough to know that somebody notices.
      if (passed !== true && variant.kind === "mutant") break;
    }
    return failing;
  }

  async capture(): Promise<number> {
    const { run, root, scratch, node, networkless, harness, secondsLeft, subject } = this.#options;
    if (run !== undefined) {
      await this.#show((await this.#instrumented({ kind: "old" })).noting);
      const moved = (each: string): string => inCopy(each, root, scratch.workspace);
      const before = ["guard.cjs", "capture.cjs"].flatMap((name) => ["--require", join(harness, name)]);
      await this.#run(
        [...networkless, node, ...before, ...run.options.map(moved), moved(run.script), ...run.arguments.map(moved)],
        Math.min(SECONDS.capture, secondsLeft()),
        { FLAMELINE_STAGE: "program", FLAMELINE_CASES: await this.#noted.newFolder() },
      );
    }
    const { kept, skipped } = await this.#noted.gather();
    if (kept === 0 && skipped !== undefined)
      throw new ProofRefused(`${subject} can't be proved: its calls have ${skipped}, which can't be copied.`);
    return kept;
  }

  async generate(): Promise<number> {
    const { subject, oldText, syntax, file } = this.#options;
    const constants = (await syntax(file, oldText, (root) => constantsOf(root, subject))) ?? [];
    return Number((await this.#step("generate", { kind: "old" }, { count: GENERATED, constants }))["generated"] ?? 0);
  }

  async replay(variant: Variant, seed: number, wanted?: readonly number[]): Promise<Outcomes | "broken"> {
    const { secondsLeft } = this.#options;
    const untilLate = variant.kind !== "old";
    const seconds = wanted === undefined ? SECONDS.replay : SECONDS.replayAgain;
    const request = { seconds, untilLate, backwards: seed === 1, ...(wanted === undefined ? {} : { wanted }) };
    return outcomesOf(this.#step("replay", variant, request), variant, secondsLeft);
  }

  async describe(call: number): Promise<string> {
    return String((await this.#step("describe", { kind: "old" }, { index: call }))["text"]);
  }

  async mutants(): Promise<readonly { readonly text: string; readonly what: string }[]> {
    const { file, newText, subject, changed, syntax } = this.#options;
    return (await syntax(file, newText, (root) => mutantsOf(root, subject, changed, MOST_MUTANTS))) ?? [];
  }

  async rounds(calls: readonly number[], copies: boolean): Promise<number> {
    const answer = await this.#step("time", { kind: "old" }, { wanted: calls, copies, atLeastNs: ROUND_NS });
    return Number(answer["rounds"]);
  }

  async time(variant: Variant, calls: readonly number[], copies: boolean, rounds: number): Promise<number> {
    return Number((await this.#step("time", variant, { wanted: calls, copies, rounds }))["ns"]);
  }

  /** Throws {@link StepFailed} where a mistake has made the text one that doesn't parse. */
  async #instrumented(variant: Variant): Promise<Instrumented> {
    const { syntax, file, subject, harness, run } = this.#options;
    const capture = join(harness, "capture.cjs");
    const made = await syntax(file, textOf(variant, this.#options), (root) =>
      instrument(root, file, subject, capture, run?.script === file),
    );
    if (made === undefined) throw new StepFailed("the text does not parse");
    if ("because" in made) throw new ProofRefused(`${subject} can't be proved: ${made.because}.`);
    return made;
  }

  async #show(text: string): Promise<void> {
    const { scratch, root, file } = this.#options;
    if (this.#shown !== text) await writeFile(join(scratch.workspace, relative(root, file)), text);
    this.#shown = text;
  }

  async #runTest(test: string, seconds: number, environment: Readonly<Record<string, string>>): Promise<boolean | "out of time"> {
    const { tests, root, scratch, secondsLeft } = this.#options;
    if (tests === undefined) return false;
    const folder = inCopy(tests.folder, root, scratch.workspace);
    const status = await this.#run(tests.command(test), Math.min(seconds, secondsLeft()), { CI: "1", ...environment }, folder);
    return status === "out of time" ? status : status === 0;
  }

  async #run(command: readonly string[], seconds: number, more: Readonly<Record<string, string>>, folder = this.#folder(), input = "") {
    const { environment, scratch, signal } = this.#options;
    if (seconds <= 0) throw new ProofRefused("The time for the proof is over; give it more with --budget.");
    const [program = "", ...given] = command;
    const env = { ...environment, NODE_OPTIONS: undefined, TMPDIR: scratch.folder, FLAMELINE_SCRATCH: scratch.folder, ...more };
    return runForStatus({ command: program, arguments: given, folder, environment: env, input, seconds, signal });
  }

  #folder(): string {
    const { workingDirectory, root, scratch } = this.#options;
    return isBelow(workingDirectory, root) ? join(scratch.workspace, relative(root, workingDirectory)) : scratch.workspace;
  }

  /** Runs one step with one text in place. Throws {@link ProofRefused} for what a proof can't be made of, {@link StepFailed} for what just failed. */
  async #step(name: string, variant: Variant, request: Answer): Promise<Answer> {
    const { scratch, root, file, node, networkless, harness, loader, subject, run, secondsLeft } = this.#options;
    await this.#show((await this.#instrumented(variant)).loadable);
    const answer = join(scratch.folder, `answer-${++this.#steps}.json`);
    const wanted = typeof request["seconds"] === "number" ? request["seconds"] : SECONDS.other;
    const seconds = Math.min(wanted, secondsLeft());
    const status = await this.#run(
      [
        ...networkless,
        node,
        `--max-old-space-size=${HEAP_MB}`,
        "--require",
        join(harness, "guard.cjs"),
        ...loader,
        join(harness, "harness.mjs"),
        name,
      ],
      // The step ends by itself when its time is up, and says what it has.
      seconds <= 0 ? seconds : seconds + 10,
      {},
      undefined,
      JSON.stringify({
        ...request,
        ...(request["seconds"] === undefined ? {} : { seconds }),
        file: join(scratch.workspace, relative(root, file)),
        subject,
        arguments: run?.script === file ? run.arguments : [],
        cases: this.#noted.file,
        answer,
      }),
    );
    return readAnswer(answer, name, status === "out of time", subject);
  }
}
