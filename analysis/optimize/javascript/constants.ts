/** Values that a syntax tree alone tells. */
import type { Node } from "@vscode/tree-sitter-wasm";

/** Wrapped, so that `undefined` is a value too. */
export interface Constant {
  readonly value: unknown;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", "0": "\0" };
const WORDS = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["undefined", undefined],
]);

/** Texts without fields, numbers, `true` and the like, and lists and objects of those; undefined for everything else. */
export function constantOf(node: Node): Constant | undefined {
  if (node.type === "string" || node.type === "template_string") {
    const value = textOf(node);
    return value === undefined ? undefined : { value };
  }
  if (WORDS.has(node.text)) return { value: WORDS.get(node.text) };
  if (node.type === "number") return node.text.endsWith("n") ? undefined : { value: Number(node.text.replaceAll("_", "")) };
  if (node.type === "unary_expression" && node.firstNamedChild?.type === "number" && node.text.startsWith("-")) {
    return { value: -Number(node.firstNamedChild.text.replaceAll("_", "")) };
  }
  if (node.type === "array") {
    const elements = node.namedChildren.map((each) => (each === null ? undefined : constantOf(each)));
    const isDense = !/\[\s*,|,\s*,/.test(node.text);
    return isDense && elements.every((each) => each !== undefined) ? { value: elements.map((each) => each?.value) } : undefined;
  }
  return node.type === "object" ? objectOf(node) : undefined;
}

function objectOf(node: Node): Constant | undefined {
  const value: Record<string, unknown> = {};
  for (const pair of node.namedChildren) {
    const [key, held] = [pair?.childForFieldName("key"), pair?.childForFieldName("value")];
    const constant = held && constantOf(held);
    if (pair?.type !== "pair" || key?.type !== "property_identifier" || key.text === "__proto__" || !constant) return undefined;
    value[key.text] = constant.value;
  }
  return { value };
}

function textOf(node: Node): string | undefined {
  if (node.descendantsOfType("template_substitution").length > 0) return undefined;
  let known = true;
  const text = node.text.slice(1, -1).replaceAll(/\\(u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|\r\n|[^])/g, (_, escape: string) => {
    if (/^[ux]./.test(escape)) return String.fromCodePoint(Number.parseInt(escape.replaceAll(/[ux{}]/g, ""), 16));
    if (/^[1-9]/.test(escape)) known = false;
    if (/^[\r\n\u2028\u2029]/.test(escape)) return "";
    return ESCAPES[escape] ?? escape;
  });
  return known ? text : undefined;
}
