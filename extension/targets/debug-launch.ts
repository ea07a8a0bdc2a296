import * as vscode from "vscode";
import type { StartedProgram } from "./started-program.js";

export interface LaunchChoice {
  readonly folder: vscode.WorkspaceFolder;
  readonly name: string;
}

/** The launch configurations of all folders, those that attach left out. */
export function launchChoices(): LaunchChoice[] {
  return (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => {
    const found = vscode.workspace.getConfiguration("launch", folder.uri).get<readonly vscode.DebugConfiguration[]>("configurations", []);
    return found.filter(({ request }) => request === "launch").map(({ name }) => ({ folder, name }));
  });
}

/** Runs a launch configuration without a debugger, which would be most of what is measured. */
export async function startLaunch({ folder, name }: LaunchChoice): Promise<StartedProgram> {
  const before = new Set<string>();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const started = vscode.debug.onDidStartDebugSession((session) => before.add(session.id));
  const terminated = vscode.debug.onDidTerminateDebugSession((session) => {
    before.delete(session.id);
    if (before.size === 0) {
      end();
    }
  });
  void ended.then(() => {
    started.dispose();
    terminated.dispose();
  });
  if (!(await vscode.debug.startDebugging(folder, name, { noDebug: true }))) {
    end();
    throw new Error(`The launch configuration “${name}” did not start: see the message of its debugger.`);
  }
  return { ended };
}
