/**
 * A file that is opened and read in each turn: `with open(PATH) as file: words = file.read()` in a loop that doesn't change the path. Once before the loop is enough.
 *
 * Evidence: the lines' share.
 *
 * Traps, each of which makes it no match: other modes than reading; names that the loop binds elsewhere, or changes; pauses; loops that write files by their text; values that are used up or
 * changed (the file itself, lists that grow). A loop without a turn opened nothing, and what others write meanwhile is missed: for the proof, as far as it sees it.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, indentOf, isUnchanged, putBefore } from "./loops.js";
import { bindingsOf } from "./names.js";

const READS = /^(\w+\.(read|readlines)\(\)(\.\w+\((["'][^"']*["'])?\))*|json\.load\(\w+\)|(set|frozenset|list|tuple|len)\(\w+\))$/;
const WRITES = /\bopen\([^)]*,\s*(mode\s*=\s*)?["'][^"']*[wax+]|\.write(lines|_text|_bytes)?\(|\b(os|shutil)\.\w+\(/;

export const openInLoop: Rule = {
  id: "python-open-in-loop",
  language: "python",
  nodes: ["with_statement"],
  callees: [],
  saves: ofLines,
  match(statement) {
    const call = statement.descendantsOfType("call")[0];
    const name = statement.descendantsOfType("as_pattern_target")[0]?.text ?? "";
    const body = statement.childForFieldName("body");
    const assignment = body?.namedChildCount === 1 ? body.firstNamedChild?.firstNamedChild : undefined;
    const [target, value] = [assignment?.childForFieldName("left"), assignment?.childForFieldName("right")];
    if (
      call?.childForFieldName("function")?.text !== "open" ||
      assignment?.type !== "assignment" ||
      target?.type !== "identifier" ||
      !value
    )
      return undefined;
    const [path, mode] = call.childForFieldName("arguments")?.namedChildren ?? [];
    if (!path || path.type === "keyword_argument" || !isReading(mode) || !READS.test(value.text) || !value.text.includes(name))
      return undefined;
    const before = beforeLoops(statement, (repeated) => {
      const isOnlyHere = [name, target.text].every((each) => bindingsOf(repeated, each).length === 1);
      return isOnlyHere && isUnchanged(call, repeated) && !WRITES.test(repeated.text) && isUnchangedBut(repeated, target);
    });
    const indent = indentOf(statement);
    // It must be a statement of the loop itself, not below a condition.
    if (
      before === undefined ||
      indent === undefined ||
      statement.parent?.parent?.id !== before.repeated.id ||
      statement.parent.namedChildCount < 2
    )
      return undefined;
    const outer = indentOf(before.statement) ?? "";
    const text = statement.text.replaceAll(`\n${indent}`, `\n${outer}`);
    const next = statement.nextNamedSibling;
    const [start, end] =
      next === null ? [statement.previousNamedSibling?.endIndex ?? 0, statement.endIndex] : [statement.startIndex, next.startIndex];
    return {
      title: "Read the file once, before the loop",
      reason: "is spent on opening and reading the same file in each turn",
      node: statement,
      edits: [putBefore(before.statement, text), { start, end, text: "" }],
    };
  },
};

function isReading(mode: Node | null | undefined): boolean {
  if (!mode) return true;
  const text =
    mode.type === "keyword_argument" && mode.childForFieldName("name")?.text === "mode"
      ? (mode.childForFieldName("value")?.text ?? "")
      : mode.text;
  return mode.type === "keyword_argument" && mode.childForFieldName("name")?.text !== "mode"
    ? /^(encoding|newline|errors)$/.test(mode.childForFieldName("name")?.text ?? "")
    : /^["']r?[bt]?["']$/.test(text);
}

/** Whether what was read is left as it is in the loop, its binding aside. */
function isUnchangedBut(repeated: Node, target: Node): boolean {
  const uses = repeated.descendantsOfType("identifier").filter((each) => each?.text === target.text && each.id !== target.id);
  return uses.every((each) => {
    const parent = each?.parent;
    if (parent?.type === "attribute")
      return !/^(append|add|pop|sort|reverse|remove|clear|update|insert|extend|setdefault|popitem|discard)$/.test(
        parent.childForFieldName("attribute")?.text ?? "",
      );
    return parent?.type !== "subscript" || !/assignment|delete/.test(parent.parent?.type ?? "");
  });
}
