/**
 * A text or bytes that grow by copying: `out = part + out`, or `data += part` with bytes, in a loop. Parts in a list, joined behind the loop, are copied once; for
 * `text += part` CPython copies nothing most of the time, so there the measuring decides.
 *
 * Evidence: what the loop does without calling other Python code.
 *
 * Traps, each of which makes it no match: a start that isn't a literal right before the loop; the text used or bound otherwise in the loop; `else`, `return` and pauses in it; a name that
 * other functions share. Parts that aren't texts, and loops that are left by an exception, are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { indentOf, replace } from "./loops.js";
import { freeName, isPlainString, runsOften, statementOf } from "./names.js";

export const textInLoop: Rule = {
  id: "python-text-in-loop",
  language: "python",
  nodes: ["for_statement", "while_statement"],
  callees: [],
  saves: ownOfLines,
  match(loop) {
    const before = loop.previousNamedSibling;
    const start = before?.type === "expression_statement" ? before.firstNamedChild : undefined;
    const [name, value] = [start?.childForFieldName("left"), start?.childForFieldName("right")];
    if (before?.type !== "expression_statement" || start?.type !== "assignment" || name?.type !== "identifier" || !value) return undefined;
    if (!isPlainString(value) || loop.childForFieldName("alternative") !== null || indentOf(loop) === undefined) return undefined;
    const isInFunction = runsOften(before) && statementOf(name).parent?.type === "block";
    if (
      !isInFunction ||
      loop.descendantsOfType(["await", "yield", "return_statement", "nonlocal_statement", "global_statement"]).length > 0
    )
      return undefined;
    const uses = loop.descendantsOfType("identifier").filter((each): each is Node => each?.text === name.text);
    const added = uses.filter((each) => each.parent?.childForFieldName("left")?.id === each.id && each.parent.type.endsWith("assignment"));
    const grown = added.map((each) => each.parent && grows(each.parent, name.text));
    const [first] = grown;
    if (!first || !grown.every((each) => each?.atFront === first.atFront)) return undefined;
    if (uses.length !== grown.reduce((sum, each) => sum + (each?.places ?? 0), 0)) return undefined;
    const isShared = [...(functionOf(loop)?.descendantsOfType("identifier") ?? [])].some(
      (each) => each?.text === name.text && functionOf(each)?.id !== functionOf(loop)?.id,
    );
    if (isShared) return undefined;
    const parts = freeName(loop.tree.rootNode, `${name.text}_parts`);
    const joined = `${value.text === '""' || value.text === "''" || /^b(""|'')$/.test(value.text) ? "" : first.atFront ? "" : `${value.text} + `}`;
    const ending = first.atFront && !/^b?(""|'')$/.test(value.text) ? ` + ${value.text}` : "";
    const empty = /^[rRuU]*[bB]/.test(value.text) ? 'b""' : '""';
    const order = first.atFront ? `reversed(${parts})` : parts;
    return {
      title: `Collect the parts and join them once, behind the loop`,
      reason: "is spent in the loop that copies what it has for each part",
      node: loop,
      edits: [
        replace(before, `${parts} = []`),
        ...grown.flatMap((each) => (each ? [replace(each.statement, `${parts}.append(${each.part.text})`)] : [])),
        {
          start: loop.endIndex,
          end: loop.endIndex,
          text: `\n${indentOf(loop) ?? ""}${name.text} = ${joined}${empty}.join(${order})${ending}`,
        },
      ],
    };
  },
};

interface Growth {
  readonly statement: Node;
  readonly part: Node;
  readonly atFront: boolean;
  /** How often the statement names the text. */
  readonly places: number;
}

function grows(statement: Node, name: string): Growth | undefined {
  const right = statement.childForFieldName("right");
  if (!right || statement.parent?.type !== "expression_statement" || right.type === "assignment") return undefined;
  if (statement.type === "augmented_assignment")
    return statement.childForFieldName("operator")?.text === "+=" ? { statement, part: right, atFront: false, places: 1 } : undefined;
  if (right.type !== "binary_operator" || right.childForFieldName("operator")?.text !== "+") return undefined;
  const [left, last] = [right.childForFieldName("left"), right.childForFieldName("right")];
  if (left?.text === name && last) return { statement, part: last, atFront: false, places: 2 };
  return last?.text === name && left ? { statement, part: left, atFront: true, places: 2 } : undefined;
}

function functionOf(node: Node): Node | undefined {
  for (let at = node.parent; at !== null; at = at.parent) if (/^(function_definition|lambda)$/.test(at.type)) return at;
  return undefined;
}
