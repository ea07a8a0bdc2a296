import * as vscode from "vscode";
import type { RecordingSummary } from "../../protocol/queries.js";
import { RecordingStore } from "../../recorder/storage.js";
import { DisposableStore } from "../disposable-store.js";
import type { LanguageServer } from "../language-server-client.js";
import { setting } from "../settings.js";
import { ViewMemory } from "./view-memory.js";
import { plainMessage } from "../plain-message.js";

export interface KeptRecording {
  readonly id: string;
  readonly name: string;
  readonly startUnixMs: number;
  readonly durationNs: number;
  readonly bytes: number;
  /** The window or the helper ended before the recording did; what was taken until then is there. */
  readonly interrupted: boolean;
}

/** Where the recording that was open before a reload is remembered. */
const OPEN_KEY = "flameline.open";

/** The recordings on disk, and which recording or file is open. */
export class KeptRecordings implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #changed = this.#held.add(new vscode.EventEmitter<void>());
  readonly #storage: string;
  readonly #server: LanguageServer;
  readonly #memory: vscode.Memento;
  readonly #log: vscode.LogOutputChannel;
  readonly #views: ViewMemory;
  #openId: string | undefined;
  #awake = false;
  /** Settles when what was open before is open again: a recording that begins must not be replaced by it. */
  reopening: Promise<void> = Promise.resolve();
  readonly onChanged = this.#changed.event;

  constructor(storage: string, server: LanguageServer, memory: vscode.Memento, log: vscode.LogOutputChannel) {
    this.#storage = storage;
    this.#server = server;
    this.#memory = memory;
    this.#log = log;
    this.#views = new ViewMemory(server, memory);
    this.#held.add(server.onChanged((change) => void this.#views.changed(change).catch(() => undefined)));
  }

  /** The id of the open recording; undefined for a file that is none of ours, or where nothing is open. */
  get openId(): string | undefined {
    return this.#openId;
  }

  store(): RecordingStore {
    return new RecordingStore(this.#storage, setting("storage.limitMegabytes") * 1e6);
  }

  async list(): Promise<KeptRecording[]> {
    const stored = await this.store().list();
    return stored
      .filter(({ meta }) => meta.state !== "recording")
      .map(({ meta, bytes }) => ({
        id: meta.id,
        name: meta.name,
        startUnixMs: meta.startedUnixMs,
        durationNs: meta.durationNs,
        bytes,
        interrupted: meta.state === "interrupted",
      }));
  }

  async folderOf(id: string): Promise<string | undefined> {
    return (await this.store().get(id))?.folder;
  }

  /** Opens a profile file, or a kept recording's folder. One that was interrupted is finished by the server as it opens. */
  async open(path: string, id?: string): Promise<RecordingSummary> {
    const summary = await this.openAgain(path, id);
    this.tell(path, summary);
    return summary;
  }

  /** What reading it gave to say. */
  tell(path: string, summary: RecordingSummary): void {
    for (const warning of summary.warnings) {
      this.#log.warn(`${path}: ${warning}`);
    }
    if (summary.warnings.length > 0) {
      const more = summary.warnings.length > 1 ? ` (and ${summary.warnings.length - 1} more)` : "";
      void vscode.window
        .showWarningMessage(plainMessage(`${summary.warnings[0]}${more}`), "Show Log")
        .then((chosen) => chosen && this.#log.show());
    }
  }

  /** Opens what was open before in this window: its warnings have been read. */
  async openAgain(path: string, id?: string): Promise<RecordingSummary> {
    const summary = await this.#views.opened(() => this.#server.ask("flameline/open", { path }));
    await this.nowOpen(path, id);
    return summary;
  }

  /** The first use of anything in this window brings back what was open before. */
  wake(): void {
    if (!this.#awake) {
      this.#awake = true;
      void this.reopen();
    }
  }

  /** Opens again what was open before the window was reloaded or the server crashed; quiet where that is gone. */
  reopen(): Promise<void> {
    this.reopening = this.#reopen();
    return this.reopening;
  }

  async #reopen(): Promise<void> {
    const path = this.#memory.get<string>(OPEN_KEY);
    if (path === undefined) {
      return;
    }
    try {
      const kept = (await this.store().list()).find(({ folder }) => folder === path);
      await this.open(path, kept?.meta.id);
    } catch (error) {
      this.#log.info(`not opened again: ${String(error)}`);
      await this.nothingOpen();
    }
  }

  /** What is shown from now on; remembered at once, because a reload can come at any time. */
  async nowOpen(path: string, id: string | undefined): Promise<void> {
    this.#openId = id;
    await this.#memory.update(OPEN_KEY, path);
    void vscode.commands.executeCommand("setContext", "flameline.hasRecording", true);
    this.#changed.fire();
  }

  async nothingOpen(): Promise<void> {
    this.#openId = undefined;
    await this.#memory.update(OPEN_KEY, undefined);
    void vscode.commands.executeCommand("setContext", "flameline.hasRecording", false);
    this.#changed.fire();
  }

  changed(): void {
    this.#changed.fire();
  }

  async rename(id: string, name: string): Promise<void> {
    await this.store().rename(id, name);
    this.#changed.fire();
  }

  async forget(id: string): Promise<void> {
    await this.store().delete(id);
    if (this.#openId === id) {
      await this.nothingOpen();
    }
    this.#changed.fire();
  }

  /** Deletes the oldest unnamed recordings above the limit, and says which. */
  async enforceLimit(): Promise<void> {
    const removed = await this.store().enforceLimit();
    if (removed.length > 0) {
      const names = removed.map(({ meta }) => meta.name).join(", ");
      void vscode.window.showInformationMessage(
        plainMessage(
          `Recordings took more than ${setting("storage.limitMegabytes")} MB: deleted the oldest without a name (${names}). Rename a recording to keep it.`,
        ),
      );
    }
  }

  dispose(): void {
    this.#held.dispose();
  }
}
