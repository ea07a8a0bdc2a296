import * as vscode from "vscode";
import { WindowError } from "../failures.js";
import type { LanguageServer } from "../language-server-client.js";
import { noteFix } from "../roll-back-fix.js";
import { setting } from "../settings.js";
import { parseProposal, promptFor } from "./proposal-text.js";

/** A person waits for it. */
const PROOF_SECONDS = 180;
/** Longer functions are no one change's. */
const MOST_TEXT = 40_000;

/**
 * Asks a language model of the user's for a faster version of the hot function at the cursor, and proves what it proposes like any fix. Nothing is sent before
 * the setting is on and the user has said yes, and nothing is changed before they have seen the proof and the change.
 */
export async function proposeChange(server: LanguageServer): Promise<void> {
  if (!setting("languageModel.proposals")) throw new WindowError({ kind: "model-off" });
  if (!vscode.workspace.isTrusted) throw new WindowError({ kind: "untrusted-proof" });
  const editor = vscode.window.activeTextEditor;
  const at = editor && { uri: editor.document.uri.toString(), line: editor.selection.active.line };
  const found = at === undefined || !server.running ? null : await server.ask("flameline/functionAt", at);
  if (editor === undefined || at === undefined || found === null) throw new WindowError({ kind: "no-hot-function" });
  if (found.fixes > 0) throw new WindowError({ kind: "has-a-fix", name: found.subject });
  const { document } = editor;
  const { version } = document;
  if (found.text.length > MOST_TEXT) throw new WindowError({ kind: "no-hot-function" });
  const [model] = await vscode.lm.selectChatModels();
  if (model === undefined) throw new WindowError({ kind: "no-model" });
  const lines = found.text.split("\n").length;
  const detail = `Its ${lines} lines and its share of the recording go to ${model.vendor}. What it proposes is run and proved in a copy of the workspace; you see it before anything changes.`;
  const yes = await vscode.window.showInformationMessage(
    `Ask ${model.name} for a faster ${found.subject}?`,
    { modal: true, detail },
    "Ask",
  );
  if (yes === undefined) return;

  const title = `Change of ${found.subject} that ${model.name} proposes`;
  const answer = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Flameline: Asking ${model.name}, and Proving`, cancellable: true },
    async (_, cancelled) => {
      const prompt = [vscode.LanguageModelChatMessage.User(promptFor(found))];
      const response = await model.sendRequest(prompt, { justification: "To propose a faster version of a hot function." }, cancelled);
      let text = "";
      for await (const part of response.text) {
        text += part;
        if (text.length > 4 * MOST_TEXT) break;
      }
      const changes = parseProposal(text);
      if (cancelled.isCancellationRequested || changes.length === 0) return undefined;
      return server.ask(
        "flameline/proveChange",
        { uri: at.uri, subject: found.subject, changes, title, seconds: PROOF_SECONDS },
        cancelled,
      );
    },
  );
  if (answer === undefined) {
    void vscode.window.showInformationMessage(`${model.name} proposed no change of ${found.subject}.`);
    return;
  }
  const { proof, fix, edits } = answer;
  if (proof.verdict !== "proved" || proof.speedup === undefined) {
    void vscode.window.showWarningMessage(
      `What ${model.name} proposed is not proved (${proof.verdict}) and was thrown away. ${proof.reason ?? ""}`,
    );
    return;
  }
  const { median, low, high } = proof.speedup;
  const told = `Proposed by ${model.name}, and proved: it behaves the same and is ${median.toFixed(2)} times as fast (${low.toFixed(2)} to ${high.toFixed(2)}).`;
  if ((await vscode.window.showInformationMessage(told, "Show Change")) === undefined) return;
  if (document.version !== version) throw new WindowError({ kind: "text-changed" });
  const change = new vscode.WorkspaceEdit();
  const metadata = { label: title, description: told, needsConfirmation: true };
  for (const { range, newText } of edits) {
    change.replace(
      document.uri,
      new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character),
      newText,
      metadata,
    );
  }
  if (await vscode.workspace.applyEdit(change)) await noteFix(server, at.uri, [fix]);
}
