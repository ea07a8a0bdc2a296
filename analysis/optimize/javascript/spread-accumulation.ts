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
import { onlyReturn, placesOf, runsOften, withoutParentheses } from "./names.js";

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
    if (call.descendantsOfType(["await_expression", "yield_expression"]).length > 0) return undefined;
    const [accumulator, element, index, whole] = callback.childForFieldName("parameters")?.namedChildren ?? [];
    const body = callback.childForFieldName("body");
    const result = body?.type === "statement_block" ? onlyReturn(body) : withoutParentheses(body);
    if (!accumulator || !element || whole !== undefined || !body || !result) return undefined;
    const name = /^[\w$]+/.exec(accumulator.text)?.[0] ?? "";
    // It is bound once, and copied once.
    if (name !== accumulator.text.replace(/\s*:[^]*$/, "") || placesOf(callback, name).length !== 2) return undefined;
    const copy = copyOf(result);
    if (copy === undefined || copy.of !== name) return undefined;
    // Those of a block stay where they are.
    const isKept = (comment: Node): boolean =>
      body.id !== result.id && comment.startIndex > body.startIndex && comment.endIndex < result.startIndex;
    if (!call.descendantsOfType("comment").every((each) => each !== null && isKept(each))) return undefined;
    const parameters = `(${[element, index].flatMap((each) => each?.text ?? []).join(", ")})`;
    // What comes before the result stays before it.
    const around = (text: string): string =>
      result.parent?.type === "return_statement"
        ? body.text.slice(0, result.startIndex - body.startIndex) + text + body.text.slice(result.endIndex - body.startIndex)
        : text;
    const text = isEmpty(start, "object")
      ? ofEntries(copy, parameters, around)
      : isEmpty(start, "array")
        ? ofElements(copy, parameters, around)
        : undefined;
    if (text === undefined) return undefined;
    const replacement = text.before + object.text + text.after;
    return {
      title: `Make the ${copy.kind} in one go`,
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

/** `{ ...all, A }`, `[...all, A]`, or `Object.assign({}, all, { A })`. */
interface Copy {
  readonly kind: "object" | "array";
  readonly of: string;
  readonly rest: readonly Node[];
}

function copyOf(result: Node): Copy | undefined {
  if (result.type === "call_expression" && result.childForFieldName("function")?.text === "Object.assign") {
    const [target, source, added, more] = result.childForFieldName("arguments")?.namedChildren ?? [];
    if (target?.text !== "{}" || source?.type !== "identifier" || added?.type !== "object" || more) return undefined;
    return { kind: "object", of: source.text, rest: added.namedChildren.filter((each): each is Node => each !== null) };
  }
  if (result.type !== "object" && result.type !== "array") return undefined;
  const [copied, ...rest] = result.namedChildren.filter((each): each is Node => each !== null);
  if (copied?.type !== "spread_element" || rest.length === 0) return undefined;
  return { kind: result.type, of: copied.firstNamedChild?.text ?? "", rest };
}

type AroundResult = (text: string) => string;

/** `{ ...all, [KEY]: VALUE }`. */
function ofEntries({ kind, rest }: Copy, parameters: string, around: AroundResult): Around | undefined {
  const [pair, more] = rest;
  const key = pair?.type === "pair" ? pair.childForFieldName("key") : undefined;
  const value = pair?.childForFieldName("value");
  if (kind !== "object" || more !== undefined || key?.type !== "computed_property_name" || !value) return undefined;
  return { before: "Object.fromEntries(", after: `.map(${parameters} => ${around(`[${key.text.slice(1, -1)}, ${value.text}]`)}))` };
}

/** `[...all, A, ...B]`. */
function ofElements({ kind, rest }: Copy, parameters: string, around: AroundResult): Around | undefined {
  const elements = rest.map((each) => each.text);
  const [only = "", more] = elements;
  if (kind !== "array") return undefined;
  if (more !== undefined || only.startsWith("..."))
    return { before: "", after: `.flatMap(${parameters} => ${around(`[${elements.join(", ")}]`)})` };
  const text = around(only);
  return { before: "", after: `.map(${parameters} => ${text.startsWith("{") && text === only ? `(${only})` : text})` };
}

/** `{}`, and `{} as Table` of TypeScript. */
function isEmpty(start: Node, type: "object" | "array"): boolean {
  const node = start.type === "as_expression" ? (start.firstNamedChild ?? start) : start;
  return node.type === type && node.namedChildCount === 0;
}
