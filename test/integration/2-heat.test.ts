import * as assert from "node:assert";
import * as vscode from "vscode";
import { HeatDecorations } from "../../extension/heat/heat-decorations.js";
import type { HeatMark } from "../../extension/heat/heat-levels.js";
import { extension, openApp } from "./window.js";

/** An editor that notes which lines are marked after each single call, as a frame that is drawn in between would show. */
function watched(editor: vscode.TextEditor): {
  readonly editor: vscode.TextEditor;
  readonly frames: string[];
  readonly calls: () => number;
} {
  const marked = new Map<vscode.TextEditorDecorationType, number[]>();
  const frames: string[] = [];
  let calls = 0;
  const setDecorations = (type: vscode.TextEditorDecorationType, options: readonly vscode.DecorationOptions[]) => {
    calls++;
    // Texts at the ends of lines are of a type of their own and don't count as marks.
    if (options.every(({ renderOptions }) => renderOptions === undefined)) {
      marked.set(
        type,
        options.map(({ range }) => range.start.line),
      );
    }
    frames.push([...new Set([...marked.values()].flat())].toSorted((a, b) => a - b).join(" "));
  };
  // VS Code's own editor object can't be changed or wrapped: this has the two members that the marks use.
  const double = { document: editor.document, setDecorations } as unknown as vscode.TextEditor;
  return { editor: double, frames, calls: () => calls };
}

/** "3:1 5:4": line 3 at level 1, line 5 at level 4. */
const marks = (text: string): HeatMark[] =>
  text.split(" ").map((each) => {
    const [lineIndex = 0, level = 0] = each.split(":").map(Number);
    return { lineIndex, level, text: "" };
  });

describe("heat in an editor", () => {
  let decorations: HeatDecorations;
  let editor: ReturnType<typeof watched>;
  beforeEach(async () => {
    decorations = new HeatDecorations(extension().extensionUri, vscode.ColorThemeKind.Dark);
    editor = watched(await openApp());
  });
  afterEach(() => decorations.dispose());

  it("keeps every mark in every frame while lines change their levels", () => {
    decorations.show(editor.editor, marks("3:1 5:4 7:2"));
    const before = editor.frames.length;
    decorations.show(editor.editor, marks("3:4 5:1 7:3"));
    decorations.show(editor.editor, marks("3:2 5:2 7:2"));
    decorations.show(editor.editor, marks("3:0 5:1 7:4"));
    const later = editor.frames.slice(before);
    assert.ok(later.length > 3);
    assert.deepStrictEqual([...new Set(later)], ["3 5 7"]);
  });

  it("ends with the marks that it was given, and removes those that are gone", () => {
    decorations.show(editor.editor, marks("3:1 5:4"));
    decorations.show(editor.editor, marks("5:2 9:0"));
    assert.strictEqual(editor.frames.at(-1), "5 9");
    decorations.show(editor.editor, []);
    assert.strictEqual(editor.frames.at(-1), "");
  });

  it("sends nothing when nothing changed", () => {
    decorations.show(editor.editor, marks("3:1 5:4"));
    const calls = editor.calls();
    decorations.show(editor.editor, marks("3:1 5:4"));
    assert.strictEqual(editor.calls(), calls);
  });

  it("leaves out lines that the document does not have", () => {
    decorations.show(editor.editor, marks("3:1 9999:4"));
    assert.strictEqual(editor.frames.at(-1), "3");
  });
});
