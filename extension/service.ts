import * as path from "node:path";
import * as vscode from "vscode";
import { shellQuote } from "../recorder/commands.js";
import { WindowError } from "./failures.js";
import { distFolder } from "./folders.js";

/** Installs or removes the service for all users of this machine, by the command in a terminal: there sudo asks, and what was done stays to be read. */
export function changeServiceInTerminal(extension: vscode.Extension<unknown>, change: "install" | "uninstall"): void {
  if (!vscode.workspace.isTrusted) {
    throw new WindowError({ kind: "untrusted" });
  }
  const command = [process.execPath, path.join(distFolder(extension.extensionPath), "flameline.js"), "helper", change];
  // In a workspace's folder a shell could find programs of the workspace first.
  const terminal = vscode.window.createTerminal({ name: "Flameline Service", cwd: "/" });
  terminal.show();
  // VS Code's own program runs JavaScript only when it is told to.
  terminal.sendText(`ELECTRON_RUN_AS_NODE=1 ${command.map(shellQuote).join(" ")}`);
}
