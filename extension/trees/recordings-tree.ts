import * as vscode from "vscode";
import { DisposableStore } from "../disposable-store.js";
import type { KeptRecording, KeptRecordings } from "../recording/kept-recordings.js";
import type { RecordingSession } from "../recording/recording-session.js";
import { clock } from "../recording/status-text.js";

/** One row: the recording that runs, or a kept one. */
export type RecordingItem =
  | { readonly kind: "live"; readonly id: string; readonly name: string; readonly startUnixMs: number }
  | ({ readonly kind: "kept" } & KeptRecording);

/** The recordings of this workspace, the newest first. */
export class RecordingsTree implements vscode.TreeDataProvider<RecordingItem>, vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #changed = this.#held.add(new vscode.EventEmitter<void>());
  readonly #kept: KeptRecordings;
  readonly #session: RecordingSession;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(kept: KeptRecordings, session: RecordingSession) {
    this.#kept = kept;
    this.#session = session;
    this.#held.add(vscode.window.registerTreeDataProvider("flameline.recordings", this));
    this.#held.add(kept.onChanged(() => this.#changed.fire()));
    this.#held.add(session.onState(() => this.#changed.fire()));
  }

  async getChildren(parent?: RecordingItem): Promise<RecordingItem[]> {
    if (parent !== undefined) {
      return [];
    }
    this.#kept.wake();
    const { state } = this.#session;
    const live: RecordingItem[] =
      state.kind === "recording" ? [{ kind: "live", id: state.id, name: state.name, startUnixMs: state.startUnixMs }] : [];
    const kept = await this.#kept.list();
    return [...live, ...kept.filter(({ id }) => id !== live[0]?.id).map((each): RecordingItem => ({ kind: "kept", ...each }))];
  }

  getTreeItem(item: RecordingItem): vscode.TreeItem {
    const row = new vscode.TreeItem(item.name);
    row.id = `${item.kind}:${item.id}`;
    const when = new Date(item.startUnixMs);
    if (item.kind === "live") {
      row.contextValue = "liveRecording";
      row.description = `since ${when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
      row.iconPath = new vscode.ThemeIcon("record", new vscode.ThemeColor("charts.red"));
      row.tooltip = `${item.name}: recording`;
      return row;
    }
    const open = this.#kept.openId === item.id;
    row.contextValue = "recording";
    const length = item.interrupted ? "interrupted" : clock(item.durationNs / 1e6);
    row.description = `${whenText(when)} · ${length}${open ? " · open" : ""}`;
    row.iconPath = new vscode.ThemeIcon(open ? "flame" : "history");
    row.tooltip = `${item.name}\n${when.toLocaleString()}, ${length}, ${megabytes(item.bytes)} on disk`;
    row.command = { command: "flameline.openRecording", title: "Open", arguments: [item] };
    row.accessibilityInformation = { label: `Recording ${item.name}, ${row.description}` };
    return row;
  }

  dispose(): void {
    this.#held.dispose();
  }
}

function whenText(when: Date): string {
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return when.toDateString() === new Date().toDateString()
    ? time
    : `${when.toLocaleDateString([], { month: "short", day: "numeric" })} ${time}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
