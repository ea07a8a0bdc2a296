import * as path from "node:path";
import * as vscode from "vscode";
import type { ExportFormat } from "../protocol/language-server.js";
import type { RecordingSummary } from "../protocol/queries.js";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";
import { plainMessage } from "./plain-message.js";

const FORMATS = [
  { label: "pprof", format: "pprof", ending: ".pb.gz", detail: "Opens in go tool pprof, Pyroscope, Parca, speedscope and here." },
  {
    label: "Collapsed stacks",
    format: "collapsed",
    ending: ".folded",
    detail: "One line a stack of the shown event: for flamegraph.pl, speedscope and scripts.",
  },
  {
    label: "speedscope",
    format: "speedscope",
    ending: ".speedscope.json",
    detail: "A profile for each event and thread, for speedscope.app.",
  },
  {
    label: "CPU profile",
    format: "cpuprofile",
    ending: ".cpuprofile",
    detail: "The shown event, for Chrome's DevTools and VS Code's own viewer.",
  },
  { label: "Web page", format: "html", ending: ".html", detail: "The flame graph as one file that opens in any browser, without VS Code." },
] as const satisfies readonly { label: string; format: ExportFormat; ending: string; detail: string }[];

/** Writes the open recording where the user says, in the chosen format; `assets` is the folder of the flame graph's script. */
export async function exportRecording(server: LanguageServer, assets: string): Promise<void> {
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
    assets,
  });
  const open = "Open";
  const answer = await vscode.window.showInformationMessage(plainMessage(`Exported to ${path.basename(target.fsPath)}.`), open);
  if (answer === open) {
    // A page is to be seen, not read.
    if (chosen.format === "html") await vscode.env.openExternal(target);
    else await vscode.commands.executeCommand("vscode.open", target);
  }
}

function fileName({ name, startUnixMs }: RecordingSummary): string {
  const when = startUnixMs === 0 ? "" : `-${new Date(startUnixMs).toISOString().replace(/[-:]|\.\d+/g, "")}`;
  return `${name.replace(/[^\w.-]+/g, "-").slice(0, 60)}${when}`;
}
