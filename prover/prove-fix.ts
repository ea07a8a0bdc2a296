/** Proves one fix of a file on this machine. */
import { dirname, extname, join } from "node:path";
import { applyEdits, changedLines, type Finding } from "../analysis/optimize/finding.js";
import { prove } from "../analysis/optimize/proof/prove.js";
import { ProofRefused } from "../analysis/optimize/proof/trial.js";
import type { Trial } from "../analysis/optimize/proof/trial.js";
import type { ProofRecord } from "../protocol/fixes.js";
import type { Outliner } from "../source/outline.js";
import { linkModules } from "./link-modules.js";
import { findNode, loaderOptions, nodeRun, testRunner } from "./node-command.js";
import { NodeTrial } from "./node-trial.js";
import { findPython, pythonRun } from "./python-command.js";
import { PythonTrial } from "./python-trial.js";
import { runForStatus } from "./run-limited.js";
import { copyWorkspace, type ScratchCopy } from "./scratch-copy.js";
import { networkless } from "./without-network.js";

/** Languages with rules and without a trial, by the ends of their files. */
const COMPILED: ReadonlyMap<string, string> = new Map([
  [".go", "Go"],
  [".java", "Java"],
  [".rs", "Rust"],
]);
/** From here on nothing is tried that a proof could do without, s before its end. */
const RESERVE_SECONDS = 5;

export interface FixToProve {
  /** The folder that is copied, absolute: a workspace folder with the file in it. */
  readonly root: string;
  readonly file: string;
  /** The file's text now. */
  readonly text: string;
  readonly finding: Finding;
  /** The process that was recorded. */
  readonly process: { readonly commandLine: readonly string[]; readonly workingDirectory: string } | undefined;
  /** Folder in which the copy is made, the user's own. */
  readonly copies: string;
  /** Path of `python-harness/run.py`; `node-harness` lies beside its folder. */
  readonly harness: string;
  /** The syntax of a text by its path. */
  readonly syntax: Outliner["syntax"];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly progress: (phrase: string, part: number) => void;
}

/** Runs the user's code: only where they asked for it. Rejects when it is aborted; everything else is in the record. */
export async function proveFix(fix: FixToProve): Promise<ProofRecord> {
  const ends = performance.now() + fix.seconds * 1000;
  const secondsLeft = (): number => (ends - performance.now()) / 1000;
  const { subject, refusal } = fix.finding;
  try {
    if (refusal !== undefined) throw new ProofRefused(`There is no change to prove: ${refusal}.`);
    if (subject === undefined) {
      throw new ProofRefused("The code is not in a function that can be reached by its name, so it can't be run by itself.");
    }
    const language = COMPILED.get(extname(fix.file));
    if (language !== undefined) {
      throw new ProofRefused(
        `A change of ${language} can't be proved so far: look at it, and let the project's own tests and benchmarks judge it.`,
      );
    }
    const makeTrial = await (fix.file.endsWith(".py") ? pythonTrial : nodeTrial)(fix, subject, secondsLeft);
    fix.progress("copying the workspace", 0);
    const before = await networkless(fix.environment, fix.signal);
    const scratch = await copyWorkspace(fix.root, fix.copies, fix.signal);
    try {
      const trial = await makeTrial(scratch, before);
      return await prove(trial, { progress: fix.progress, mayGoOn: () => secondsLeft() > RESERVE_SECONDS });
    } finally {
      await scratch.dispose();
    }
  } catch (error) {
    if (error instanceof ProofRefused) return { verdict: "refused", safety: { tried: [] }, reason: error.message };
    throw error;
  }
}

/** Looks for what a trial needs before anything is copied. */
type TrialMaker = (
  fix: FixToProve,
  subject: string,
  secondsLeft: () => number,
) => Promise<(scratch: ScratchCopy, networkless: readonly string[]) => Promise<Trial>>;

const pythonTrial: TrialMaker = async (fix, subject, secondsLeft) => {
  const { commandLine, workingDirectory } = recorded(fix);
  const { root, environment } = fix;
  const python = await findPython(commandLine, workingDirectory, root, environment["PATH"]);
  if (python === undefined) throw new ProofRefused("There is no Python here to run the code with; install python3.");
  await mustHave(python, fix);
  const run = pythonRun(commandLine, workingDirectory, root);
  return async (scratch, before) =>
    new PythonTrial({ ...common(fix, subject, secondsLeft), networkless: before, python, harness: fix.harness, scratch, run });
};

/** What the change imports is the project's to install: in its requirements, by whoever keeps them. */
async function mustHave(python: string, { finding: { needs }, root, environment, signal }: FixToProve): Promise<void> {
  if (needs === undefined) return;
  const ended = await runForStatus({
    command: python,
    arguments: ["-c", `import ${needs}`],
    folder: root,
    environment,
    input: "",
    seconds: 20,
    signal,
  });
  if (ended === 0) return;
  throw new ProofRefused(
    `The change needs ${needs}, which ${python} doesn't have; add it to the project's requirements, install it there, and prove again.`,
  );
}

const nodeTrial: TrialMaker = async (fix, subject, secondsLeft) => {
  const { commandLine, workingDirectory } = recorded(fix);
  const { root, file, environment, syntax } = fix;
  const node = await findNode(commandLine, workingDirectory, environment["PATH"]);
  if (node === undefined) throw new ProofRefused("There is no Node.js here to run the code with; install nodejs.");
  const harness = join(dirname(dirname(fix.harness)), "node-harness");
  const loader = loaderOptions(file, harness);
  if (loader === undefined) {
    throw new ProofRefused(
      "Node.js runs TypeScript here only through the project's own tsx or esbuild, and it has neither; install tsx in it.",
    );
  }
  const run = nodeRun(commandLine, workingDirectory, root);
  const tests = await testRunner(file, root, node);
  return async (scratch, before) => {
    await linkModules(root, scratch.workspace);
    return new NodeTrial({ ...common(fix, subject, secondsLeft), networkless: before, node, harness, loader, scratch, syntax, run, tests });
  };
};

function recorded({ process, file }: FixToProve): { readonly commandLine: readonly string[]; readonly workingDirectory: string } {
  return { commandLine: process?.commandLine ?? [], workingDirectory: process?.workingDirectory || dirname(file) };
}

function common(fix: FixToProve, subject: string, secondsLeft: () => number) {
  const { root, file, text, finding, environment, signal } = fix;
  return {
    root,
    file,
    subject,
    oldText: text,
    newText: applyEdits(text, finding.edits),
    changed: changedLines(text, finding.edits),
    workingDirectory: recorded(fix).workingDirectory,
    environment,
    signal,
    secondsLeft,
  };
}
