/** What runs in the workspace: the same rule as the helper's, to know whether there is something to record. Pure. */
import type { ProcessListEntry } from "../../protocol/helper.js";
import { isIdleShell, scriptOf } from "./command-lines.js";
import { isInsideAny } from "./path-inside.js";

/** Processes of the workspace that do something; a shell that waits at its prompt is not one. */
export function workspaceProcesses(
  processes: readonly ProcessListEntry[],
  folders: readonly string[],
  excluded: ReadonlySet<number>,
): ProcessListEntry[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const belongs = (process: ProcessListEntry): boolean => {
    const script = scriptOf(process);
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
