import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, enclosingClass, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Names as PHP has them: `Acme\Shop\Cart::total`, `Acme\run`, `Acme\{closure}`. */
export const php: LanguageRules = {
  grammar: "tree-sitter-php.wasm",
  languageIds: ["php"],
  extensions: [".php", ".phtml", ".inc"],
  query: `
    [(function_definition) (method_declaration body: (_)) (anonymous_function) (arrow_function)] @function
    [(class_declaration) (interface_declaration) (trait_declaration) (enum_declaration)] @scope
    (namespace_definition body: (_)) @scope
    [(for_statement) (foreach_statement) (while_statement) (do_statement)] @loop`,
  separator: "\\",
  // A namespace without braces holds for the rest of the file.
  fileScope: (root) => {
    const namespace = root.namedChildren.find((child) => child?.type === "namespace_definition" && !child.childForFieldName("body"));
    return namespace ? fieldText(namespace, "name") : "";
  },
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  const name = nameNode?.text ?? "";
  switch (node.type) {
    case "method_declaration":
      return { name, nameNode, qualifiedName: joinName(enclosingClass(parent)?.qualifiedName ?? "", "::", name) };
    case "anonymous_function":
    case "arrow_function": {
      const owner = parent.kind === "function" ? parent.qualifiedName.replace(/[^\\:]*$/, "") : joinName(parent.qualifiedName, "\\", "");
      return { name: holder(node), qualifiedName: `${owner}{closure}`, anonymous: true };
    }
    default:
      return { name, nameNode };
  }
}

function holder(closure: Node): string {
  return closure.parent?.type === "assignment_expression" ? fieldText(closure.parent, "left").replace(/^\$/, "") : "";
}
