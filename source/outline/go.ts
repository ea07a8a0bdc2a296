import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, fieldText, type LanguageRules, type Scope } from "./rules.js";

/**
 * Names as in pclntab, but with the package's name for its import path, which the file doesn't hold: `store.(*T).Put`,
 * `store.Map[...]`, and closures by number in their function: `store.Run.func1`, inside another `store.Run.func1.1`.
 */
export const go: LanguageRules = {
  grammar: "tree-sitter-go.wasm",
  languageIds: ["go"],
  extensions: [".go"],
  query: `
    [(function_declaration) (method_declaration) (func_literal)] @function
    (for_statement) @loop`,
  separator: ".",
  fileScope: (root) => root.namedChildren.find((child) => child?.type === "package_clause")?.namedChild(0)?.text ?? "",
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  const name = nameNode?.text ?? "";
  switch (node.type) {
    case "method_declaration":
      return { name, nameNode, qualifiedName: `${parent.qualifiedName}.${receiver(node)}.${name}` };
    case "function_declaration": {
      const generic = node.childForFieldName("type_parameters") ? "[...]" : "";
      return { name, nameNode, qualifiedName: `${parent.qualifiedName}.${name}${generic}` };
    }
    default: {
      const number = ++parent.closures;
      return { name: holder(node), qualifiedName: `${parent.qualifiedName}.${closureName(parent, number)}`, anonymous: true };
    }
  }
}

/** Go 1.21 and later call package-level closures `init.funcN`; before it was `glob..funcN`. */
function closureName(parent: Scope, number: number): string {
  if (parent.kind === "scope") {
    return `init.func${number}`;
  }
  return /\.func\d+(\.\d+)*$/.test(parent.qualifiedName) ? String(number) : `func${number}`;
}

/** `(*T)` or `T`, with `[...]` for type parameters. */
function receiver(method: Node): string {
  const type = method.childForFieldName("receiver")?.namedChild(0)?.childForFieldName("type");
  const pointer = type?.type === "pointer_type";
  const base = pointer ? type.namedChild(0) : type;
  const name = base?.type === "generic_type" ? `${fieldText(base, "type")}[...]` : (base?.text ?? "");
  return pointer ? `(*${name})` : name;
}

/** The variable or field that holds a function literal. */
function holder(literal: Node): string {
  const list = literal.parent;
  if (list?.type === "literal_element" && list.parent?.type === "keyed_element") {
    return list.parent.namedChild(0)?.text.replaceAll(/^["`]|["`]$/g, "") ?? "";
  }
  if (list?.type !== "expression_list") {
    return "";
  }
  const index = list.namedChildren.findIndex((child) => child?.equals(literal) ?? false);
  const owner = list.parent;
  if (owner?.type === "short_var_declaration" || owner?.type === "assignment_statement") {
    return owner.childForFieldName("left")?.namedChild(index)?.text ?? "";
  }
  return owner?.type === "var_spec" ? (owner.childrenForFieldName("name")[index]?.text ?? "") : "";
}
