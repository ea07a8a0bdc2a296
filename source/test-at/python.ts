import type { Node } from "@vscode/tree-sitter-wasm";
import { withAncestors } from "./ancestors.js";

/** The outermost function whose name begins with "test", in classes or not: what pytest collects unless it is told otherwise. */
export function pythonTest(node: Node): { name: string; selector: string } | undefined {
  const names: string[] = [];
  let isTest = false;
  for (const at of withAncestors(node)) {
    // A decorator stands beside its function.
    const definition = at.type === "decorated_definition" && names.length === 0 ? at.childForFieldName("definition") : at;
    const name = definition?.childForFieldName("name")?.text ?? "";
    if (definition?.type === "function_definition") {
      names.splice(0, names.length, name);
      isTest = name.startsWith("test");
    } else if (definition?.type === "class_definition" && names.length > 0) {
      names.unshift(name);
    }
  }
  const selector = names.join("::");
  return isTest ? { name: selector, selector } : undefined;
}
