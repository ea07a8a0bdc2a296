import * as path from "node:path";
import * as vscode from "vscode";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { folderPaths } from "../folders.js";
import { isInsideAny } from "./path-inside.js";

/** Between the two readings from which the CPU column is made. */
const MEASURE_MS = 500;

interface ProcessPick extends vscode.QuickPickItem {
  readonly pid: number;
}

/** Lets the user choose one of the processes that may be recorded; the busiest come first. */
export async function pickProcess(
  processes: () => Promise<readonly ProcessListEntry[]>,
  excluded: (list: readonly ProcessListEntry[]) => ReadonlySet<number>,
): Promise<number | undefined> {
  const list = measured(processes).then(({ now, busy }) => {
    const hidden = excluded(now);
    return now
      .filter((process) => !hidden.has(process.pid))
      .sort((a, b) => (busy.get(b.pid) ?? 0) - (busy.get(a.pid) ?? 0) || b.cpuNs - a.cpuNs)
      .map((process) => pickOf(process, busy.get(process.pid) ?? 0));
  });
  const chosen = await vscode.window.showQuickPick<ProcessPick>(list, {
    title: "Flameline: Profile Process",
    placeHolder: "Name, folder, command or pid",
    matchOnDescription: true,
    matchOnDetail: true,
    // It comes when the helper runs, maybe a while after the click.
    ignoreFocusOut: true,
  });
  return chosen?.pid;
}

/** Two readings of the list; `busy` is the share of one processor that each took in between. */
async function measured(processes: () => Promise<readonly ProcessListEntry[]>) {
  const before = new Map((await processes()).map(({ pid, cpuNs }) => [pid, cpuNs]));
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, MEASURE_MS));
  const now = await processes();
  const elapsedNs = (performance.now() - began) * 1e6;
  const busy = new Map(now.map(({ pid, cpuNs }) => [pid, Math.max(cpuNs - (before.get(pid) ?? cpuNs), 0) / elapsedNs]));
  return { now: [...now], busy };
}

function pickOf(process: ProcessListEntry, share: number): ProcessPick {
  const mine = isInsideAny(process.workingDirectory, folderPaths());
  return {
    pid: process.pid,
    label: `$(${mine ? "folder" : "circle-outline"}) ${process.name || path.basename(process.executable)}`,
    description: `${Math.round(share * 100)} % CPU · pid ${process.pid} · ${process.workingDirectory || "folder unknown"}`,
    detail: process.commandLine.join(" ").slice(0, 200),
  };
}
