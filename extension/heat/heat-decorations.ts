import * as vscode from "vscode";
import { DisposableStore } from "../disposable-store.js";
import { type HeatMark, LEVELS } from "./heat-levels.js";

/** What an editor shows now, as one text a level, so that an unchanged level is not sent again. */
type Shown = Map<vscode.TextEditorDecorationType, { readonly key: string; readonly options: readonly vscode.DecorationOptions[] }>;

/**
 * Draws marks into editors. An editor changes its decorations one type at a time, and a frame can be drawn in between:
 * so a line that moves from one level to another gets the new mark before it loses the old one.
 */
export class HeatDecorations implements vscode.Disposable {
  readonly #types = new DisposableStore();
  readonly #levels: readonly vscode.TextEditorDecorationType[];
  readonly #texts: vscode.TextEditorDecorationType;
  readonly #shown = new WeakMap<vscode.TextEditor, Shown>();

  constructor(extensionUri: vscode.Uri, theme: vscode.ColorThemeKind) {
    this.#levels = Array.from({ length: LEVELS }, (_, level) => this.#types.add(levelType(extensionUri, theme, level + 1)));
    this.#texts = this.#types.add(
      vscode.window.createTextEditorDecorationType({
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
        after: { color: new vscode.ThemeColor("flameline.endOfLine"), margin: "0 0 0 2em" },
      }),
    );
  }

  show(editor: vscode.TextEditor, marks: readonly HeatMark[]): void {
    const shown = this.#shown.get(editor) ?? new Map();
    this.#shown.set(editor, shown);
    const inside = marks.filter((mark) => mark.lineIndex < editor.document.lineCount);
    const wanted = this.#levels.map((type, level) => ({
      type,
      options: inside.filter((mark) => mark.level === level).map((mark) => ({ range: editor.document.lineAt(mark.lineIndex).range })),
    }));
    const changed = wanted.filter(({ type, options }) => (shown.get(type)?.key ?? "") !== keyOf(options));
    for (const { type, options } of changed) {
      const before = shown.get(type)?.options ?? [];
      if (before.length > 0 && options.length > 0 && changed.length > 1) {
        editor.setDecorations(type, [...before, ...options]);
      } else if (options.length > 0) {
        set(editor, shown, type, options);
      }
    }
    for (const { type, options } of changed) {
      if ((shown.get(type)?.key ?? "") !== keyOf(options)) {
        set(editor, shown, type, options);
      }
    }
    const texts = inside
      .filter((mark) => mark.text !== "")
      .map((mark) => ({ range: editor.document.lineAt(mark.lineIndex).range, renderOptions: { after: { contentText: mark.text } } }));
    if ((shown.get(this.#texts)?.key ?? "") !== keyOf(texts)) {
      set(editor, shown, this.#texts, texts);
    }
  }

  /** The document changed: VS Code moves the marks itself, and what we remember of their places is old. */
  forget(document: vscode.TextDocument): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document === document) {
        this.#shown.get(editor)?.forEach((_, type, map) => map.set(type, { key: "moved", options: [] }));
      }
    }
  }

  dispose(): void {
    this.#types.dispose();
  }
}

function set(
  editor: vscode.TextEditor,
  shown: Shown,
  type: vscode.TextEditorDecorationType,
  options: readonly vscode.DecorationOptions[],
): void {
  editor.setDecorations(type, options);
  shown.set(type, { key: keyOf(options), options });
}

function keyOf(options: readonly vscode.DecorationOptions[]): string {
  return options
    .map(({ range, renderOptions }) => `${range.start.line}:${range.end.character}:${renderOptions?.after?.contentText ?? ""}`)
    .join();
}

function levelType(extensionUri: vscode.Uri, theme: vscode.ColorThemeKind, level: number): vscode.TextEditorDecorationType {
  const icon = (name: string) => vscode.Uri.joinPath(extensionUri, "media", "heat", `${name}-${level}.svg`);
  const contrast = { [vscode.ColorThemeKind.HighContrast]: "hc-dark", [vscode.ColorThemeKind.HighContrastLight]: "hc-light" } as Record<
    number,
    string
  >;
  const highContrast = contrast[theme];
  return vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    gutterIconSize: "contain",
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    overviewRulerColor: new vscode.ThemeColor(`flameline.heat${level}`),
    light: { gutterIconPath: icon(highContrast ?? "light") },
    dark: { gutterIconPath: icon(highContrast ?? "dark") },
  });
}
