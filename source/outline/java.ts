import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, enclosingClass, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Names as the JVM has them: `com.acme.Main$Inner.run`, `Main.<init>`, `Main$1.compare`, `Main.lambda$run$0`. */
export const java: LanguageRules = {
  grammar: "tree-sitter-java.wasm",
  languageIds: ["java"],
  extensions: [".java"],
  query: `
    (method_declaration body: (_)) @function
    [(constructor_declaration) (compact_constructor_declaration) (lambda_expression) (static_initializer)] @function
    [(class_declaration) (interface_declaration) (enum_declaration) (record_declaration) (annotation_type_declaration)] @scope
    (object_creation_expression (class_body) @scope)
    (enum_constant (class_body) @scope)
    [(for_statement) (enhanced_for_statement) (while_statement) (do_statement)] @loop`,
  separator: ".",
  fileScope: (root) =>
    root.namedChildren
      .find((child) => child?.type === "package_declaration")
      ?.namedChildren.find((child) => child?.type === "scoped_identifier" || child?.type === "identifier")?.text ?? "",
  describe,
};

function describe(node: Node, kind: "function" | "scope", parent: Scope): Described {
  if (kind === "scope") {
    return describeClass(node, parent);
  }
  const owner = enclosingClass(parent);
  const nameNode = node.childForFieldName("name") ?? undefined;
  const inOwner = (name: string) => joinName(owner?.qualifiedName ?? parent.qualifiedName, ".", name);
  switch (node.type) {
    case "lambda_expression": {
      const method = enclosingMethod(parent);
      const number = owner ? owner.closures++ : 0;
      // javac numbers lambdas by class, mostly in the order of the text; find-function.ts doesn't rely on the number.
      return { name: holder(node), qualifiedName: inOwner(`lambda$${method}$${number}`), anonymous: true };
    }
    case "static_initializer":
      return { name: "static", qualifiedName: inOwner("<clinit>") };
    case "constructor_declaration":
    case "compact_constructor_declaration":
      return { name: nameNode?.text ?? "", nameNode, qualifiedName: inOwner("<init>") };
    default:
      return { name: nameNode?.text ?? "", nameNode };
  }
}

function describeClass(node: Node, parent: Scope): Described {
  const owner = enclosingClass(parent);
  const name = fieldText(node, "name");
  if (!owner) {
    return { name };
  }
  if (node.type === "class_body") {
    return { name: "", qualifiedName: `${owner.qualifiedName}$${++owner.anonymousClasses}` };
  }
  // A class inside a method has a number before its name.
  return { name, qualifiedName: `${owner.qualifiedName}$${parent.kind === "function" ? "1" : ""}${name}` };
}

function enclosingMethod(scope: Scope): string {
  let method = scope;
  while (method.kind === "function" && /\.lambda\$[^.]*$/.test(method.qualifiedName) && method.parent) {
    method = method.parent;
  }
  if (method.kind === "scope") {
    return "new";
  }
  return method.qualifiedName.endsWith(".<init>") ? "new" : method.name;
}

function holder(lambda: Node): string {
  const parent = lambda.parent;
  if (parent?.type === "variable_declarator") {
    return fieldText(parent, "name");
  }
  return parent?.type === "assignment_expression" ? fieldText(parent, "left") : "";
}
