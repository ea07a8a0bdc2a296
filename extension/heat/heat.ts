import * as vscode from "vscode";
import { DisposableStore } from "../disposable-store.js";
import type { Ask, LanguageServer } from "../language-server-client.js";
import { onSettings, setting } from "../settings.js";
import { HeatDecorations } from "./heat-decorations.js";
import { heatMarks } from "./heat-levels.js";
import { plainMessage } from "../plain-message.js";

/** After the last keystroke, before the server is asked again: VS Code moves the marks meanwhile. */
const AFTER_EDIT_MS = 300;

/** Files, and cells of notebooks of Python: these are documents of their own. */
function hasHeat({ uri, languageId }: vscode.TextDocument): boolean {
  return uri.scheme === "file" || (uri.scheme === "vscode-notebook-cell" && languageId === "python");
}

/** Keeps the marks of all visible editors as the server says; asks only for what is visible. */
export class Heat implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #asking = new Map<string, "once" | "again">();
  readonly #afterEdit = new Map<string, NodeJS.Timeout>();
  readonly #noticed = new Set<string>();
  /** Lines (0-based) of each document that got a mark since the recording was shown or the document was edited. */
  readonly #marked = new Map<string, ReadonlySet<number>>();
  #recording: string | null = null;
  readonly #extensionUri: vscode.Uri;
  readonly #server: LanguageServer;
  readonly #log: vscode.LogOutputChannel;
  #decorations: HeatDecorations;

  constructor(extensionUri: vscode.Uri, server: LanguageServer, log: vscode.LogOutputChannel) {
    this.#extensionUri = extensionUri;
    this.#server = server;
    this.#log = log;
    this.#decorations = this.#draw();
    this.#held.add(server.onChanged(({ recording }) => this.#changed(recording)));
    this.#held.add(vscode.window.onDidChangeVisibleTextEditors(() => this.refresh()));
    this.#held.add(onSettings([], () => this.refresh()));
    this.#held.add(vscode.workspace.onDidChangeTextDocument((event) => this.#edited(event)));
    this.#held.add(vscode.window.onDidChangeActiveColorTheme(() => this.#redraw()));
  }

  /** Asks for the heat of all visible documents. Safe to call often: a document is asked for once at a time. */
  refresh(): void {
    const documents = new Set(vscode.window.visibleTextEditors.map((editor) => editor.document));
    for (const document of documents) {
      if (hasHeat(document)) {
        void this.#update(document);
      }
    }
  }

  /** The reasons for missing numbers may be said again: a new recording is shown. */
  forgetNotices(): void {
    this.#noticed.clear();
  }

  dispose(): void {
    for (const timer of this.#afterEdit.values()) {
      clearTimeout(timer);
    }
    this.#held.dispose();
    this.#decorations.dispose();
  }

  #draw(): HeatDecorations {
    return new HeatDecorations(this.#extensionUri, vscode.window.activeColorTheme.kind);
  }

  #redraw(): void {
    const old = this.#decorations;
    this.#decorations = this.#draw();
    this.refresh();
    // Dropped late, so that the new marks are there before the old ones go.
    setTimeout(() => old.dispose(), 1000);
  }

  #changed(recording: string | null): void {
    if (recording !== this.#recording) {
      this.#recording = recording;
      this.#marked.clear();
    }
    this.refresh();
  }

  #edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (!hasHeat(document) || contentChanges.length === 0 || !this.#server.running) {
      return;
    }
    const key = document.uri.toString();
    this.#decorations.forget(document);
    this.#marked.delete(key);
    clearTimeout(this.#afterEdit.get(key));
    this.#afterEdit.set(
      key,
      setTimeout(() => {
        this.#afterEdit.delete(key);
        void this.#update(document);
      }, AFTER_EDIT_MS),
    );
  }

  async #update(document: vscode.TextDocument): Promise<void> {
    const key = document.uri.toString();
    if (!setting("heat.enabled") || !this.#server.running) {
      this.#show(document, []);
      return;
    }
    if (this.#asking.has(key)) {
      this.#asking.set(key, "again");
      return;
    }
    this.#asking.set(key, "once");
    try {
      await this.#ask(this.#server.ask, document);
    } catch (error) {
      this.#log.debug(`no heat for ${document.uri.fsPath}: ${String(error)}`);
    } finally {
      const again = this.#asking.get(key) === "again";
      this.#asking.delete(key);
      if (again && !document.isClosed) {
        void this.#update(document);
      }
    }
  }

  async #ask(ask: Ask, document: vscode.TextDocument): Promise<void> {
    const heat = await ask("flameline/documentHeat", { uri: document.uri.toString() });
    // Lines of another version would land beside their text; an edit has already asked for the right ones.
    if (heat !== null && heat.version !== null && heat.version !== document.version) {
      return;
    }
    const key = document.uri.toString();
    const marks = heat === null ? [] : heatMarks(heat, setting("heat.endOfLine"), this.#marked.get(key));
    this.#marked.set(key, new Set(marks.filter(({ level }) => level >= 0).map(({ lineIndex }) => lineIndex)));
    this.#show(document, marks);
    if (heat?.notice !== undefined && !this.#noticed.has(heat.uri)) {
      this.#noticed.add(heat.uri);
      void vscode.window.showWarningMessage(plainMessage(heat.notice));
    }
  }

  #show(document: vscode.TextDocument, marks: ReturnType<typeof heatMarks>): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document === document) {
        this.#decorations.show(editor, marks);
      }
    }
  }
}
