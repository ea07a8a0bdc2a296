/** Who binds and who uses a name in a JavaScript or TypeScript file, as far as one file can tell. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import { namesIn } from "../names-in-tree.js";

const IDENTIFIERS = ["identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "type_identifier"];
const FUNCTIONS = /^(arrow_function|function_expression|function|generator_function|(generator_)?function_declaration|method_definition)$/;
const LOOPS = /^(for|for_in|while|do)_statement$/;
/** Methods of arrays that call what they are given once for each element. */
const EACH = new Set(["map", "filter", "forEach", "some", "every", "find", "findIndex", "findLast", "flatMap", "reduce", "reduceRight"]);

/** Every place of a name, keys of objects and members excepted. */
export function placesOf(root: Node, name: string): Node[] {
  return namesIn(root, name, IDENTIFIERS);
}

/** `name` with a number where the file has it already. */
export function freeName(root: Node, name: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}${n}`;
    if (placesOf(root, candidate).length === 0) return candidate;
  }
}

export function isFunction(node: Node): boolean {
  return FUNCTIONS.test(node.type);
}

/** The innermost function around a node. */
export function functionAround(node: Node): Node | undefined {
  for (let at = node.parent; at !== null; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/** The outermost one. */
export function outermostFunction(node: Node): Node | undefined {
  let outermost: Node | undefined;
  for (let at = functionAround(node); at !== undefined; at = functionAround(at)) outermost = at;
  return outermost;
}

/** Whether code runs more than once: it is in a function's body, or in a loop. */
export function runsOften(node: Node): boolean {
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (isFunction(parent)) return parent.childForFieldName("body")?.id === at.id;
    if (isRepeated(at, parent)) return true;
  }
  return false;
}

/** Whether a loop runs this part of it again and again. */
function isRepeated(part: Node, loop: Node): boolean {
  if (!LOOPS.test(loop.type)) return false;
  const once = loop.type === "for_statement" ? "initializer" : loop.type === "for_in_statement" ? "right" : "none";
  return loop.childForFieldName(once)?.id !== part.id;
}

/**
 * The outermost statement below `within` that repeats a node: a loop, or the statement with a call like `rows.map((row) => …)`. Undefined where nothing
 * does, or where another function lies between.
 */
export function repeatedBy(node: Node, within: Node): Node | undefined {
  let outermost: Node | undefined;
  for (let at = node, parent = node.parent; parent !== null && at.id !== within.id; at = parent, parent = parent.parent) {
    if (isRepeated(at, parent)) outermost = parent;
    else if (isFunction(at) && at.id !== within.id) {
      if (!isCalledForEach(at)) return undefined;
      outermost = statementOf(at);
    }
  }
  return outermost;
}

/** `rows.map(FUNCTION)`. */
function isCalledForEach(callback: Node): boolean {
  const call = callback.parent?.type === "arguments" ? callback.parent.parent : null;
  const member = call?.childForFieldName("function");
  const isAsync = callback.children.some((child) => child?.type === "async");
  return member?.type === "member_expression" && EACH.has(member.childForFieldName("property")?.text ?? "") && !isAsync;
}

/** The statement of a block or file that a node is part of; an arrow function without a block has none. */
export function statementOf(node: Node): Node | undefined {
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (parent.type === "statement_block" || parent.type === "program") return at;
    if (parent.type === "arrow_function") return undefined;
  }
  return undefined;
}

/** Puts a definition at the top of the file: below its imports, directives and the comments before them. */
export function belowImports(root: Node, definition: string): TextEdit {
  const text = root.text;
  let last: Node | undefined;
  for (const statement of root.namedChildren) {
    if (statement === null || statement.type === "comment" || statement.type === "hash_bang_line") continue;
    if (statement.type !== "import_statement" && !isDirective(statement) && !isRequire(statement)) break;
    last = statement;
  }
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? "\n";
  if (last === undefined) {
    const first = root.namedChildren.find((each) => each !== null && each.type !== "comment" && each.type !== "hash_bang_line");
    const at = first?.startIndex ?? text.length;
    return { start: at, end: at, text: `${definition}${lineEnd}${lineEnd}` };
  }
  // What else is on its line stays there.
  const rest = text.slice(last.endIndex).search(/\r?\n/);
  const at = rest < 0 ? text.length : last.endIndex + rest;
  return { start: at, end: at, text: `${lineEnd}${lineEnd}${definition}` };
}

function isDirective(statement: Node): boolean {
  return statement.type === "expression_statement" && statement.firstNamedChild?.type === "string";
}

/** `const fs = require("fs");`. */
function isRequire(statement: Node): boolean {
  const declarators = statement.namedChildren.filter((each) => each?.type === "variable_declarator");
  return declarators.length > 0 && declarators.every((each) => each?.childForFieldName("value")?.text.startsWith("require(") === true);
}

/** Blanks at the beginning of a node's line, where nothing else is before it; else undefined. */
export function indentOf(node: Node): string | undefined {
  const line = node.tree.rootNode.text.slice(0, node.startIndex).split("\n").at(-1) ?? "";
  return /^\s*$/.test(line) ? line : undefined;
}

/** `TOKENIZE` for what is in `function tokenize`; FILE outside of functions. */
export function constantName(node: Node): string {
  let name: string | undefined;
  for (let at = node.parent; at !== null && name === undefined; at = at.parent) {
    if (isFunction(at))
      name = at.childForFieldName("name")?.text ?? (at.parent?.childForFieldName("name") ?? at.parent?.childForFieldName("left"))?.text;
  }
  const words = (name ?? "file").replaceAll(/^.*\./g, "").replaceAll(/^[_$#]+|[_$]+$/g, "");
  return words.replaceAll(/([a-z\d])([A-Z])/g, "$1_$2").toUpperCase() || "FILE";
}

/** What a block returns, in its last statement and nowhere else. */
export function onlyReturn(block: Node): Node | undefined {
  const last = block.namedChildren.at(-1);
  const returns = block.descendantsOfType("return_statement");
  return returns.length === 1 && last?.type === "return_statement" ? (withoutParentheses(last.firstNamedChild) ?? undefined) : undefined;
}

export function withoutParentheses(node: Node | null): Node | null {
  return node?.type === "parenthesized_expression" ? node.firstNamedChild : node;
}
