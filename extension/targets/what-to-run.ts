import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { launchChoices, startLaunch } from "./debug-launch.js";
import type { StartedProgram } from "./started-program.js";
import { commandTask, startTask } from "./tasks.js";
import { testCommands } from "./test-commands.js";

/** What the user chose to record; `start` is called once sampling is on. Absent: wait for whatever starts. */
export interface Choice {
  readonly name: string;
  readonly start?: () => Promise<StartedProgram>;
}

interface ChoiceItem extends vscode.QuickPickItem {
  readonly choose?: () => Promise<Choice | undefined>;
}

/** Asks what to run, for when nothing runs in the workspace; undefined when the user cancels. */
export async function chooseWhatToRun(folders: readonly vscode.WorkspaceFolder[]): Promise<Choice | undefined> {
  const chosen = await vscode.window.showQuickPick(allItems(folders), {
    title: "Flameline: Nothing Runs in This Workspace Yet",
    placeHolder: "What shall run under the profiler?",
    matchOnDescription: true,
    // It comes a while after the click: a look at the editor meanwhile must not answer it.
    ignoreFocusOut: true,
  });
  return chosen?.choose?.();
}

async function allItems(folders: readonly vscode.WorkspaceFolder[]): Promise<ChoiceItem[]> {
  const tasks = await vscode.tasks.fetchTasks();
  return [
    { label: "$(terminal) Type a Command…", choose: () => typeCommand(folders) },
    {
      label: "$(watch) Wait for a Program",
      description: "records whatever starts in this workspace",
      choose: async () => ({ name: "workspace" }),
    },
    ...section("Tests and scripts", folders.flatMap(commandItems)),
    ...section(
      "Launch configurations",
      launchChoices().map((launch) => ({
        label: `$(debug-alt) ${launch.name}`,
        description: launch.folder.name,
        choose: async () => ({ name: launch.name, start: () => startLaunch(launch) }),
      })),
    ),
    ...section(
      "Tasks",
      tasks.map((task) => ({
        label: `$(tools) ${task.name}`,
        description: task.source,
        ...(task.detail === undefined ? {} : { detail: task.detail }),
        choose: async () => ({ name: task.name, start: () => startTask(task) }),
      })),
    ),
  ];
}

function section(label: string, items: ChoiceItem[]): ChoiceItem[] {
  return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
}

function commandItems(folder: vscode.WorkspaceFolder): ChoiceItem[] {
  const at = folder.uri.fsPath;
  return testCommands({ exists: (name) => existsSync(path.join(at, name)), scripts: scriptsOf(at) }).map(({ label, command }) => ({
    label: `$(beaker) ${label}`,
    description: folder.name,
    choose: async () => commandChoice(command, folder),
  }));
}

function scriptsOf(folder: string): string[] {
  try {
    const { scripts } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { scripts?: Record<string, string> };
    return Object.keys(scripts ?? {});
  } catch {
    return [];
  }
}

/** Asks for a command line; it runs in the folder of the active file, or in the first one. */
export async function typeCommand(folders: readonly vscode.WorkspaceFolder[], suggestion = ""): Promise<Choice | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder = (active && vscode.workspace.getWorkspaceFolder(active)) ?? folders[0];
  const command = await vscode.window.showInputBox({
    title: "Flameline: Run a Command under the Profiler",
    prompt: `Runs in ${folder?.uri.fsPath ?? "the workspace"}`,
    placeHolder: "for example: python3 app.py --once",
    value: suggestion,
    ignoreFocusOut: true,
  });
  return command === undefined || command.trim() === "" || folder === undefined ? undefined : commandChoice(command, folder);
}

function commandChoice(command: string, folder: vscode.WorkspaceFolder): Choice {
  return { name: command, start: () => startTask(commandTask(command, folder)) };
}
