/**
 * A copy by way of a text: `JSON.parse(JSON.stringify(row))` in hot code. A function of the file that copies plain objects and lists itself does the same without the text, and leaves everything
 * else to JSON as before: dates and all that has a `toJSON`, classes, wide integers.
 *
 * Evidence: what the line does without calling other JavaScript code, for both are the engine's own.
 *
 * Traps, each of which makes it no match: a replacer, a reviver; `JSON` bound in the file. Values that hold themselves (JSON says so, and this runs out of stack), proxies and getters with
 * side effects are for the proof.
 */
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { freeName, placesOf, runsOften } from "./names.js";

export const copyByJson: Rule = {
  id: "javascript-copy-by-json",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: ownOfLines,
  match(call) {
    const [written, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
    const [value, replacer] = written?.childForFieldName("arguments")?.namedChildren ?? [];
    if (call.childForFieldName("function")?.text !== "JSON.parse" || written?.childForFieldName("function")?.text !== "JSON.stringify")
      return undefined;
    if (more || !value || replacer || value.type === "spread_element" || call.descendantsOfType("comment").length > 0 || !runsOften(call))
      return undefined;
    const root = call.tree.rootNode;
    if (placesOf(root, "JSON").some(({ parent }) => parent?.type !== "member_expression")) return undefined;
    const name = freeName(root, "copyAsJson");
    const isTyped = root.descendantsOfType("type_annotation").length > 0;
    return {
      title: `Copy it without a text, by ${name}`,
      reason: "is spent on the line that writes a value as JSON to read it again",
      node: call,
      edits: [
        { start: call.startIndex, end: call.endIndex, text: `${name}(${value.text})` },
        { start: root.endIndex, end: root.endIndex, text: `${root.text.endsWith("\n") ? "" : "\n"}\n${copier(name, isTyped)}\n` },
      ],
    };
  },
};

function copier(name: string, isTyped: boolean): string {
  const any = isTyped ? ": any" : "";
  return `
// What JSON makes of a value, plain lists and objects without the way over a text.
function ${name}(value${any})${any} {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (typeof value === "object" && value !== null && value.toJSON === undefined) {
    if (Array.isArray(value)) return Array.from(value, (each) => ${name}(each) ?? null);
    if (Object.getPrototypeOf(value) === Object.prototype) {
      const entries = Object.keys(value).map((key) => [key, ${name}(value[key])]);
      return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
    }
  }
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}`.trim();
}
