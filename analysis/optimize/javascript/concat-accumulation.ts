/**
 * A list that is copied for each part: `rows.reduce((all, row) => all.concat(parts(row)), [])`, or `all = all.concat(parts)` and `all = [...all, row]` in a loop. `flatMap`, or pushing onto the one list, copies nothing twice.
 *
 * Evidence: what the lines do without calling other JavaScript code, for copying is the engine's own.
 *
 * Traps, each of which makes it no match: a start that isn't an empty array; the list used otherwise in the loop, or before it; several parts at once; `await` and `yield`. Parts with holes, and
 * objects that say they are to be spread, are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Match, Rule } from "../rule.js";
import { freeName, functionAround, onlyReturn, placesOf, repeatedBy, runsOften } from "./names.js";

export const concatAccumulation: Rule = {
  id: "javascript-concat-accumulation",
  language: "javascript",
  nodes: ["call_expression", "assignment_expression"],
  callees: [],
  saves: ownOfLines,
  match: (node) => (node.type === "call_expression" ? ofReduce(node) : ofLoop(node)),
};

function found(node: Node, text: string, title: string): Match {
  return {
    title,
    reason: "is spent on the line that copies the whole list for each part",
    node,
    edits: [{ start: node.startIndex, end: node.endIndex, text }],
  };
}

function ofReduce(call: Node): Match | undefined {
  const member = call.childForFieldName("function");
  const object = member?.childForFieldName("object");
  const [callback, initial, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
  if (
    !object ||
    member?.childForFieldName("property")?.text !== "reduce" ||
    member.text.slice(object.text.length).includes("?.") ||
    initial?.text !== "[]" ||
    more ||
    !runsOften(call)
  )
    return undefined;
  if (!callback || !isPlainFunction(callback) || call.descendantsOfType(["comment", "await_expression", "yield_expression"]).length > 0)
    return undefined;
  const [accumulator, element, index, whole] = callback.childForFieldName("parameters")?.namedChildren ?? [];
  const body = callback.childForFieldName("body");
  const name = accumulator?.text ?? "";
  const result = body?.type === "statement_block" ? onlyReturn(body) : body;
  const [part, another] = result?.childForFieldName("arguments")?.namedChildren ?? [];
  if (
    accumulator?.type !== "identifier" ||
    !element ||
    whole ||
    !body ||
    result?.childForFieldName("function")?.text !== `${name}.concat` ||
    !part ||
    another ||
    part.type === "spread_element"
  )
    return undefined;
  // It is bound once, and copied once.
  if (placesOf(callback, name).length !== 2) return undefined;
  const parameters = [element, index].flatMap((each) => each?.text ?? []).join(", ");
  // What comes before the result of a block stays before it.
  const [start, end] = [result.startIndex - body.startIndex, result.endIndex - body.startIndex];
  const plain = part.type === "object" ? `(${part.text})` : part.text;
  const text = body.id === result.id ? plain : body.text.slice(0, start) + part.text + body.text.slice(end);
  return found(call, `${object.text}.flatMap((${parameters}) => ${text})`, "Collect the parts with flatMap");
}

/** One that an arrow function can stand for: without a name, a `this` or arguments of its own. */
function isPlainFunction(callback: Node): boolean {
  if (callback.type === "arrow_function") return callback.children[0]?.text !== "async";
  return (
    callback.type === "function_expression" &&
    callback.children[0]?.text === "function" &&
    callback.childForFieldName("name") === null &&
    !/\b(this|arguments|super|new\.target)\b/.test(callback.text)
  );
}

function ofLoop(assignment: Node): Match | undefined {
  const [left, right] = [assignment.childForFieldName("left"), assignment.childForFieldName("right")];
  const within = functionAround(assignment);
  const loop = within && repeatedBy(assignment, within);
  if (left?.type !== "identifier" || !right || !within || !loop || assignment.parent?.type !== "expression_statement") return undefined;
  const places = placesOf(within, left.text);
  const declarator = places[0]?.parent;
  const isEmpty = declarator?.type === "variable_declarator" && declarator.childForFieldName("value")?.text === "[]";
  const isLocal = isEmpty && declarator.parent?.children[0]?.text === "let" && functionAround(declarator)?.id === within.id;
  // Nobody has the list before the loop, and in it only this statement names it.
  const inLoop = places.filter((each) => each.startIndex >= loop.startIndex && each.endIndex <= loop.endIndex);
  if (!isLocal || inLoop.length !== 2 || places.some((each) => each.startIndex < loop.startIndex && each.id !== places[0]?.id))
    return undefined;
  if (declarator.startIndex > loop.startIndex || right.descendantsOfType(["await_expression", "yield_expression", "comment"]).length > 0)
    return undefined;
  const title = "Push onto the one list";
  if (right.type === "array") {
    const [copied, ...rest] = right.namedChildren;
    if (
      copied?.type !== "spread_element" ||
      copied.firstNamedChild?.text !== left.text ||
      rest.length === 0 ||
      rest.some((each) => each?.type === "spread_element")
    )
      return undefined;
    return found(assignment, `${left.text}.push(${rest.flatMap((each) => each?.text ?? []).join(", ")})`, title);
  }
  const [part, more] = right.childForFieldName("arguments")?.namedChildren ?? [];
  if (right.childForFieldName("function")?.text !== `${left.text}.concat` || !part || more || part.type === "spread_element")
    return undefined;
  const each = freeName(assignment.tree.rootNode, "each");
  return found(assignment, `for (const ${each} of [].concat(${part.text})) ${left.text}.push(${each})`, title);
}
