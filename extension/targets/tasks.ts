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
  release(): Promise<void>;
  cancel(): void;
}

/** Replaces itself by the program once something is written into the pipe. */
const GATE = 'read -r _ < "$1" && shift && exec "$@"';

/**
 * Starts a program in a terminal, held at a named pipe before its first instruction, so that recording can begin with
 * it and with nothing else.
 */
export async function startGated(command: string, args: readonly string[], folder: vscode.WorkspaceFolder): Promise<GatedProgram> {
  const pipeFolder = makeScratchFolder(process.env, (made) => made);
  const pipe = path.join(pipeFolder, "gate");
  await promisify(execFile)("mkfifo", ["-m", "600", pipe]);
  const task = new vscode.Task(
    { type: "flameline", gate: pipe },
    folder,
    [path.basename(command), ...args.map((argument) => path.basename(argument))].join(" "),
    "Flameline",
    new vscode.ProcessExecution("/bin/sh", ["-c", GATE, "flameline-gate", pipe, command, ...args], { cwd: folder.uri.fsPath }),
  );
  // Without its echo: the gate is our business, not the user's.
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, clear: true, echo: false };
  const mine = (execution: vscode.TaskExecution) => execution.task.definition["gate"] === pipe;
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
    release: () => writeFile(pipe, "\n"),
    cancel: () => execution.terminate(),
  };
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
