/**
 * A result that is copied for each element: `rows.reduce((all, row) => ({ ...all, [row.id]: row }), {})`. `Object.fromEntries` and `map` write each element
 * once; with a thousand rows that is half a million copies less.
 *
 * Evidence: what the lines do without calling other JavaScript code, for copying is the engine's own: the most that the change may save.
 *
 * Traps, each of which makes it no match: the accumulator used for anything else; a start that isn't empty; several keys a row; `await` and `yield` inside; callbacks that see the
 * array. Assigning `all[row.id] = row` instead would not be the same: it makes a key `__proto__` a prototype. Lists that aren't arrays, and holes in them, are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Rule } from "../rule.js";
import { placesOf, runsOften } from "./names.js";

export const spreadAccumulation: Rule = {
  id: "javascript-spread-accumulation",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: (heat, startLine, endLine) => heat.own(startLine, endLine),
  match(call) {
    const member = call.childForFieldName("function");
    const object = member?.type === "member_expression" ? member.childForFieldName("object") : null;
    const [callback, start, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
    if (!object || member?.childForFieldName("property")?.text !== "reduce" || !start || more !== undefined || !runsOften(call))
      return undefined;
    if (callback?.type !== "arrow_function" || callback.children[0]?.text === "async" || /\?\./.test(member.text.slice(object.text.length)))
      return undefined;
    if (call.descendantsOfType(["comment", "await_expression", "yield_expression"]).length > 0) return undefined;
    const [accumulator, element, index, whole] = callback.childForFieldName("parameters")?.namedChildren ?? [];
    const body = withoutParentheses(callback.childForFieldName("body"));
    if (!accumulator || !element || whole !== undefined || !body) return undefined;
    const name = /^[\w$]+/.exec(accumulator.text)?.[0] ?? "";
    // It is bound once, and copied once.
    if (name !== accumulator.text.replace(/\s*:[^]*$/, "") || placesOf(callback, name).length !== 2) return undefined;
    const [copied, ...rest] = body.namedChildren;
    if (copied?.type !== "spread_element" || copied.firstNamedChild?.text !== name || rest.length === 0) return undefined;
    const parameters = `(${[element, index].flatMap((each) => each?.text ?? []).join(", ")})`;
    const text = isEmpty(start, "object")
      ? ofEntries(body, rest, parameters)
      : isEmpty(start, "array")
        ? ofElements(body, rest, parameters)
        : undefined;
    if (text === undefined) return undefined;
    const replacement = text.before + object.text + text.after;
    return {
      title: `Make the ${body.type} in one go`,
      reason: "is spent on the line that copies the whole result for each element",
      node: call,
      edits: [{ start: call.startIndex, end: call.endIndex, text: replacement }],
    };
  },
};

interface Around {
  readonly before: string;
  readonly after: string;
}

/** `{ ...all, [KEY]: VALUE }`. */
function ofEntries(body: Node, rest: readonly (Node | null)[], parameters: string): Around | undefined {
  const [pair, more] = rest;
  const key = pair?.type === "pair" ? pair.childForFieldName("key") : undefined;
  const value = pair?.childForFieldName("value");
  if (body.type !== "object" || more !== undefined || key?.type !== "computed_property_name" || !value) return undefined;
  return { before: "Object.fromEntries(", after: `.map(${parameters} => [${key.text.slice(1, -1)}, ${value.text}]))` };
}

/** `[...all, A, ...B]`. */
function ofElements(body: Node, rest: readonly (Node | null)[], parameters: string): Around | undefined {
  const elements = rest.flatMap((each) => each?.text ?? []);
  const [only = "", more] = elements;
  if (body.type !== "array") return undefined;
  if (more !== undefined || only.startsWith("...")) return { before: "", after: `.flatMap(${parameters} => [${elements.join(", ")}])` };
  return { before: "", after: `.map(${parameters} => ${only.startsWith("{") ? `(${only})` : only})` };
}

/** `{}`, and `{} as Table` of TypeScript. */
function isEmpty(start: Node, type: "object" | "array"): boolean {
  const node = start.type === "as_expression" ? (start.firstNamedChild ?? start) : start;
  return node.type === type && node.namedChildCount === 0;
}

function withoutParentheses(node: Node | null): Node | null {
  return node?.type === "parenthesized_expression" ? node.firstNamedChild : node;
}
