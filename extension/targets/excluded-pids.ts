import * as vscode from "vscode";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { folderPaths } from "../folders.js";
import { editorPids } from "./editor-processes.js";

/** The pids of this window's VS Code and its extensions, among `processes`. */
export function excludedPids(processes: readonly ProcessListEntry[]): Set<number> {
  return editorPids(processes, {
    hostPid: process.pid,
    programFolders: [vscode.env.appRoot, ...vscode.extensions.all.map((extension) => extension.extensionPath)],
    workspaceFolders: folderPaths(),
  });
}
