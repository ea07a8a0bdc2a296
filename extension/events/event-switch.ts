import * as vscode from "vscode";
import type { EventName } from "../../protocol/events.js";
import type { ClientNotifications } from "../../protocol/language-server.js";
import { amount } from "../amount.js";
import { DisposableStore } from "../disposable-store.js";
import { WindowError } from "../failures.js";
import type { LanguageServer } from "../language-server-client.js";
import { EVENT_NAMES, isEvent, leftOutText, memoryText } from "./event-words.js";

type Change = ClientNotifications["flameline/changed"];

interface EventPick extends vscode.QuickPickItem {
  readonly event: EventName;
}

/** The one place that says which event all views show: a status bar item, and the commands that change it. */
export class EventSwitch implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #server: LanguageServer;
  readonly #item: vscode.StatusBarItem;
  #shown: Change | undefined;

  constructor(server: LanguageServer) {
    this.#server = server;
    this.#item = this.#held.add(vscode.window.createStatusBarItem("flameline.event", vscode.StatusBarAlignment.Left, 49));
    this.#item.name = "Flameline Event";
    this.#item.command = "flameline.showEvent";
    this.#held.add(server.onChanged((change) => this.#draw(change)));
  }

  /** Shows `wanted` in all views, or asks which. */
  async choose(wanted: unknown): Promise<void> {
    const shown = this.#server.running ? await this.#server.ask("flameline/summary", {}) : null;
    if (shown === null) {
      throw new WindowError({ kind: "nothing-open" });
    }
    const rows = shown.events.filter(({ samples }) => samples > 0);
    const picks = rows.map(({ event, unit, total }): EventPick => {
      const { short, question, icon } = EVENT_NAMES[event];
      const now = event === shown.selection.event ? " · shown" : "";
      return { event, label: `$(${icon}) ${short}`, description: `${amount(total, unit)}${now}`, detail: question };
    });
    const event = isEvent(wanted)
      ? wanted
      : (
          await vscode.window.showQuickPick(picks, {
            title: "Flameline: Show Event",
            placeHolder: "What lenses, heat, lists and graphs show",
          })
        )?.event;
    if (event !== undefined) {
      await this.#server.ask("flameline/select", { selection: { ...shown.selection, event } });
    }
  }

  /** Brings the waits of threads with nothing to do into all views, or leaves them out. */
  async toggleIdle(): Promise<void> {
    const shown = this.#server.running ? await this.#server.ask("flameline/summary", {}) : null;
    if (shown === null) {
      throw new WindowError({ kind: "nothing-open" });
    }
    const { idle = false, ...selection } = shown.selection;
    await this.#server.ask("flameline/select", { selection: idle ? selection : { ...selection, idle: true } });
  }

  dispose(): void {
    this.#held.dispose();
  }

  #draw(change: Change): void {
    const { recording, selection, events, leftOut } = change;
    const before = this.#shown;
    this.#shown = change;
    if (before?.selection.event !== selection.event) {
      void vscode.commands.executeCommand("setContext", "flameline.waits", selection.event === "off_cpu");
    }
    // With one event there is nothing to choose.
    if (recording === null || (events.length < 2 && events.includes(selection.event))) {
      this.#item.hide();
      return;
    }
    const { short, question, icon } = EVENT_NAMES[selection.event];
    const left = leftOut > 0 ? `\n${leftOutText(selection.event, leftOut)}` : "";
    const rows = selection.event === "memory" ? memoryText(change.memory ?? []) : [];
    const held = rows.length > 0 ? `\nMemory of processes over the recording's time:\n${rows.join("\n")}` : "";
    this.#item.text = `$(${icon}) ${short}`;
    this.#item.tooltip = `Flameline shows: ${question.toLowerCase()}. Click to show another event.${left}${held}`;
    this.#item.accessibilityInformation = { label: `Flameline event: ${short}`, role: "button" };
    this.#item.show();
  }
}
