import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Names as rustc's demangler prints them, without crate and file module: `Grid::step`, `<Grid as Display>::fmt`, `run::{closure#0}`. */
export const rust: LanguageRules = {
  grammar: "tree-sitter-rust.wasm",
  languageIds: ["rust"],
  extensions: [".rs"],
  query: `
    (function_item) @function
    [(closure_expression) (async_block)] @function
    (mod_item body: (_)) @scope
    [(impl_item) (trait_item)] @scope
    [(for_expression) (while_expression) (loop_expression)] @loop`,
  separator: "::",
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  switch (node.type) {
    case "closure_expression":
    case "async_block": {
      const closure = `{closure#${parent.closures++}}`;
      return { name: holder(node), qualifiedName: joinName(parent.qualifiedName, "::", closure), anonymous: true };
    }
    case "impl_item": {
      const type = lastSegment(fieldText(node, "type"));
      const trait = lastSegment(fieldText(node, "trait"));
      return { name: type, qualifiedName: joinName(parent.qualifiedName, "::", trait === "" ? type : `<${type} as ${trait}>`) };
    }
    default: {
      const name = nameNode?.text ?? "";
      const described = { name, nameNode, startNode: firstAttribute(node) };
      // The body of an async function is its first closure, and what is inside follows that.
      return isAsync(node) ? { ...described, innerName: `${joinName(parent.qualifiedName, "::", name)}::{closure#0}` } : described;
    }
  }
}

/** `std::fmt::Display<T>` → `Display`. References and other types without a name stay as they are. */
function lastSegment(path: string): string {
  const plain = path.replace(/<.*$/s, "");
  return /^[\w:]+$/.test(plain) ? plain.slice(plain.lastIndexOf(":") + 1) : plain;
}

function isAsync(node: Node): boolean {
  return node.namedChildren.some((child) => child?.type === "function_modifiers" && /\basync\b/.test(child.text));
}

function firstAttribute(item: Node): Node | undefined {
  let first: Node | undefined;
  for (let before = item.previousNamedSibling; before?.type === "attribute_item"; before = before.previousNamedSibling) {
    first = before;
  }
  return first;
}

function holder(closure: Node): string {
  const parent = closure.parent;
  if (parent?.type === "let_declaration") {
    return fieldText(parent, "pattern");
  }
  return parent?.type === "field_initializer" ? fieldText(parent, "field") : "";
}
