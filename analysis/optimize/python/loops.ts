/** What a loop of Python does again and again although nothing in it changes, as far as one file can tell. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import { namesIn } from "../names-in-tree.js";
import { bindingsOf, statementOf } from "./names.js";

const PAUSES = ["await", "yield"];
const SIMPLE_STATEMENTS = new Set(["expression_statement", "return_statement", "assert_statement"]);
/** Functions that leave what they are given as it was. */
const READERS = new Set([
  "len",
  "min",
  "max",
  "sum",
  "sorted",
  "set",
  "frozenset",
  "tuple",
  "list",
  "dict",
  "any",
  "all",
  "str",
  "repr",
  "print",
  "enumerate",
  "zip",
  "range",
  "isinstance",
  "iter",
  "reversed",
  "map",
  "filter",
  "int",
  "float",
  "open",
  "abs",
  "hash",
  "id",
  "type",
  "bool",
]);
/** Methods of lists, sets and dicts that leave them as they were, and of texts. */
const READING_METHODS = new Set([
  "get",
  "keys",
  "values",
  "items",
  "index",
  "count",
  "copy",
  "join",
  "startswith",
  "endswith",
  "split",
  "strip",
  "lower",
  "upper",
  "issubset",
  "issuperset",
  "union",
  "intersection",
  "difference",
  "isdisjoint",
]);

/** Where code can be put so that it runs once for all turns. */
export interface Before {
  /** The loop, or the statement with the comprehension. */
  readonly statement: Node;
  /** What runs again and again. */
  readonly repeated: Node;
}

/** The outermost place before the loops around `node` from which on `holds`; loops with pauses, in which others may change anything, end it. */
export function beforeLoops(node: Node, holds: (repeated: Node) => boolean): Before | undefined {
  let best: Before | undefined;
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (parent.type === "function_definition" || parent.type === "lambda" || parent.type === "class_definition") break;
    const repeated = isRepeatedPart(at, parent);
    if (!repeated) continue;
    if (parent.descendantsOfType(PAUSES).length > 0 || parent.text.startsWith("async") || !holds(parent)) break;
    const statement = statementOf(parent);
    const isWhole = statement.id === parent.id || SIMPLE_STATEMENTS.has(statement.type);
    if (isWhole && indentOf(statement) !== undefined) best = { statement, repeated: parent };
  }
  return best;
}

function isRepeatedPart(part: Node, parent: Node): boolean {
  if (parent.type === "while_statement") return parent.childForFieldName("alternative")?.id !== part.id;
  if (parent.type === "for_statement") return parent.childForFieldName("body")?.id === part.id;
  if (!/_comprehension$|^generator_expression$/.test(parent.type)) return false;
  // What the first `for` goes over is computed once.
  return part.type !== "for_in_clause" || parent.namedChildren.find((each) => each?.type === "for_in_clause")?.id !== part.id;
}

/** Whether nothing in `repeated` binds one of the names of an expression, or changes what they stand for under that name. */
export function isUnchanged(expression: Node, repeated: Node): boolean {
  const names = new Set(namesOf(expression));
  return [...names].every((name) => !isChangedIn(repeated, name));
}

/** The identifiers of an expression that stand for values: no names of attributes and keywords. */
export function namesOf(expression: Node): string[] {
  return [expression, ...expression.descendantsOfType("identifier")].flatMap((each) =>
    each?.type === "identifier" && isValue(each) ? [each.text] : [],
  );
}

function isValue(identifier: Node): boolean {
  const parent = identifier.parent;
  if (parent?.type === "attribute") return parent.childForFieldName("object")?.id === identifier.id;
  return parent?.type !== "keyword_argument" || parent.childForFieldName("name")?.id !== identifier.id;
}

/** Bound, assigned into, handed to other code, or asked for a method that isn't known to read only. */
function isChangedIn(repeated: Node, name: string): boolean {
  if (bindingsOf(repeated, name).length > 0) return true;
  return namesIn(repeated, name, "identifier").some((use) => isValue(use) && changes(use));
}

function changes(use: Node): boolean {
  const parent = use.parent;
  if (parent === null) return false;
  if (parent.type === "attribute" || parent.type === "subscript") {
    let outer = parent;
    while (outer.parent !== null && /^(attribute|subscript)$/.test(outer.parent.type) && outer.parent.firstNamedChild?.id === outer.id)
      outer = outer.parent;
    const around = outer.parent;
    if (around?.type === "call" && around.childForFieldName("function")?.id === outer.id) {
      return outer.type === "attribute" && outer.id === parent.id && !READING_METHODS.has(outer.childForFieldName("attribute")?.text ?? "");
    }
    return isTarget(outer);
  }
  if (parent.type === "argument_list" && parent.parent?.type === "call") {
    const callee = parent.parent.childForFieldName("function");
    const method = callee?.type === "attribute" ? (callee.childForFieldName("attribute")?.text ?? "") : "";
    return !READERS.has(callee?.text ?? "") && !READING_METHODS.has(method) && !/^(append|add|extend|update)$/.test(method);
  }
  return false;
}

/** On the left of `=`, `+=` or behind `del`, alone or among others. */
function isTarget(node: Node): boolean {
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (parent.type.endsWith("assignment") || parent.type === "for_statement") return parent.childForFieldName("left")?.id === at.id;
    if (parent.type === "delete_statement") return true;
    if (!/^(pattern_list|tuple_pattern|list_pattern|expression_list|tuple)$/.test(parent.type)) return false;
  }
  return false;
}

/** Blanks before a statement, where nothing else is before it on its line. */
export function indentOf(statement: Node): string | undefined {
  const line = statement.tree.rootNode.text.slice(0, statement.startIndex).split("\n").at(-1) ?? "";
  return /^\s*$/.test(line) ? line : undefined;
}

/** A statement on a line of its own before another one. */
export function putBefore(statement: Node, text: string): TextEdit {
  return { start: statement.startIndex, end: statement.startIndex, text: `${text}\n${indentOf(statement) ?? ""}` };
}

/** The text of a node in another's place. */
export function replace(node: Node, text: string): TextEdit {
  return { start: node.startIndex, end: node.endIndex, text };
}

/** Positional arguments of a call; undefined where there are others, or comments. */
export function plainArguments(call: Node): Node[] | undefined {
  const list = call.childForFieldName("arguments");
  if (list?.type !== "argument_list") return undefined;
  const all = list.namedChildren.filter((each): each is Node => each !== null);
  return all.some(({ type }) => /^(keyword_argument|list_splat|dictionary_splat|comment)$/.test(type)) ? undefined : all;
}
