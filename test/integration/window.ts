/** What several tests in the window need. */
import * as assert from "node:assert";
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import * as vscode from "vscode";
import { LanguageServer } from "../../extension/language-server-client.js";
import { KeptRecordings } from "../../extension/recording/kept-recordings.js";
import { encodePprof } from "../../profile/formats/pprof.js";
import { Recording } from "../../profile/recording.js";
import { batchFromStacks, type ColumnOptions } from "../support/profile-text.js";

/** Waits until `look` finds something. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  for (const end = Date.now() + limitMs; ; ) {
    const found = await look();
    if (found !== undefined && found !== false) {
      return found;
    }
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A window that came up before its server could read files has taken its workspace's file for an empty one, and reads it again when it changes. */
export async function folderIsOpen(): Promise<void> {
  const isOpen = () => (vscode.workspace.workspaceFolders?.length ?? 0) > 0;
  try {
    await until("the folder", isOpen, 3000);
  } catch {
    const file = vscode.workspace.workspaceFile?.fsPath;
    assert.ok(file !== undefined, "a workspace's file is open");
    appendFileSync(file, "\n");
    await until("the folder of the workspace's file that was written again", isOpen);
  }
}

export function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension("flameline.flameline");
  assert.ok(found, "the extension is installed");
  return found;
}

export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder !== undefined, "a folder is open");
  return folder;
}

/** `app.py` of the fixture, open in an editor. */
export async function openApp(): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(path.join(workspaceFolder(), "app.py"));
  return vscode.window.showTextDocument(document);
}

/** Writes a profile that was taken now, `profiles/NAME.pb.gz` in the workspace, and answers its path. */
export function profileOf(name: string, stacks: Parameters<typeof batchFromStacks>[0], options: ColumnOptions = {}): string {
  const recording = Recording.fromStarted(
    { type: "started", recording: 1, startUnixNs: `${Date.now() + 1000}000000`, hz: 99, events: ["cpu"] },
    name,
  );
  recording.append(batchFromStacks(stacks, options));
  const file = path.join(workspaceFolder(), "profiles", `${name}.pb.gz`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, gzipSync(encodePprof(recording)));
  return file;
}

/** Titles of the lenses of a document, in order; those of no Flameline are left out. */
export async function lensesOf(document: vscode.TextDocument): Promise<string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 100);
  return lenses.flatMap(({ command, range }) =>
    command?.title.includes("total") === true ? [`${range.start.line + 1}: ${command.title}`] : [],
  );
}

type Dialog =
  | "showErrorMessage"
  | "showInformationMessage"
  | "showWarningMessage"
  | "showOpenDialog"
  | "showQuickPick"
  | "showSaveDialog"
  | "showInputBox";

/** Answers a dialog in the user's place while `deed` runs; gives what the last one was asked with. */
export async function stubbed<A extends never[]>(dialog: Dialog, answer: (...args: A) => unknown, deed: () => unknown): Promise<unknown[]> {
  // The extension's own `vscode` is this very object.
  const window = vscode.window as unknown as Record<Dialog, unknown>;
  const real = window[dialog];
  let asked: unknown[] = [];
  window[dialog] = async (...args: A) => {
    asked = args;
    return answer(...args);
  };
  try {
    await deed();
  } finally {
    window[dialog] = real;
  }
  return asked;
}

class Memory implements vscode.Memento {
  readonly #values = new Map<string, unknown>();
  keys(): readonly string[] {
    return [...this.#values.keys()];
  }
  get<T>(key: string, otherwise?: T): T | undefined {
    return (this.#values.get(key) as T | undefined) ?? otherwise;
  }
  update(key: string, value: unknown): Thenable<void> {
    this.#values.set(key, value);
    return Promise.resolve();
  }
}

export interface Parts {
  readonly storage: string;
  readonly log: vscode.LogOutputChannel;
  readonly server: LanguageServer;
  readonly kept: KeptRecordings;
}

/** The extension's own parts, with a storage folder and a language server of their own. */
export function ownParts(): Parts {
  const storage = mkdtempSync(path.join(tmpdir(), "flameline-storage-"));
  const log = vscode.window.createOutputChannel("Flameline Test", { log: true });
  const server = new LanguageServer(extension().extensionPath, storage, log);
  return { storage, log, server, kept: new KeptRecordings(storage, server, new Memory(), log) };
}
