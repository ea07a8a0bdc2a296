import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Names as .NET's metadata has them: `Acme.Shop.Cart.Total`, `Cart..ctor`, `Cart.get_Size`. */
export const csharp: LanguageRules = {
  grammar: "tree-sitter-c-sharp.wasm",
  languageIds: ["csharp"],
  extensions: [".cs"],
  query: `
    (method_declaration body: (_)) @function
    [(constructor_declaration) (destructor_declaration) (operator_declaration) (local_function_statement)
     (lambda_expression) (anonymous_method_expression)] @function
    (accessor_declaration body: (_)) @function
    [(namespace_declaration) (class_declaration) (struct_declaration) (record_declaration) (interface_declaration)] @scope
    [(for_statement) (foreach_statement) (while_statement) (do_statement)] @loop`,
  separator: ".",
  fileScope: (root) => {
    const namespace = root.namedChildren.find((child) => child?.type === "file_scoped_namespace_declaration");
    return namespace ? fieldText(namespace, "name") : "";
  },
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  const name = nameNode?.text ?? "";
  const inParent = (spelled: string) => joinName(parent.qualifiedName, ".", spelled);
  switch (node.type) {
    case "constructor_declaration":
      return { name, nameNode, qualifiedName: inParent(".ctor") };
    case "destructor_declaration":
      return { name: `~${name}`, nameNode, qualifiedName: inParent("Finalize") };
    case "operator_declaration":
      return { name: `operator ${fieldText(node, "operator")}`, qualifiedName: inParent(`operator ${fieldText(node, "operator")}`) };
    case "accessor_declaration": {
      const property = node.parent?.parent ? fieldText(node.parent.parent, "name") || "Item" : "";
      const spelled = `${name}_${property}`;
      return { name: spelled, qualifiedName: inParent(spelled) };
    }
    case "lambda_expression":
    case "anonymous_method_expression":
      return { name: holder(node), qualifiedName: inParent("<lambda>"), anonymous: true };
    default:
      return { name, nameNode };
  }
}

function holder(lambda: Node): string {
  const parent = lambda.parent;
  if (parent?.type === "variable_declarator") {
    return fieldText(parent, "name") || (parent.namedChild(0)?.text ?? "");
  }
  return parent?.type === "assignment_expression" ? fieldText(parent, "left") : "";
}
