import type { Node } from "@vscode/tree-sitter-wasm";
import { reachableAround } from "./javascript/functions.js";
import type { Rule } from "./rule.js";

/**
 * The outermost function around a node that other code can call by name: `function`, or `Class.method` of a class of the module. What is inside
 * a function is reached through it.
 */
export function subjectOf(node: Node, language: Rule["language"]): string | undefined {
  if (language === "javascript") return reachableAround(node)?.name;
  if (language !== "python") return declaredAround(node);
  let names: string[] = [];
  let reached = false;
  for (let at: Node | null = node; at !== null; at = at.parent) {
    const isFunction = at.type === "function_definition";
    if (!isFunction && at.type !== "class_definition") continue;
    const name = at.childForFieldName("name")?.text ?? "";
    names = isFunction ? [name] : [name, ...names];
    reached = isFunction || reached;
  }
  return reached ? names.join(".") : undefined;
}

/** The name of the function around a node of Go, Java or Rust: it tells findings apart, and nothing is run by it. */
function declaredAround(node: Node): string | undefined {
  for (let at: Node | null = node; at !== null; at = at.parent) {
    if (/^(function|method|constructor)_(declaration|item)$/.test(at.type)) return at.childForFieldName("name")?.text;
  }
  return undefined;
}
