/** Which processes are VS Code's own, so that a recording of the workspace leaves them out. Pure. */
import type { ProcessListEntry } from "../../protocol/helper.js";
import { scriptOf } from "./command-lines.js";
import { isInsideAny } from "./path-inside.js";

export interface EditorPlace {
  /** Pid of the extension host. */
  readonly hostPid: number;
  /** Pid of the recording helper, which may be root's and not in the list; its symbolizer is its child. */
  readonly helperPid: number;
  /** Folders of VS Code itself and of the extensions. */
  readonly programFolders: readonly string[];
  readonly workspaceFolders: readonly string[];
}

/** Options with which a program that the editor starts serves a language instead of doing the user's work. */
const SERVES_A_LANGUAGE = /^(--stdio|--node-ipc|--clientProcessId=?.*|--useNodeIpc|--pipe=.*|--socket=.*|lsp|language-server|langserver)$/;

/**
 * The extension host, its ancestors up to VS Code's first process, and what these started that is VS Code's too
 * (other hosts, watchers, language servers). It never looks below a shell or another foreign process: terminals,
 * tasks and debuggees are the user's, also where they run the same node as VS Code does.
 *
 *     sh …/bin/code-server ─ node server ─┬─ node extension host ─┬─ node language server   (ours)
 *        (ours)               (ours)      │     (ours)            └─ python adapter → app   (the user's)
 *                                         └─ node pty host ─ bash ─ node app.js             (bash and below: the user's)
 */
export function editorPids(processes: readonly ProcessListEntry[], place: EditorPlace): Set<number> {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const own = new Set([place.hostPid, place.helperPid]);
  const host = byPid.get(place.hostPid);
  if (host === undefined) {
    return own;
  }
  let top = host;
  for (;;) {
    const parent = byPid.get(top.parentPid);
    if (parent === undefined || own.has(parent.pid) || !isEditor(parent, host, place)) {
      break;
    }
    own.add(parent.pid);
    top = parent;
  }
  for (let grown = 0; grown < own.size; ) {
    grown = own.size;
    for (const process of processes) {
      if (own.has(process.parentPid) && isEditor(process, host, place)) {
        own.add(process.pid);
      }
    }
  }
  return own;
}

function isEditor(process: ProcessListEntry, host: ProcessListEntry, place: EditorPlace): boolean {
  const script = scriptOf(process);
  const ours = (file: string) => isInsideAny(file, place.programFolders) && !isInsideAny(file, place.workspaceFolders);
  if (process.commandLine.some((argument) => SERVES_A_LANGUAGE.test(argument))) {
    return true;
  }
  if (process.executable === host.executable) {
    // Electron's helpers have no script; a debuggee or a tool that is run by the same node has one of its own.
    return script === "" || ours(script) || /\/(code-server|vscode|bootstrap-fork|server-main)\b/.test(script);
  }
  return ours(process.executable) || ours(script);
}
