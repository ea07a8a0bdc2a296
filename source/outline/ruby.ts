import type { Node } from "@vscode/tree-sitter-wasm";
import { type Described, enclosingClass, fieldText, joinName, type LanguageRules, type Scope } from "./rules.js";

/** Methods that run their block once an element: Ruby's usual loops. */
const loopCalls =
  "^(each|each_with_index|each_with_object|each_slice|each_cons|each_pair|each_key|each_value|each_char|each_line|each_index|times|upto|downto|step|loop|map|flat_map|filter_map|select|filter|reject|collect|reduce|inject|sum|find|detect|all|any|none|count|group_by|sort_by|min_by|max_by|partition|zip|tally_by)[?!]?$";

/** Names as Ruby's backtraces have them since 3.4: `Shop::Cart#total`, `Shop::Cart.open`. */
export const ruby: LanguageRules = {
  grammar: "tree-sitter-ruby.wasm",
  languageIds: ["ruby"],
  extensions: [".rb", ".rake", ".ru", ".gemspec"],
  query: `
    [(method) (singleton_method) (lambda)] @function
    [(class) (module) (singleton_class)] @scope
    [(for) (while) (until) (while_modifier) (until_modifier)] @loop
    ((call method: (identifier) @_name block: (_)) @loop (#match? @_name "${loopCalls}"))`,
  separator: "::",
  describe,
};

function describe(node: Node, _kind: "function" | "scope", parent: Scope): Described {
  const nameNode = node.childForFieldName("name") ?? undefined;
  const name = nameNode?.text ?? "";
  switch (node.type) {
    case "singleton_class":
      // `class << self`: its methods are the class's own.
      return { name: "<<", qualifiedName: parent.qualifiedName };
    case "method":
      return { name, nameNode, qualifiedName: methodName(parent, name) };
    case "singleton_method":
      return { name, nameNode, qualifiedName: joinName(enclosingClass(parent)?.qualifiedName ?? fieldText(node, "object"), ".", name) };
    case "lambda":
      return { name: holder(node), qualifiedName: `block in ${parent.qualifiedName || "<main>"}`, anonymous: true };
    default:
      return { name };
  }
}

function methodName(parent: Scope, name: string): string {
  const owner = enclosingClass(parent);
  return owner ? `${owner.qualifiedName}${owner.name === "<<" ? "." : "#"}${name}` : `Object#${name}`;
}

function holder(lambda: Node): string {
  return lambda.parent?.type === "assignment" ? fieldText(lambda.parent, "left") : "";
}
