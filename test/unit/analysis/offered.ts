/** What the rules offer for a text, all of whose lines are hot. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findFixes, rulesOf } from "../../../analysis/optimize/find.js";
import { applyEdits, type Finding } from "../../../analysis/optimize/finding.js";
import type { FileHeat } from "../../../analysis/optimize/heat.js";
import { createOutliner, type Outliner } from "../../../source/outline.js";

const GRAMMARS = join(import.meta.dirname, "../../../node_modules/@vscode/tree-sitter-wasm/wasm");
const outliner = createOutliner({ readGrammar: (file) => readFile(join(GRAMMARS, file)) });

/** The syntax of a text by its path. */
export const syntax: Outliner["syntax"] = async (path, text, read) => (await outliner).syntax(path, text, read);

/** Every line has half of the event, and a fifth of it goes through each library function. */
const HOT: FileHeat = { event: "cpu", total: () => 0.5, hottest: () => 0.5, own: () => 0.4, below: () => 0.2 };

export async function findings(file: string, text: string, heat = HOT): Promise<Finding[]> {
  const found = await (await outliner).syntax(file, text, (root) => findFixes(root, heat, rulesOf(file)));
  return found ?? [];
}

/** The text after the first fix, or the one of `rule`; "no fix" where there is none. */
export async function fixed(file: string, text: string, rule?: string): Promise<string> {
  const finding = (await findings(file, text)).find((each) => rule === undefined || each.rule === rule);
  return finding === undefined ? "no fix" : applyEdits(text, finding.edits);
}
