import type { Node } from "@vscode/tree-sitter-wasm";
import type { Rule } from "./rule.js";

const FUNCTIONS: Readonly<Record<Rule["language"], readonly string[]>> = {
  python: ["function_definition"],
  javascript: ["function_declaration", "generator_function_declaration", "method_definition"],
};
const CLASSES: readonly string[] = ["class_definition", "class_declaration"];

/**
 * The outermost function around a node that other code can call by name: `function`, or `Class.method` of a class of the module. What is inside
 * a function is reached through it.
 */
export function subjectOf(node: Node, language: Rule["language"]): string | undefined {
  let names: string[] = [];
  let reached = false;
  for (let at: Node | null = node; at !== null; at = at.parent) {
    const isFunction = FUNCTIONS[language].includes(at.type);
    if (!isFunction && !CLASSES.includes(at.type)) continue;
    const name = at.childForFieldName("name")?.text ?? "";
    names = isFunction ? [name] : [name, ...names];
    reached = isFunction || reached;
  }
  return reached ? names.join(".") : undefined;
}
