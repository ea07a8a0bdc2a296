import * as vscode from "vscode";
import type { ShownRecording } from "../protocol/language-server.js";
import type { TimeRange } from "../protocol/queries.js";
import { DisposableStore } from "./disposable-store.js";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";
import type { KeptRecordings } from "./recording/kept-recordings.js";
import type { RecordingItem } from "./trees/recordings-tree.js";

interface BaselinePick extends vscode.QuickPickItem {
  /** What is to be compared with; undefined where the user went no further. */
  readonly choose: () => Promise<({ readonly path: string } & TimeRange) | undefined>;
}

/** Compares what is shown with another recording: the commands, and the status bar item that says so. */
export class Comparison implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #server: LanguageServer;
  readonly #kept: KeptRecordings;
  readonly #item: vscode.StatusBarItem;

  constructor(server: LanguageServer, kept: KeptRecordings) {
    this.#server = server;
    this.#kept = kept;
    this.#item = this.#held.add(vscode.window.createStatusBarItem("flameline.baseline", vscode.StatusBarAlignment.Left, 48));
    this.#item.name = "Flameline Baseline";
    this.#item.command = "flameline.stopComparing";
    this.#held.add(server.onChanged(({ baseline }) => this.#draw(baseline)));
  }

  /** Compares with a row of the list of recordings, or asks with what. Answers whether the user chose something. */
  async choose(item: unknown, chooseFile: () => Promise<vscode.Uri | undefined>): Promise<boolean> {
    const shown = this.#server.running ? await this.#server.ask("flameline/summary", {}) : null;
    if (shown === null) {
      throw new WindowError({ kind: "nothing-open" });
    }
    const wanted = item === undefined ? await this.#ask(shown, chooseFile) : await this.#folder((item as RecordingItem).id);
    if (wanted === undefined) {
      return false;
    }
    await this.#server.ask("flameline/compare", wanted);
    return true;
  }

  async stop(): Promise<void> {
    await this.#server.ask("flameline/compare", { path: null });
  }

  dispose(): void {
    this.#held.dispose();
  }

  async #ask(shown: ShownRecording, chooseFile: () => Promise<vscode.Uri | undefined>) {
    const kept = await this.#kept.list();
    const rows = kept
      .filter(({ id }) => id !== shown.id)
      .map(({ id, name, startUnixMs }): BaselinePick => {
        const description = new Date(startUnixMs).toLocaleString();
        return { label: `$(history) ${name}`, description, choose: () => this.#folder(id) };
      });
    const file = async () => {
      const uri = await chooseFile();
      return uri && { path: uri.fsPath };
    };
    const picks: BaselinePick[] = [
      ...rows,
      { label: "$(folder-opened) A Profile File…", choose: file },
      { label: "$(clock) A Part of This Recording…", choose: () => this.#part(shown) },
    ];
    const title = `Flameline: Compare “${shown.name}” with…`;
    return (await vscode.window.showQuickPick(picks, { title, placeHolder: "The baseline: what was before" }))?.choose();
  }

  async #folder(id: string): Promise<{ path: string }> {
    const path = await this.#kept.folderOf(id);
    if (path === undefined) {
      throw new Error("This recording is gone from the disk.");
    }
    return { path };
  }

  /** Two ranges of one recording: the first is the baseline, the second is what all views show. */
  async #part(shown: ShownRecording): Promise<({ path: string } & TimeRange) | undefined> {
    const half = Math.floor(shown.durationNs / 2e9);
    const base = await askRange("The baseline", `0-${half}`);
    const next = base && (await askRange("What it is compared with", `${half}-${Math.floor(shown.durationNs / 1e9)}`));
    if (base === undefined || next === undefined) {
      return undefined;
    }
    await this.#server.ask("flameline/select", { selection: { ...shown.selection, ...next } });
    return { path: shown.id, ...base };
  }

  #draw(baseline: string | null): void {
    void vscode.commands.executeCommand("setContext", "flameline.comparing", baseline !== null);
    if (baseline === null) {
      this.#item.hide();
      return;
    }
    this.#item.text = `$(diff) ${baseline}`;
    this.#item.tooltip = `Flameline shows the difference from “${baseline}”. Click to stop comparing.`;
    this.#item.accessibilityInformation = { label: `Flameline compares with ${baseline}: stop comparing`, role: "button" };
    this.#item.show();
  }
}

async function askRange(what: string, value: string): Promise<{ fromNs: number; toNs: number } | undefined> {
  const text = await vscode.window.showInputBox({
    title: "Flameline: Compare Two Parts",
    prompt: `${what}: from and to, in seconds since the recording's start.`,
    value,
    validateInput: (typed) => (rangeOf(typed) === undefined ? "Type two times in seconds, as 2-10.5." : undefined),
  });
  return text === undefined ? undefined : rangeOf(text);
}

function rangeOf(text: string): { fromNs: number; toNs: number } | undefined {
  const [, from, to] = /^\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  const range = { fromNs: Number(from) * 1e9, toNs: Number(to) * 1e9 };
  return range.toNs > range.fromNs ? range : undefined;
}
