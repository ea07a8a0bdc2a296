/** What runs in the workspace: the same rule as the helper's, to know whether there is something to record. Pure. */
import * as path from "node:path";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { isInsideAny, scriptOf } from "./path-inside.js";

const SHELLS = new Set(["sh", "bash", "dash", "zsh", "fish", "ksh", "pwsh", "nu", "tmux: server", "tmux", "screen"]);

/** Processes of the workspace that do something; a shell that waits at its prompt is not one. */
export function workspaceProcesses(
  processes: readonly ProcessListEntry[],
  folders: readonly string[],
  excluded: ReadonlySet<number>,
): ProcessListEntry[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const belongs = (process: ProcessListEntry): boolean => {
    const script = scriptOf(process.commandLine, process.workingDirectory);
    if (isInsideAny(process.executable, folders) || isInsideAny(script, folders)) {
      return true;
    }
    const seen = new Set<number>();
    for (let each: ProcessListEntry | undefined = process; each !== undefined && !seen.has(each.pid); each = byPid.get(each.parentPid)) {
      seen.add(each.pid);
      if (!excluded.has(each.pid) && isInsideAny(each.workingDirectory, folders)) {
        return true;
      }
    }
    return false;
  };
  return processes.filter((process) => !excluded.has(process.pid) && !isIdleShell(process) && belongs(process));
}

/** Options of shells that take a file: VS Code starts its terminals with one. */
const SHELL_FILES = new Set(["--init-file", "--rcfile", "--init-command"]);

function isIdleShell(process: ProcessListEntry): boolean {
  const name = path.basename(process.executable) || process.name;
  const words = process.commandLine.slice(1).filter((_, index, all) => !SHELL_FILES.has(all[index - 1] ?? ""));
  return SHELLS.has(name) && words.every((word) => word.startsWith("-") && word !== "-c");
}
