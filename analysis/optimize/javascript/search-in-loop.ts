/**
 * A search through an array again and again: `names.includes(name)` or `names.indexOf(name) >= 0` in a loop, or in hot code for an array that never changes.
 * A `Set` of it, made once before, answers in one step.
 *
 * Evidence: what the line does without calling other JavaScript code, for the search is the engine's own: the most that the change may save.
 *
 * Traps, each of which makes it no match: what isn't surely an array (texts have both methods, too); an array that is changed, handed on or kept by others where
 * the loop runs; `indexOf` where NaN may be looked for, which it never finds and a set does; a position to begin at; `await` and `yield` in the loop, during which anything may happen; few
 * constants, which are found as fast one by one. What changes an array under another name is for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import type { Rule } from "../rule.js";
import { arrayOf, type KnownArray } from "./arrays.js";
import { constantOf } from "./constants.js";
import { belowImports, constantName, freeName, functionAround, indentOf, repeatedBy, runsOften } from "./names.js";

/** Of fewer constants the search is as fast as the hash. */
const LEAST_CONSTANTS = 8;

export const searchInLoop: Rule = {
  id: "javascript-search-in-loop",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: (heat, startLine, endLine) => heat.own(startLine, endLine),
  match(call) {
    const member = call.childForFieldName("function");
    const method = member?.type === "member_expression" ? member.childForFieldName("property")?.text : undefined;
    const array = member?.childForFieldName("object");
    const list = call.childForFieldName("arguments")?.namedChildren ?? [];
    const [sought] = list;
    if (
      !array ||
      !sought ||
      list.length !== 1 ||
      sought.type === "spread_element" ||
      call.children.some((each) => each?.type === "optional_chain")
    )
      return undefined;
    if (/\?\./.test(member?.text ?? "")) return undefined;
    const test = method === "includes" ? { node: call, negated: false } : method === "indexOf" ? comparedWithNothing(call) : undefined;
    if (test === undefined || !runsOften(call)) return undefined;
    const place =
      array.type === "array"
        ? constantSet(call, array)
        : array.type === "identifier"
          ? earlierSet(call, array, method === "indexOf")
          : undefined;
    if (place === undefined) return undefined;
    const edits: TextEdit[] = [
      place.edit,
      { start: test.node.startIndex, end: test.node.endIndex, text: `${test.negated ? "!" : ""}${place.name}.has(${sought.text})` },
    ];
    return {
      title: `Look it up in a Set, ${place.name}`,
      reason: "is spent on the line that searches an array again and again",
      node: test.node,
      edits,
    };
  },
};

/** `x.indexOf(y) !== -1` and its like: whether it is there. */
function comparedWithNothing(call: Node): { readonly node: Node; readonly negated: boolean } | undefined {
  const comparison = call.parent;
  if (comparison?.type !== "binary_expression" || comparison.childForFieldName("left")?.id !== call.id) return undefined;
  const right = comparison.childForFieldName("right")?.text.replaceAll(/\s/g, "");
  const operator = comparison.childForFieldName("operator")?.text ?? "";
  const meaning = `${operator}${right}`;
  if (["!==-1", "!=-1", ">-1", ">=0"].includes(meaning)) return { node: comparison, negated: false };
  return ["===-1", "==-1", "<0"].includes(meaning) ? { node: comparison, negated: true } : undefined;
}

interface Place {
  readonly name: string;
  readonly edit: TextEdit;
}

/** For `["a", "b", …].includes(x)`: a set at the top of the file. */
function constantSet(call: Node, array: Node): Place | undefined {
  const elements = constantOf(array)?.value;
  if (
    !Array.isArray(elements) ||
    elements.length < LEAST_CONSTANTS ||
    !elements.every((each) => typeof each === "string" || Number.isInteger(each))
  )
    return undefined;
  const root = call.tree.rootNode;
  const name = freeName(root, `${constantName(call)}_SET`);
  return { name, edit: belowImports(root, `const ${name} = new Set(${array.text})${semicolon(root)}`) };
}

/** For a named array: a set before the loop, or behind the declaration of an array of the file. */
function earlierSet(call: Node, array: Node, isIndexOf: boolean): Place | undefined {
  const root = call.tree.rootNode;
  const known = arrayOf(array);
  if (known === undefined || (isIndexOf && !known.hasNoNumbers)) return undefined;
  const name = freeName(root, `${array.text}${/[a-z]/.test(array.text) ? "Set" : "_SET"}`);
  const definition = `const ${name} = new Set(${array.text})${semicolon(root)}`;
  if (known.kind === "constant") return behind(known, name, definition);
  const within = functionAround(known.declaration) ?? functionAround(call);
  const loop = within && repeatedBy(call, within);
  const start = loop && (loop.parent?.type === "labeled_statement" ? loop.parent : loop);
  const indent = start && indentOf(start);
  if (within === undefined || start === undefined || indent === undefined || !isWithin(start, within)) return undefined;
  // The array is there before the loop, and stays as it is while that runs.
  if (known.declaration.endIndex > start.startIndex || start.descendantsOfType(["await_expression", "yield_expression"]).length > 0)
    return undefined;
  if (known.changes.some((change) => isWithin(change, start)) || known.isKept) return undefined;
  return { name, edit: { start: start.startIndex, end: start.startIndex, text: `${definition}\n${indent}` } };
}

function behind({ declaration, changes, isKept }: KnownArray, name: string, definition: string): Place | undefined {
  if (changes.length > 0 || isKept) return undefined;
  const statement = declaration.parent?.type === "export_statement" ? declaration.parent : declaration;
  return { name, edit: { start: statement.endIndex, end: statement.endIndex, text: `\n${definition}` } };
}

function isWithin(node: Node, outer: Node): boolean {
  return outer.startIndex <= node.startIndex && node.endIndex <= outer.endIndex;
}

function semicolon(root: Node): string {
  return /;\s*$/m.test(root.text) ? ";" : "";
}
