import * as path from "node:path";
import * as vscode from "vscode";

/** Absolute paths of the workspace folders on this machine. */
export function folderPaths(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
}

/** The folder of the bundles and of the helper. */
export function distFolder(extensionPath: string): string {
  return path.join(extensionPath, "dist");
}
