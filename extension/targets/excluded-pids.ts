import * as vscode from "vscode";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { folderPaths } from "../folders.js";
import { editorPids } from "./editor-processes.js";

/** The pids of this window's VS Code, its extensions and the helper, among `processes`. */
export function excludedPids(processes: readonly ProcessListEntry[], helperPid: number): Set<number> {
  return editorPids(processes, {
    hostPid: process.pid,
    helperPid,
    programFolders: [vscode.env.appRoot, ...vscode.extensions.all.map((extension) => extension.extensionPath)],
    workspaceFolders: folderPaths(),
  });
}
