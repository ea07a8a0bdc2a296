import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { createOutliner, type Outline, type Outliner } from "../../../source/outline.js";

const root = path.resolve(import.meta.dirname, "../../..");

/** The grammars as installed, read as the language server reads them from dist/. */
export function readGrammar(file: string): Promise<Uint8Array> {
  return readFile(path.join(root, "node_modules/@vscode/tree-sitter-wasm/wasm", file));
}

let shared: Promise<Outliner> | undefined;

/** One outliner for all tests of a file: the C++ and C# grammars are 5 MB each. */
export function outliner(): Promise<Outliner> {
  shared ??= createOutliner({ readGrammar });
  return shared;
}

export function fixtureText(name: string): Promise<string> {
  return readFile(path.join(root, "test/fixtures/source", name), "utf8");
}

/** The outline as text: `start-end  qualified name  (name at line)`, then the loops. */
export function formatOutline(outline: Outline | undefined): string {
  if (!outline) {
    return "no outline";
  }
  const functions = outline.functions.map((f) => {
    const own = f.qualifiedName.endsWith(f.name) && f.name !== "" && !f.anonymous ? "" : `  = ${f.name || "?"}`;
    const named = f.nameLine === f.startLine ? "" : `  @${f.nameLine}`;
    return `${f.startLine}-${f.endLine}  ${f.qualifiedName}${own}${named}`;
  });
  return [...functions, `loops ${outline.loops.map((l) => `${l.startLine}-${l.endLine}`).join(" ")}`].join("\n");
}

export async function outlineOfFixture(name: string): Promise<string> {
  return formatOutline(await (await outliner()).outline(name, await fixtureText(name)));
}
