import * as vscode from "vscode";
import type { AnnotatedFunction } from "../protocol/queries.js";
import { annotatedLines } from "./annotated-lines.js";
import { DisposableStore } from "./disposable-store.js";
import { openSource } from "./flame-graphs.js";
import type { LanguageServer } from "./language-server-client.js";

/** After an edit or news of the recording, before the numbers are asked for again. */
const AGAIN_MS = 500;

/** One function of one file with what each of its lines costs, in columns before the lines. */
export class AnnotatedSource implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #server: LanguageServer;
  #type: vscode.TextEditorDecorationType | undefined;
  #shown: AnnotatedFunction | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(server: LanguageServer) {
    this.#server = server;
    this.#held.add(server.onChanged(() => this.#againSoon()));
    this.#held.add(vscode.window.onDidChangeVisibleTextEditors(() => this.#draw()));
    this.#held.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.toString() === this.#uri()) this.#againSoon();
      }),
    );
  }

  /** Annotates a function of the recording, or without one the function at the cursor; the same one again is taken away. */
  async toggle(fn: number | undefined): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const here = editor && { uri: editor.document.uri.toString(), line: editor.selection.active.line };
    if (fn === undefined && here === undefined) throw new Error("Put the cursor into a function, and run this again.");
    const wanted = await this.#server.ask("flameline/annotate", fn === undefined && here ? here : { function: fn ?? 0 });
    if (wanted === null) throw new Error("The source of this function was not found on this machine.");
    if (wanted.notice !== undefined) throw new Error(wanted.notice);
    if (wanted.lines.length === 0) throw new Error("No line of this function has a cost in what is shown.");
    const same = this.#shown?.uri === wanted.uri && this.#shown.startLine === wanted.startLine;
    if (same && fn === undefined) return this.#clear();
    this.#shown = wanted;
    if (fn !== undefined) await openSource({ file: vscode.Uri.parse(wanted.uri).fsPath, line: wanted.line + 1 }, false);
    this.#draw();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#type?.dispose();
    this.#held.dispose();
  }

  #uri(): string | undefined {
    return this.#shown && vscode.Uri.parse(this.#shown.uri).toString();
  }

  #clear(): void {
    this.#shown = undefined;
    this.#draw();
  }

  #againSoon(): void {
    if (this.#shown === undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#again();
    }, AGAIN_MS);
  }

  /** The same function with the numbers of now; without any it stands as it is no longer. */
  async #again(): Promise<void> {
    const before = this.#shown;
    if (before === undefined) return;
    const now = await this.#server.ask("flameline/annotate", { uri: before.uri, line: before.line }).catch(() => null);
    if (this.#shown !== before) return;
    this.#shown = now === null || now.notice !== undefined || now.lines.length === 0 ? undefined : now;
    this.#draw();
  }

  #draw(): void {
    const uri = this.#uri();
    for (const editor of vscode.window.visibleTextEditors) {
      const shown = editor.document.uri.toString() === uri ? this.#shown : undefined;
      if (shown === undefined && this.#type === undefined) continue;
      editor.setDecorations(this.#columns(), shown === undefined ? [] : options(shown, editor.document.lineCount));
    }
  }

  #columns(): vscode.TextEditorDecorationType {
    this.#type ??= vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      before: { color: new vscode.ThemeColor("flameline.endOfLine") },
    });
    return this.#type;
  }
}

function options(shown: AnnotatedFunction, lines: number): vscode.DecorationOptions[] {
  return annotatedLines(shown)
    .filter(({ lineIndex }) => lineIndex < lines)
    .map(({ lineIndex, text }) => ({
      range: new vscode.Range(lineIndex, 0, lineIndex, 0),
      renderOptions: { before: { contentText: text } },
    }));
}
