import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { ProcessListEntry, Target } from "../../protocol/helper.js";
import { WindowError } from "../failures.js";
import { folderPaths } from "../folders.js";
import { setting } from "../settings.js";
import { runOf } from "../targets/current-file.js";
import { excludedPids, ownPrograms } from "../targets/excluded-pids.js";
import { pickProcess } from "../targets/process-picker.js";
import { startGated } from "../targets/tasks.js";
import { type Choice, chooseWhatToRun, typeCommand } from "../targets/what-to-run.js";
import { workspaceProcesses } from "../targets/workspace-processes.js";
import type { Plan } from "./recording-session.js";

/** The part of a helper's connection that plans are made from. */
export interface ProcessSource {
  processes(): Promise<readonly ProcessListEntry[]>;
  readonly hello: { readonly pid: number };
}

/** What other extensions start, now or while recording: language servers, test runners' watchers, version control. */
const EXTENSION_HOST: ReadonlySet<number> = new Set([process.pid]);

/** Everything that runs in the workspace; when nothing does, what the user chooses to run. */
export async function workspacePlan(source: ProcessSource, seconds?: number): Promise<Plan | undefined> {
  const folders = fileFolders();
  const processes = await source.processes();
  const excluded = excludedPids(processes, source.hello.pid);
  const running = workspaceProcesses(processes, folderPaths(), excluded, EXTENSION_HOST);
  const choice: Choice | undefined = running.length > 0 ? { name: nameOf(folders) } : await chooseWhatToRun(folders);
  return choice && planOf(choice, workspaceTarget(excluded), seconds);
}

/** One process that the user picks, with its children. */
export async function processPlan(source: ProcessSource): Promise<Plan | undefined> {
  const pid = await pickProcess(
    () => source.processes(),
    (list) => excludedPids(list, source.hello.pid),
  );
  if (pid === undefined) {
    return undefined;
  }
  const process = (await source.processes()).find((each) => each.pid === pid);
  return { name: process?.name ?? `process ${pid}`, target: { kind: "process", pid, children: true } };
}

/** The file in the editor, run as its language is run. The program waits at its door until sampling is on. */
export async function currentFilePlan(source: ProcessSource, document: vscode.TextDocument): Promise<Plan | undefined> {
  const folder = folderOf(document);
  const file = document.uri.fsPath;
  const run = runOf({
    languageId: document.languageId,
    file,
    folder: folder.uri.fsPath,
    python: chosenPython(document.uri),
    exists: existsSync,
  });
  if (run.kind === "ask") {
    const choice = await typeCommand([folder], run.suggestion);
    return choice && planOf(choice, workspaceTarget(excludedPids(await source.processes(), source.hello.pid)));
  }
  const program = await startGated(run.command, run.args, folder);
  return {
    name: path.basename(file),
    target: { kind: "process", pid: program.pid, children: true },
    start: async () => {
      await program.release();
      return program;
    },
    cancel: () => program.cancel(),
  };
}

/** Asks for how long; undefined when the user cancels. */
export function askSeconds(): Promise<number | undefined> {
  return askNumber("Flameline: Profile for N Seconds", "How many seconds?", setting("profileSeconds"), 3600);
}

/** Asks for how long allocations are followed; undefined when the user cancels. */
export function askAllocationSeconds(): Promise<number | undefined> {
  return askNumber(
    "Flameline: Record Allocations",
    "For how many seconds? Each allocation of the recorded programs is slower meanwhile.",
    10,
    60,
  );
}

async function askNumber(title: string, question: string, value: number, most: number): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({
    title,
    prompt: `${question} 1 to ${most}`,
    value: String(value),
    validateInput: (text) =>
      /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= most ? undefined : `Type a whole number from 1 to ${most}.`,
  });
  return answer === undefined ? undefined : Number(answer);
}

/** The active editor's document, saved; throws where it is no file of this machine. */
export async function currentDocument(): Promise<vscode.TextDocument> {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined || document.uri.scheme !== "file" || (document.isDirty && !(await document.save()))) {
    throw new WindowError({ kind: "no-file" });
  }
  return document;
}

function planOf({ name, start }: Choice, target: Target, seconds?: number): Plan {
  return { name, target, ...(seconds === undefined ? {} : { seconds }), ...(start === undefined ? {} : { start }) };
}

/** What runs in the workspace's folders, without VS Code's own. */
export function workspaceTarget(excluded: ReadonlySet<number>): Target {
  return {
    kind: "workspace",
    folders: folderPaths(),
    excludePids: [...excluded],
    excludeTrees: [...EXTENSION_HOST],
    excludePrograms: ownPrograms(),
  };
}

function fileFolders(): vscode.WorkspaceFolder[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  if (folders.length === 0) {
    throw new WindowError({ kind: "no-folder" });
  }
  return folders;
}

/** The interpreter that the settings name for a file; undefined where nobody chose one, which "python" stands for. */
export function chosenPython(uri: vscode.Uri): string | undefined {
  const python = vscode.workspace.getConfiguration("python", uri).get<string>("defaultInterpreterPath");
  return python === "" || python === "python" ? undefined : python;
}

/** Where a file without a workspace folder runs: beside itself. */
export function folderOf(document: vscode.TextDocument): vscode.WorkspaceFolder {
  const beside = path.dirname(document.uri.fsPath);
  return vscode.workspace.getWorkspaceFolder(document.uri) ?? { uri: vscode.Uri.file(beside), name: path.basename(beside), index: 0 };
}

function nameOf(folders: readonly vscode.WorkspaceFolder[]): string {
  return folders.map(({ name }) => name).join(" + ");
}
