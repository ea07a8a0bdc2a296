import { URI } from "vscode-uri";
import type { Files } from "../source/files.js";
import { cellPath } from "../source/notebook-cells.js";

/** A document as it is in the editor, unsaved changes included, or on the disk when it is not open. */
export interface DocumentText {
  readonly uri: string;
  /** Absolute, symbolic links resolved: what places are known by. */
  readonly realPath: string;
  readonly text: string;
  /** Null when it is not open. */
  readonly version: number | null;
}

/** The texts that the editor shares with the server. */
export interface EditorTexts {
  get(uri: string): { getText(): string; readonly version: number } | undefined;
}

/** What VS Code names the cells of notebooks by. */
const CELL_SCHEME = "vscode-notebook-cell";

/** Undefined for documents without a file and for files that cannot be read. */
export async function documentText(uri: string, editor: EditorTexts, files: Files): Promise<DocumentText | undefined> {
  const parsed = URI.parse(uri);
  if (parsed.scheme === CELL_SCHEME) {
    const cell = editor.get(uri);
    const text = cell?.getText() ?? "";
    return cell === undefined ? undefined : { uri, realPath: cellPath(text), text, version: cell.version };
  }
  if (parsed.scheme !== "file") {
    return undefined;
  }
  const realPath = await files.realpath(parsed.fsPath);
  const open = editor.get(uri);
  const text = open?.getText() ?? (await files.readText(realPath));
  // Asked again after the pause: version and text must belong together.
  const now = editor.get(uri);
  if (now !== undefined) {
    return { uri, realPath, text: now.getText(), version: now.version };
  }
  return text === undefined ? undefined : { uri, realPath, text, version: null };
}
