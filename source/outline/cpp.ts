import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** C and C++; names as demanglers print them, without arguments and template arguments: `ns::Grid::step`, `(anonymous namespace)::f`. */
export const cpp: LanguageRules = {
  grammar: "tree-sitter-cpp.wasm",
  languageIds: ["c", "cpp", "cuda-cpp"],
  extensions: [".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tcc", ".cu"],
  query: `
    (function_definition body: (_)) @function
    (lambda_expression) @function
    (namespace_definition) @scope
    (class_specifier body: (_)) @scope
    (struct_specifier body: (_)) @scope
    (union_specifier body: (_)) @scope
    [(for_statement) (for_range_loop) (while_statement) (do_statement)] @loop`,
  separator: "::",
  describe,
};

function describe(node: Node, kind: "function" | "scope", parent: Scope): Described | undefined {
  if (kind === "scope") {
    const fallback = node.type === "namespace_definition" ? "(anonymous namespace)" : "{unnamed}";
    return { name: withoutTemplateArguments(fieldText(node, "name")) || fallback };
  }
  if (node.type === "lambda_expression") {
    const number = ++parent.closures;
    return { name: holder(node), qualifiedName: joinName(parent.qualifiedName, "::", `{lambda#${number}}`), anonymous: true };
  }
  const nameNode = declaredName(node.childForFieldName("declarator"));
  if (!nameNode) {
    return undefined;
  }
  // An out-of-line member carries its class: `Grid::step`. The simple name is the last part.
  const conversion = /^(.*\boperator\s+[\w:]+[^(]*)\(\s*\)/s.exec(nameNode.text)?.[1];
  const full = withoutTemplateArguments(conversion ?? nameNode.text)
    .replaceAll(/\s*::\s*/g, "::")
    .replace(/^::/, "");
  const name = full.startsWith("operator") ? full : full.slice(lastSeparator(full));
  return {
    name,
    nameNode,
    qualifiedName: joinName(parent.qualifiedName, "::", full),
    startNode: node.parent?.type === "template_declaration" ? node.parent : undefined,
  };
}

function lastSeparator(full: string): number {
  const operator = full.indexOf("::operator");
  const at = operator >= 0 ? operator : full.lastIndexOf("::");
  return at < 0 ? 0 : at + 2;
}

/** Through pointers, references, attributes and parameter lists down to the name. */
function declaredName(declarator: Node | null): Node | undefined {
  let node = declarator;
  while (node) {
    switch (node.type) {
      case "identifier":
      case "field_identifier":
      case "qualified_identifier":
      case "destructor_name":
      case "operator_name":
      case "operator_cast":
      case "template_function":
      case "type_identifier":
        return node;
      default:
        // reference_declarator and attributed_declarator have their inner declarator without a field.
        node = node.childForFieldName("declarator") ?? node.namedChildren.find((child) => child?.type.endsWith("declarator")) ?? null;
        if (!node) {
          return undefined;
        }
    }
  }
  return undefined;
}

function holder(lambda: Node): string {
  const parent = lambda.parent;
  if (parent?.type === "init_declarator") {
    return fieldText(parent, "declarator");
  }
  return parent?.type === "assignment_expression" ? fieldText(parent, "left") : "";
}

/** `map<int, V>::find` → `map::find`; the signs of `operator<` and its like stay. */
function withoutTemplateArguments(name: string): string {
  const operator = /\boperator\s*[<>=\-+!*/%^&|~,([].*$/s.exec(name)?.[0] ?? "";
  let rest = name.slice(0, name.length - operator.length);
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replaceAll(/\s*<[^<>]*>/g, "");
  }
  return rest + operator;
}
