import * as path from "node:path";
import * as vscode from "vscode";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { folderPaths } from "../folders.js";
import { editorPids } from "./editor-processes.js";
import { isInsideAny } from "./path-inside.js";

/** The pids of this window's VS Code, its extensions and the helper, among `processes`. */
export function excludedPids(processes: readonly ProcessListEntry[], helperPid: number): Set<number> {
  return editorPids(processes, {
    hostPid: process.pid,
    helperPid,
    programFolders: [vscode.env.appRoot, ...vscode.extensions.all.map((extension) => extension.extensionPath)],
    workspaceFolders: folderPaths(),
  });
}

/**
 * Folders of the tools that VS Code brings along, say the one that searches files: every window starts them in the workspace's folder, at any
 * time. Its own node lies elsewhere, and may run a program of the user's.
 */
export function ownPrograms(): string[] {
  return ["node_modules", "node_modules.asar.unpacked"]
    .map((name) => path.join(vscode.env.appRoot, name))
    .filter((folder) => !isInsideAny(folder, folderPaths()));
}
