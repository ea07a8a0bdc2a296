import * as vscode from "vscode";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";
import { plainMessage } from "./plain-message.js";

/** A person waits for it; the command takes `--budget`. */
const SECONDS = 180;

/** Proves one of a document's fixes: what the light bulb calls. It runs the user's code, so never in a folder that isn't trusted. */
export async function proveFix(server: LanguageServer, uri: unknown, fix: unknown): Promise<void> {
  if (typeof uri !== "string" || typeof fix !== "string") {
    return;
  }
  if (!vscode.workspace.isTrusted) {
    throw new WindowError({ kind: "untrusted-proof" });
  }
  const proof = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Flameline: Proving the Fix", cancellable: true },
    async (progress, cancelled) => {
      let before = 0;
      const listening = server.onProving(({ fix: proved, phrase, part }) => {
        if (proved === fix) {
          progress.report({ message: phrase, increment: 100 * (part - before) });
          before = part;
        }
      });
      try {
        return await server.ask("flameline/prove", { uri, fix, seconds: SECONDS }, cancelled);
      } catch (error) {
        if (cancelled.isCancellationRequested) {
          return undefined;
        }
        throw error;
      } finally {
        listening.dispose();
      }
    },
  );
  if (proof === undefined) {
    return;
  }
  const { verdict, speedup, safety, reason } = proof;
  const tried = safety.tried.length === 0 ? "" : ` Tried: ${safety.tried.join("; ")}.`;
  if (speedup !== undefined && verdict === "proved") {
    const interval = `${speedup.median.toFixed(2)} times as fast (${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`;
    void vscode.window.showInformationMessage(plainMessage(`Proved: it behaves the same and is ${interval}.${tried}`));
  } else {
    void vscode.window.showWarningMessage(plainMessage(`The fix is not proved. ${reason ?? ""}${tried}`));
  }
}
