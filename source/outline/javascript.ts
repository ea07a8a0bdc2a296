import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, joinName, type LanguageRules, type Scope } from "./rules.js";

const query = `
  [(function_declaration) (generator_function_declaration) (function_expression) (generator_function)
   (arrow_function) (method_definition)] @function
  [(class_declaration) (class) (class_static_block)] @scope
  [(for_statement) (for_in_statement) (while_statement) (do_statement)] @loop`;

/** The grammar reads JSX too. */
export const javascript: LanguageRules = {
  grammar: "tree-sitter-javascript.wasm",
  languageIds: ["javascript", "javascriptreact"],
  extensions: [".js", ".mjs", ".cjs", ".jsx"],
  query,
  separator: ".",
  describe,
};

const typescriptQuery = `${query} [(abstract_class_declaration) (internal_module) (module)] @scope`;

export const typescript: LanguageRules = {
  ...javascript,
  grammar: "tree-sitter-typescript.wasm",
  languageIds: ["typescript"],
  extensions: [".ts", ".mts", ".cts"],
  query: typescriptQuery,
};

/** A grammar of its own, because `<T>x` is a cast in one and an element in the other. */
export const typescriptReact: LanguageRules = {
  ...typescript,
  grammar: "tree-sitter-tsx.wasm",
  languageIds: ["typescriptreact"],
  extensions: [".tsx"],
};

function describe(node: Node, kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  if (nameNode) {
    const name = nameNode.text;
    return { name, nameNode, startNode: firstDecorator(node) };
  }
  const held = holder(node);
  const name = node.parent?.type === "export_statement" ? "default" : (held?.text.replaceAll(/^["'`]|["'`]$/g, "") ?? "");
  if (kind === "scope") {
    return { name, qualifiedName: joinName(parent.qualifiedName, ".", name || "<anonymous>") };
  }
  return {
    name,
    qualifiedName: joinName(parent.qualifiedName, ".", name || "<anonymous>"),
    // A function that starts below its name, as in a long `a = b =\n function …`, keeps its lens by its own start.
    nameNode: held && held.startPosition.row === node.startPosition.row ? held : undefined,
    anonymous: true,
  };
}

/** Decorators of a method are its earlier siblings. */
function firstDecorator(node: Node): Node | undefined {
  let first: Node | undefined;
  for (let before = node.previousNamedSibling; before?.type === "decorator"; before = before.previousNamedSibling) {
    first = before;
  }
  return first;
}

/** The variable or property that a function value goes to; JavaScript's own rule of naming, and member assignments besides. */
function holder(value: Node): Node | undefined {
  const parent = value.parent;
  switch (parent?.type) {
    case "variable_declarator":
    case "public_field_definition":
      return parent.childForFieldName("name") ?? undefined;
    case "field_definition":
      return parent.childForFieldName("property") ?? undefined;
    case "pair":
      return parent.childForFieldName("key") ?? undefined;
    case "assignment_expression":
    case "assignment_pattern": {
      const left = parent.childForFieldName("left");
      return (left?.type === "member_expression" ? left.childForFieldName("property") : left) ?? undefined;
    }
    case "jsx_expression":
      return parent.parent?.type === "jsx_attribute" ? (parent.parent.namedChild(0) ?? undefined) : undefined;
    case "parenthesized_expression":
    case "as_expression":
    case "satisfies_expression":
      return holder(parent);
    default:
      return undefined;
  }
}
