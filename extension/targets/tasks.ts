import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { makeScratchFolder } from "../../recorder/scratch-folder.js";
import type { StartedProgram } from "./started-program.js";

/** Starts a task in its terminal. */
export async function startTask(task: vscode.Task): Promise<StartedProgram> {
  const ended = endOf(({ task: other }) => other.name === task.name && other.source === task.source);
  await vscode.tasks.executeTask(task);
  return { ended };
}

/** A task for a command line as the user types it; it runs in the user's shell. */
export function commandTask(command: string, folder: vscode.WorkspaceFolder): vscode.Task {
  const task = new vscode.Task(
    { type: "flameline", command },
    folder,
    command.length > 40 ? `${command.slice(0, 39)}…` : command,
    "Flameline",
    new vscode.ShellExecution(command, { cwd: folder.uri.fsPath }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, clear: true };
  return task;
}

/** A program that waits at its door: its process exists, and it begins its work on `release`. */
export interface GatedProgram extends StartedProgram {
  readonly pid: number;
  /** Once it has ended; undefined where it was ended. */
  readonly exitCode: () => number | undefined;
  release(): Promise<void>;
  cancel(): void;
}

/** Replaces itself by the program once something is written into the pipe. */
const GATE = 'read -r _ < "$1" && shift && exec "$@"';

/** Where a task's program runs, and with what beside VS Code's own environment. */
export interface TaskPlace {
  /** Absolute; of the folder where it is left out. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program in a terminal, held at a named pipe before its first instruction, so that recording can begin with
 * it and with nothing else. No shell reads the arguments.
 */
export async function startGated(
  command: string,
  args: readonly string[],
  folder: vscode.WorkspaceFolder,
  place: TaskPlace = {},
): Promise<GatedProgram> {
  refuseVariables([command, ...args, place.cwd ?? ""]);
  const pipeFolder = makeScratchFolder(process.env, (made) => made);
  const pipe = path.join(pipeFolder, "gate");
  await promisify(execFile)("mkfifo", ["-m", "600", pipe]);
  const task = new vscode.Task(
    { type: "flameline", gate: pipe },
    folder,
    [path.basename(command), ...args.map((argument) => path.basename(argument))].join(" "),
    "Flameline",
    new vscode.ProcessExecution("/bin/sh", ["-c", GATE, "flameline-gate", pipe, command, ...args], optionsOf(folder, place)),
  );
  // Without its echo: the gate is our business, not the user's.
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, clear: true, echo: false };
  const mine = (execution: vscode.TaskExecution) => execution.task.definition["gate"] === pipe;
  const exitCode = exitCodeOf(mine);
  const ended = endOf(mine).then(() => rm(pipeFolder, { recursive: true, force: true }));
  const pid = new Promise<number>((resolve, reject) => {
    const listener = vscode.tasks.onDidStartTaskProcess(({ execution, processId }) => {
      if (mine(execution)) {
        listener.dispose();
        resolve(processId);
      }
    });
    void ended.then(() => {
      listener.dispose();
      reject(new Error(`${command} ended before it began: see its terminal.`));
    });
  });
  pid.catch(() => undefined);
  const execution = await vscode.tasks.executeTask(task);
  return {
    pid: await pid,
    ended,
    exitCode,
    release: () => writeFile(pipe, "\n"),
    cancel: () => execution.terminate(),
  };
}

/** A task whose program is not found never ends; a shell says so and ends. */
const FROM_PATH = 'exec "$@"';

/** Runs a program in a terminal to its end; answers its exit code, undefined where it was ended. No shell reads the arguments. */
export async function runToEnd(
  name: string,
  command: string,
  args: readonly string[],
  folder: vscode.WorkspaceFolder,
  place: TaskPlace,
): Promise<number | undefined> {
  refuseVariables([command, ...args, place.cwd ?? ""]);
  const own = String((runs += 1));
  const task = new vscode.Task(
    { type: "flameline", run: own },
    folder,
    // In the titles of terminals `$(…)` is an icon.
    name.replaceAll("$(", "$ ("),
    "Flameline",
    new vscode.ProcessExecution("/bin/sh", ["-c", FROM_PATH, "flameline-run", command, ...args], optionsOf(folder, place)),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, clear: true, echo: false };
  const mine = (execution: vscode.TaskExecution) => execution.task.definition["run"] === own;
  const [exitCode, ended] = [exitCodeOf(mine), endOf(mine)];
  await vscode.tasks.executeTask(task);
  await ended;
  return exitCode();
}

let runs = 0;

/** VS Code replaces variables in a task's arguments, also those that run commands, and knows no way to write one plainly. */
function refuseVariables(words: readonly string[]): void {
  const word = words.find((each) => each.includes("${"));
  if (word !== undefined) {
    throw new Error(`VS Code would replace the “\${” in ${word}: rename it, or run it in a terminal and profile the process.`);
  }
}

function optionsOf(folder: vscode.WorkspaceFolder, { cwd = folder.uri.fsPath, env }: TaskPlace): vscode.ProcessExecutionOptions {
  return { cwd, ...(env === undefined ? {} : { env: { ...env } }) };
}

/** Asked once the task has ended. */
function exitCodeOf(mine: (execution: vscode.TaskExecution) => boolean): () => number | undefined {
  let code: number | undefined;
  const listener = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
    if (mine(execution)) {
      listener.dispose();
      code = exitCode;
    }
  });
  return () => code;
}

function endOf(mine: (execution: vscode.TaskExecution) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listener = vscode.tasks.onDidEndTask(({ execution }) => {
      if (mine(execution)) {
        listener.dispose();
        resolve();
      }
    });
  });
}
