import type { Node } from "@vscode/tree-sitter-wasm";

/** A node and what it lies in, innermost first. */
export function withAncestors(node: Node): Node[] {
  const found: Node[] = [];
  for (let at: Node | null = node; at !== null; at = at.parent) {
    found.push(at);
  }
  return found;
}
