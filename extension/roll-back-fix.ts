import * as vscode from "vscode";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";
import { plainMessage } from "./plain-message.js";

/** Fixes of a document were made, all at once: what they gain is told once the program was recorded again. */
export async function noteFix(server: LanguageServer, uri: unknown, fixes: readonly unknown[]): Promise<void> {
  if (typeof uri === "string" && fixes.every((fix) => typeof fix === "string")) {
    await server.ask("flameline/fixApplied", { uri, fixes });
  }
}

/** Takes out the fix at a line (0-based) of a document, by default where the cursor is. Throws a {@link WindowError} where there is none. */
export async function rollBackFix(server: LanguageServer, uri: unknown, line: unknown): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const [target, at] =
    typeof uri === "string" && typeof line === "number"
      ? [vscode.Uri.parse(uri), line]
      : [editor?.document.uri, editor?.selection.active.line ?? 0];
  const found =
    target === undefined || !server.running ? null : await server.ask("flameline/rollBack", { uri: target.toString(), line: at });
  if (target === undefined || found === null) {
    throw new WindowError({ kind: "no-fix-here" });
  }
  const change = new vscode.WorkspaceEdit();
  for (const { range, newText } of found.edits) {
    change.replace(target, new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character), newText);
  }
  await vscode.workspace.applyEdit(change);
  void vscode.window.showInformationMessage(plainMessage(`Rolled back: ${found.title}.`));
}
