/**
 * A search for the row with a key, again and again: `users.find((user) => user.id === row.userId)` in a loop. A `Map` of the rows by key, made once before, answers in one step.
 *
 * Evidence: what the line does, the callbacks of the search included.
 *
 * Traps, each of which makes it no match: what isn't surely an array; an array, or the key of a row, that changes in the loop; keys that are computed; comparisons by `==`; pauses. A key
 * NaN (which `===` never finds), rows that are `null`, and holes are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { arrayOf } from "./arrays.js";
import { freeName, functionAround, indentOf, outermostFunction, placesOf, repeatedBy } from "./names.js";

export const findInLoop: Rule = {
  id: "javascript-find-in-loop",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: ofLines,
  match(call) {
    const member = call.childForFieldName("function");
    const array = member?.childForFieldName("object");
    const [callback, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
    if (
      array?.type !== "identifier" ||
      member?.childForFieldName("property")?.text !== "find" ||
      member.text.includes("?.") ||
      callback?.type !== "arrow_function" ||
      more
    )
      return undefined;
    const searched = keyOf(callback);
    const known = searched && arrayOf(array);
    const within = known && (functionAround(known.declaration) ?? outermostFunction(call));
    const loop = within && repeatedBy(call, within);
    const start = loop && (loop.parent?.type === "labeled_statement" ? loop.parent : loop);
    const indent = start && indentOf(start);
    if (!searched || !known || !start || indent === undefined || known.isKept) return undefined;
    const isBefore = known.kind === "constant" || known.declaration.endIndex <= start.startIndex;
    if (!isBefore || start.descendantsOfType(["await_expression", "yield_expression"]).length > 0) return undefined;
    const { element, property, sought } = searched;
    const changesKey = start
      .descendantsOfType(["assignment_expression", "augmented_assignment_expression", "update_expression"])
      .some(
        (each) =>
          each?.childForFieldName("left")?.text.endsWith(`.${property}`) ||
          each?.childForFieldName("argument")?.text.endsWith(`.${property}`),
      );
    if (changesKey || known.changes.some((each) => each.startIndex >= start.startIndex && each.endIndex <= start.endIndex))
      return undefined;
    const root = call.tree.rootNode;
    const name = freeName(root, `${array.text}By${property.charAt(0).toUpperCase()}${property.slice(1)}`);
    const end = /;\s*$/m.test(root.text) ? ";" : "";
    // Of several with one key the first is found: it is put in last.
    const definition = `const ${name} = new Map(${array.text}.map((${element}) => [${element}.${property}, ${element}]${root.descendantsOfType("type_annotation").length > 0 ? " as const" : ""}).reverse())${end}`;
    return {
      title: `Find it in a Map, ${name}`,
      reason: "is spent on the line that searches an array again and again",
      node: call,
      edits: [
        { start: start.startIndex, end: start.startIndex, text: `${definition}\n${indent}` },
        { start: call.startIndex, end: call.endIndex, text: `${name}.get(${sought})` },
      ],
    };
  },
};

/** `(user) => user.id === SOUGHT`, or the other way round. */
function keyOf(callback: Node): { readonly element: string; readonly property: string; readonly sought: string } | undefined {
  const parameters = callback.childForFieldName("parameters")?.namedChildren ?? [];
  const parameter = callback.childForFieldName("parameter") ?? (parameters.length === 1 ? parameters[0] : undefined);
  const element = /^\w+/.exec(parameter?.text ?? "")?.[0];
  const body = callback.childForFieldName("body");
  if (element === undefined || body?.type !== "binary_expression" || body.childForFieldName("operator")?.text !== "===") return undefined;
  const sides = [body.childForFieldName("left"), body.childForFieldName("right")];
  for (const [at, side] of sides.entries()) {
    const other = sides[1 - at];
    const isKey = side?.type === "member_expression" && side.childForFieldName("object")?.text === element && !side.text.includes("?.");
    const property = isKey ? (side.childForFieldName("property")?.text ?? "") : "";
    if (/^\w+$/.test(property) && other && /^[\w$]+(\.[\w$]+)*$/.test(other.text) && placesOf(other, element).length === 0) {
      return { element, property, sought: other.text };
    }
  }
  return undefined;
}
