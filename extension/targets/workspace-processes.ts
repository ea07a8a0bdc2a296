/** What runs in the workspace: the same rule as the helper's, to know whether there is something to record. Pure. */
import type { ProcessListEntry } from "../../protocol/helper.js";
import { isIdleShell, scriptOf } from "./command-lines.js";
import { isInsideAny } from "./path-inside.js";

/**
 * Processes of the workspace that do something; a shell that waits at its prompt is not one. Below a process of `excludedTrees` only programs
 * of the workspace count, not those that merely run there.
 */
export function workspaceProcesses(
  processes: readonly ProcessListEntry[],
  folders: readonly string[],
  excluded: ReadonlySet<number>,
  excludedTrees: ReadonlySet<number> = new Set(),
): ProcessListEntry[] {
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const holdsProgram = (process: ProcessListEntry): boolean =>
    !excluded.has(process.pid) && (isInsideAny(process.executable, folders) || isInsideAny(scriptOf(process), folders));
  const belongs = (process: ProcessListEntry): boolean => {
    const line = lineage(process, byPid);
    const tree = line.findIndex(({ pid }) => excludedTrees.has(pid));
    if (holdsProgram(process) || tree >= 0) {
      return line.slice(0, Math.max(tree, 1)).some(holdsProgram);
    }
    return line.some(({ pid, workingDirectory }) => !excluded.has(pid) && isInsideAny(workingDirectory, folders));
  };
  return processes.filter((process) => !excluded.has(process.pid) && !isIdleShell(process) && belongs(process));
}

/** A process and its ancestors, nearest first. */
function lineage(process: ProcessListEntry, byPid: ReadonlyMap<number, ProcessListEntry>): ProcessListEntry[] {
  const line: ProcessListEntry[] = [];
  for (let each: ProcessListEntry | undefined = process; each !== undefined && !line.includes(each); each = byPid.get(each.parentPid)) {
    line.push(each);
  }
  return line;
}
