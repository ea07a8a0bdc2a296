import type { Node, Query } from "@vscode/tree-sitter-wasm";
import { joinName, type LanguageRules, type Scope } from "./rules.js";
import type { Outline, OutlineFunction, OutlineLoop } from "./shape.js";

/** The outline of a parsed text. Works on broken text too: tree-sitter keeps what it could make sense of. */
export function outlineOf(root: Node, query: Query, rules: LanguageRules): Outline {
  const functions: OutlineFunction[] = [];
  const loops: OutlineLoop[] = [];
  const file: Scope = { ...scopeBase, kind: "scope", name: "", qualifiedName: rules.fileScope?.(root) ?? "", parent: undefined };
  const open: { scope: Scope; endIndex: number }[] = [];
  const captures = query.captures(root).map(({ name, node }) => ({ name, node, startIndex: node.startIndex, endIndex: node.endIndex }));
  // Outer nodes first, so that a stack of open scopes is enough.
  captures.sort((a, b) => a.startIndex - b.startIndex || b.endIndex - a.endIndex);
  for (const { name: capture, node, startIndex, endIndex } of captures) {
    if (capture === "loop") {
      loops.push({ startLine: node.startPosition.row + 1, endLine: endLine(node) });
      continue;
    }
    if (capture !== "function" && capture !== "scope") {
      continue;
    }
    while (open.length > 0 && (open.at(-1)?.endIndex ?? 0) <= startIndex) {
      open.pop();
    }
    const parent = open.at(-1)?.scope ?? file;
    const described = rules.describe(node, capture, parent);
    if (!described) {
      continue;
    }
    const { name, kind = capture, anonymous = false, nameNode = node, startNode = node } = described;
    const qualifiedName = described.qualifiedName ?? joinName(parent.qualifiedName, rules.separator, name);
    open.push({ scope: { ...scopeBase, kind, name, qualifiedName: described.innerName ?? qualifiedName, parent }, endIndex });
    if (kind === "function") {
      const start = startNode.startPosition;
      functions.push({
        name,
        qualifiedName,
        anonymous,
        nameLine: nameNode.startPosition.row + 1,
        startLine: start.row + 1,
        startColumn: start.column,
        endLine: endLine(node),
        endColumn: node.endPosition.column,
      });
    }
  }
  return { functions, loops };
}

const scopeBase = { closures: 0, anonymousClasses: 0 };

/** Last line with text of the node: a node that ends at the start of a line ends on the line before. */
function endLine(node: Node): number {
  const { row, column } = node.endPosition;
  return Math.max(node.startPosition.row, column === 0 ? row - 1 : row) + 1;
}
