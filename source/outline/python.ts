import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Names as in `__qualname__` (PEP 3155): what is inside a function follows `.<locals>.`. */
export const python: LanguageRules = {
  grammar: "tree-sitter-python.wasm",
  languageIds: ["python"],
  extensions: [".py", ".pyi", ".pyw", ".pyx"],
  query: `
    (function_definition) @function
    (lambda) @function
    (class_definition) @scope
    [(for_statement) (while_statement) (list_comprehension) (dictionary_comprehension) (set_comprehension) (generator_expression)] @loop`,
  separator: ".",
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const prefix = parent.kind === "function" ? `${parent.qualifiedName}.<locals>` : parent.qualifiedName;
  if (node.type === "lambda") {
    return { name: holder(node), qualifiedName: joinName(prefix, ".", "<lambda>"), anonymous: true };
  }
  const name = fieldText(node, "name");
  const decorated = node.parent?.type === "decorated_definition" ? node.parent : undefined;
  return {
    name,
    qualifiedName: joinName(prefix, ".", name),
    nameNode: node.childForFieldName("name") ?? undefined,
    startNode: decorated,
  };
}

/** What a lambda is assigned or passed to: `f = lambda …`, `sort(key=lambda …)`, `{"k": lambda …}`. */
function holder(lambda: Node): string {
  const parent = lambda.parent;
  switch (parent?.type) {
    case "assignment":
      return fieldText(parent, "left");
    case "keyword_argument":
    case "default_parameter":
      return fieldText(parent, "name");
    case "pair":
      return fieldText(parent, "key").replaceAll(/^["']|["']$/g, "");
    default:
      return "";
  }
}
