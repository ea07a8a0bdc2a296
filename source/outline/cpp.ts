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
  const { nameNode, isFunction } = declaredName(node.childForFieldName("declarator"));
  if (!nameNode) {
    return undefined;
  }
  const full = spelledName(nameNode.text);
  if (!isFunction) {
    // `MACRO namespace a {`, `MACRO class A {`: the macro hides from the grammar what it is.
    const hidden = /\b(?:namespace|class|struct|union)\s+([\w:]+)/.exec(nameNode.text)?.[1];
    return hidden === undefined ? undefined : { kind: "scope", name: hidden };
  }
  const name = full.startsWith("operator") ? full : full.slice(lastSeparator(full));
  return {
    name,
    nameNode,
    qualifiedName: joinName(parent.qualifiedName, "::", full),
    startNode: node.parent?.type === "template_declaration" ? node.parent : undefined,
  };
}

/** `Grid<T> :: step` → `Grid::step`: an out-of-line member carries its class. */
function spelledName(text: string): string {
  const conversion = /^(.*\boperator\s+[\w:]+[^(]*)\(\s*\)/s.exec(text)?.[1];
  const plain = withoutTemplateArguments(conversion ?? text)
    .replaceAll(/\s*::\s*/g, "::")
    .replace(/^::/, "");
  // After an unknown macro the grammar takes the return type into the name: `MACRO Error step()`.
  const operator = /\boperator\b/.exec(plain)?.index ?? plain.length;
  return plain.slice(0, operator).replace(/^.*[\s*&]/s, "") + plain.slice(operator);
}

function lastSeparator(full: string): number {
  const operator = full.indexOf("::operator");
  const at = operator >= 0 ? operator : full.lastIndexOf("::");
  return at < 0 ? 0 : at + 2;
}

/** Through pointers, references, attributes and parameter lists down to the name. */
function declaredName(declarator: Node | null): { nameNode?: Node; isFunction: boolean } {
  let isFunction = false;
  for (let node = declarator; node; ) {
    switch (node.type) {
      case "operator_cast":
        return { nameNode: node, isFunction: true };
      case "identifier":
      case "field_identifier":
      case "qualified_identifier":
      case "destructor_name":
      case "operator_name":
      case "template_function":
      case "type_identifier":
        return { nameNode: node, isFunction: isFunction || /\boperator\b/.test(node.text) };
      default:
        isFunction ||= node.type === "function_declarator";
        // reference_declarator and attributed_declarator have their inner declarator without a field.
        node = node.childForFieldName("declarator") ?? node.namedChildren.find((child) => child?.type.endsWith("declarator")) ?? null;
    }
  }
  return { isFunction };
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
