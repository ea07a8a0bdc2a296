import * as vscode from "vscode";
import { DisposableStore } from "../disposable-store.js";
import type { LanguageServer } from "../language-server-client.js";
import { showItem } from "../status-item.js";

/** Says in the status bar that all views show a part of the time only, and shows all of it again. */
export class RangeItem implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #server: LanguageServer;

  constructor(server: LanguageServer) {
    this.#server = server;
    const item = this.#held.add(vscode.window.createStatusBarItem("flameline.range", vscode.StatusBarAlignment.Left, 48.5));
    item.name = "Flameline Range of Time";
    item.command = "flameline.showAllTime";
    this.#held.add(
      server.onChanged(({ range = "" }) => {
        const tooltip = `Flameline shows ${range} of the recording. Click to show all of the time.`;
        showItem(item, range === "" ? undefined : { text: `$(clock) ${range}`, tooltip });
        void vscode.commands.executeCommand("setContext", "flameline.range", range !== "");
      }),
    );
  }

  /** All of the time again, in all views. */
  async clear(): Promise<void> {
    const shown = this.#server.running ? await this.#server.ask("flameline/summary", {}) : null;
    if (shown === null) return;
    const { fromNs: _from, toNs: _to, ...selection } = shown.selection;
    await this.#server.ask("flameline/select", { selection });
  }

  dispose(): void {
    this.#held.dispose();
  }
}
