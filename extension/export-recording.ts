import * as path from "node:path";
import * as vscode from "vscode";
import type { RecordingSummary } from "../protocol/queries.js";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";

const FORMATS = [
  { label: "pprof", format: "pprof", ending: ".pb.gz", detail: "Opens in go tool pprof, Pyroscope, Parca, speedscope and here." },
  {
    label: "Collapsed stacks",
    format: "collapsed",
    ending: ".folded",
    detail: "One line a stack: for flamegraph.pl, speedscope and scripts.",
  },
] as const;

/** Writes the open recording where the user says, in the chosen format. */
export async function exportRecording(server: LanguageServer): Promise<void> {
  const summary = server.running ? await server.ask("flameline/summary", {}) : null;
  if (summary === null) {
    throw new WindowError({ kind: "nothing-open" });
  }
  const chosen = await vscode.window.showQuickPick(FORMATS, { title: `Flameline: Export ${summary.name}`, placeHolder: "Format" });
  if (chosen === undefined) {
    return;
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${fileName(summary)}${chosen.ending}`;
  const target = await vscode.window.showSaveDialog({
    title: "Export",
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (target === undefined) {
    return;
  }
  await server.ask("flameline/export", {
    path: target.fsPath,
    format: chosen.format,
    selection: { event: summary.selection.event, idle: true },
  });
  const open = "Open";
  const answer = await vscode.window.showInformationMessage(`Exported to ${path.basename(target.fsPath)}.`, open);
  if (answer === open) {
    await vscode.commands.executeCommand("vscode.open", target);
  }
}

function fileName({ name, startUnixMs }: RecordingSummary): string {
  const when = startUnixMs === 0 ? "" : `-${new Date(startUnixMs).toISOString().replace(/[-:]|\.\d+/g, "")}`;
  return `${name.replace(/[^\w.-]+/g, "-").slice(0, 60)}${when}`;
}
