/**
 * The keys of one object, listed again in each turn: `Object.keys(table).length` in a loop that leaves `table` as it is. Once before the loop is enough.
 *
 * Evidence: what the line does without calling other JavaScript code, for listing is the engine's own.
 *
 * Traps, each of which makes it no match: objects that the loop binds, changes or hands on; a list that is changed or kept; pauses; `Object` bound in the file. What
 * changes the object under another name is for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { freeName, indentOf, outermostFunction, placesOf, repeatedBy } from "./names.js";

const READING = /^(length|includes|indexOf|join|map|filter|forEach|some|every|find|at)$/;

export const keysInLoop: Rule = {
  id: "javascript-keys-in-loop",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: ownOfLines,
  match(call) {
    const listed = /^Object\.(keys|values|entries)$/.exec(call.childForFieldName("function")?.text ?? "")?.[1];
    const [object, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
    if (listed === undefined || object?.type !== "identifier" || more || !isRead(call)) return undefined;
    const within = outermostFunction(call);
    const loop = within && repeatedBy(call, within);
    const indent = loop && indentOf(loop);
    if (!loop || indent === undefined || loop.parent?.type === "labeled_statement") return undefined;
    if (loop.descendantsOfType(["await_expression", "yield_expression"]).length > 0) return undefined;
    const root = call.tree.rootNode;
    if (
      !placesOf(loop, object.text).every(isReading) ||
      placesOf(root, "Object").some(({ parent }) => parent?.type !== "member_expression")
    )
      return undefined;
    const name = freeName(root, `${object.text}${listed.charAt(0).toUpperCase()}${listed.slice(1)}`);
    const end = /;\s*$/m.test(root.text) ? ";" : "";
    return {
      title: `List the ${listed} once, before the loop`,
      reason: `is spent on the line that lists the ${listed} in each turn`,
      node: call,
      edits: [
        { start: loop.startIndex, end: loop.startIndex, text: `const ${name} = ${call.text}${end}\n${indent}` },
        { start: call.startIndex, end: call.endIndex, text: name },
      ],
    };
  },
};

/** Whether the list goes nowhere. */
function isRead(call: Node): boolean {
  const parent = call.parent;
  if (parent?.type === "for_in_statement")
    return parent.childForFieldName("right")?.id === call.id && parent.children.some((each) => each?.text === "of");
  return (
    parent?.type === "member_expression" &&
    parent.childForFieldName("object")?.id === call.id &&
    READING.test(parent.childForFieldName("property")?.text ?? "")
  );
}

/** `table[key]`, `table.size` and `Object.keys(table)` that are read. */
function isReading(place: Node): boolean {
  const parent = place.parent;
  if (parent?.type === "arguments") return /^Object\.(keys|values|entries)$/.test(parent.parent?.childForFieldName("function")?.text ?? "");
  if (parent?.type !== "member_expression" && parent?.type !== "subscript_expression") return false;
  if (parent.childForFieldName("object")?.id !== place.id) return true;
  const around = parent.parent;
  const isWritten =
    /assignment|update/.test(around?.type ?? "") &&
    (around?.childForFieldName("left") ?? around?.childForFieldName("argument"))?.id === parent.id;
  const isDeleted = around?.type === "unary_expression" && around.childForFieldName("operator")?.text === "delete";
  const isCalled = around?.type === "call_expression" && around.childForFieldName("function")?.id === parent.id;
  return !isWritten && !isDeleted && !isCalled;
}
