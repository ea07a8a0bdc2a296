import * as vscode from "vscode";
import type { ClientNotifications } from "../../protocol/language-server.js";
import { DisposableStore } from "../disposable-store.js";
import type { LanguageServer } from "../language-server-client.js";
import type { RecordingSession } from "./recording-session.js";
import { showItem } from "../status-item.js";
import { statusText } from "./status-text.js";

/** Shows what is being recorded; a click stops. Ticks only while something is recorded. */
export class StatusBar implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #session: RecordingSession;
  readonly #item: vscode.StatusBarItem;
  #timer: NodeJS.Timeout | undefined;
  #change: ClientNotifications["flameline/changed"] | undefined;

  constructor(session: RecordingSession, server: LanguageServer) {
    this.#session = session;
    this.#item = this.#held.add(vscode.window.createStatusBarItem("flameline.status", vscode.StatusBarAlignment.Left, 50));
    this.#item.name = "Flameline";
    this.#item.command = "flameline.stop";
    this.#held.add(session.onState(() => this.#draw()));
    this.#held.add(
      server.onChanged((change) => {
        this.#change = change;
        this.#draw();
      }),
    );
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#held.dispose();
  }

  #draw(): void {
    const { state } = this.#session;
    const shown = statusText(state, this.#change, Date.now());
    if (state.kind === "recording") {
      this.#timer ??= setInterval(() => this.#draw(), 1000);
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    showItem(this.#item, shown);
  }
}
