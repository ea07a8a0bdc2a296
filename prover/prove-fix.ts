/** Proves one fix of a file on this machine. */
import { dirname } from "node:path";
import { applyEdits, changedLines, type Finding } from "../analysis/optimize/finding.js";
import { prove } from "../analysis/optimize/proof/prove.js";
import { ProofRefused } from "../analysis/optimize/proof/trial.js";
import type { ProofRecord } from "../protocol/fixes.js";
import { findPython, pythonRun } from "./python-command.js";
import { PythonTrial } from "./python-trial.js";
import { copyWorkspace } from "./scratch-copy.js";

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
  /** Path of `python-harness/run.py`. */
  readonly harness: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly progress: (phrase: string, part: number) => void;
}

/** Runs the user's code: only where they asked for it. Rejects when it is aborted; everything else is in the record. */
export async function proveFix(fix: FixToProve): Promise<ProofRecord> {
  const { root, file, text, finding, process: recorded, environment, signal, progress } = fix;
  const ends = performance.now() + fix.seconds * 1000;
  const secondsLeft = (): number => (ends - performance.now()) / 1000;
  const refused = (reason: string): ProofRecord => ({ verdict: "refused", safety: { tried: [] }, reason });
  const { subject } = finding;
  if (!file.endsWith(".py")) return refused("Only fixes of Python files can be proved so far.");
  if (subject === undefined) return refused("The code is not in a function, so it can't be run by itself.");
  const commandLine = recorded?.commandLine ?? [];
  const workingDirectory = recorded?.workingDirectory || dirname(file);
  const python = await findPython(commandLine, workingDirectory, root, environment["PATH"]);
  if (python === undefined) return refused("There is no Python here to run the code with; install python3.");
  progress("copying the workspace", 0);
  try {
    const scratch = await copyWorkspace(root, fix.copies, signal);
    try {
      const trial = new PythonTrial({
        python,
        harness: fix.harness,
        scratch,
        root,
        file,
        subject,
        oldText: text,
        newText: applyEdits(text, finding.edits),
        changed: changedLines(text, finding.edits),
        run: pythonRun(commandLine, workingDirectory, root),
        workingDirectory,
        environment,
        signal,
        secondsLeft,
      });
      return await prove(trial, { progress, mayGoOn: () => secondsLeft() > RESERVE_SECONDS });
    } finally {
      await scratch.dispose();
    }
  } catch (error) {
    if (error instanceof ProofRefused) return refused(error.message);
    throw error;
  }
}
