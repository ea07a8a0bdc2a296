import * as vscode from "vscode";
import { programFiles } from "../recorder/helper-file.js";
import type { LanguageServer } from "./language-server-client.js";
import { distFolder } from "./folders.js";

/** Opens a text with what this machine can record and what is missing, to read and to paste into a report. */
export async function openDoctorReport(extension: vscode.Extension<unknown>, server: LanguageServer): Promise<void> {
  const content = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Flameline: examining this machine" },
    () => report(extension, server),
  );
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: "plaintext" }), { preview: false });
}

async function report(extension: vscode.Extension<unknown>, server: LanguageServer): Promise<string> {
  const { examine, reportText } = await import("../recorder/doctor.js");
  const { version } = extension.packageJSON as { version: string };
  const program = `Flameline ${version} in VS Code ${vscode.version} on ${process.platform} ${process.arch}`;
  const { helperPath } = programFiles(distFolder(extension.extensionPath));
  const findings = [...(await examine({ helperPath, program }))];
  // Only where a recording is open already: the doctor must work when nothing else does.
  if (server.running) {
    const { findings: ofServer } = await server.ask("flameline/diagnose", {});
    findings.push(...ofServer.map((finding) => ({ id: "recording", ...finding })));
  }
  return reportText(program, findings);
}
