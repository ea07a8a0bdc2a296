/** Who binds a name in a Python file, as far as one file can tell. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import { namesIn } from "../names-in-tree.js";

/** The statement `import MODULE` or `import MODULE as NAME` at the top level of the file that alone binds `name` in it; else undefined. */
export function soleImport(root: Node, module: string, name: string): Node | undefined {
  const bound = bindingsOf(root, name);
  const [only] = bound;
  if (only === undefined || bound.length > 1) return undefined;
  const statement = statementOf(only);
  if (statement.type !== "import_statement" || statement.parent?.type !== "module") return undefined;
  const imports = statement.namedChildren.some((child) =>
    child?.type === "aliased_import"
      ? child.childForFieldName("name")?.text === module && child.childForFieldName("alias")?.text === name
      : child?.text === module && module === name,
  );
  return imports ? statement : undefined;
}

/** Of each tree by name: what asks for a node's parent begins at the root. */
const bindings = new WeakMap<object, Map<string, Node[]>>();

/** Every identifier of a file that may bind `name`, wherever; `*` imports count as none. */
export function bindingsOf(root: Node, name: string): Node[] {
  const { tree, startIndex, endIndex } = root;
  const names = bindings.get(tree) ?? new Map<string, Node[]>();
  bindings.set(tree, names);
  const all = names.get(name) ?? namesIn(tree.rootNode, name, "identifier").filter(isBinding);
  names.set(name, all);
  return all.filter((each) => each.startIndex >= startIndex && each.endIndex <= endIndex);
}

export function isUsed(root: Node, name: string): boolean {
  return namesIn(root, name, "identifier").length > 0;
}

const BINDING_FIELDS: Readonly<Record<string, readonly string[]>> = {
  assignment: ["left"],
  augmented_assignment: ["left"],
  named_expression: ["name"],
  for_statement: ["left"],
  for_in_clause: ["left"],
  function_definition: ["name"],
  class_definition: ["name"],
  aliased_import: ["alias"],
  default_parameter: ["name"],
  typed_default_parameter: ["name"],
};
const BINDING_PARENTS = new Set([
  "parameters",
  "lambda_parameters",
  "typed_parameter",
  "list_splat_pattern",
  "dictionary_splat_pattern",
  "as_pattern_target",
  "global_statement",
  "nonlocal_statement",
  "delete_statement",
  "case_pattern",
  "pattern_list",
  "tuple_pattern",
  "list_pattern",
  "type_parameter",
]);

function isBinding(identifier: Node): boolean {
  const parent = identifier.parent;
  if (parent === null) return false;
  if (parent.type === "dotted_name") {
    const outer = parent.parent;
    if (outer?.type === "import_statement") return parent.firstNamedChild?.id === identifier.id;
    if (outer?.type === "import_from_statement") return outer.childForFieldName("module_name")?.id !== parent.id;
    return outer?.type === "case_pattern" || outer?.type === "class_pattern";
  }
  const fields = BINDING_FIELDS[parent.type];
  if (fields !== undefined) return fields.some((field) => parent.childForFieldName(field)?.id === identifier.id);
  return BINDING_PARENTS.has(parent.type);
}

/** The statement around a node. */
export function statementOf(node: Node): Node {
  let at = node;
  while (at.parent !== null && at.parent.type !== "module" && at.parent.type !== "block") at = at.parent;
  return at;
}

/** Whether code runs more than once: it is in a function's body, or in a loop. */
export function runsOften(node: Node): boolean {
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (parent.type === "function_definition") return parent.childForFieldName("body")?.id === at.id;
    if (parent.type === "lambda" || parent.type === "while_statement") return true;
    if (parent.type === "for_statement" && parent.childForFieldName("body")?.id === at.id) return true;
    if (/_comprehension$|^generator_expression$/.test(parent.type)) return true;
  }
  return false;
}

/** Puts a definition below the run of imports that begins with `statement`. */
export function belowImports(statement: Node, definition: string): TextEdit {
  let last = statement;
  for (let next = statement.nextNamedSibling; next !== null; next = next.nextNamedSibling) {
    if (next.type === "comment") continue;
    if (next.type !== "import_statement" && next.type !== "import_from_statement") break;
    last = next;
  }
  // A comment behind an import, or another statement on its line, stays there.
  const text = last.tree.rootNode.text;
  const found = /\r?\n/.exec(text.slice(last.endIndex));
  const at = found === null ? text.length : last.endIndex + found.index;
  const lineEnd = found?.[0] ?? "\n";
  return { start: at, end: at, text: `${lineEnd}${lineEnd}${definition}` };
}

/** A string without replacement fields, bytes included, or several in a row. */
export function isPlainString(node: Node): boolean {
  if (node.type === "parenthesized_expression")
    return node.namedChildCount === 1 && node.firstNamedChild !== null && isPlainString(node.firstNamedChild);
  if (node.type === "concatenated_string") return node.namedChildren.every((child) => child !== null && isPlainString(child));
  return node.type === "string" && node.descendantsOfType("interpolation").length === 0 && !/^[rRbBuU]*[fFtT]/.test(node.text);
}

/** `name` with a number where it is taken. */
export function freeName(root: Node, name: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}_${n}`;
    if (!isUsed(root, candidate)) return candidate;
  }
}

/** Makes `module` known to the file: the name to use and the edit, if it needs one. `near` is an import of the top of the file. */
export function importOf(
  root: Node,
  module: string,
  near: Node | undefined,
): { readonly name: string; readonly edits: readonly TextEdit[] } | undefined {
  if (soleImport(root, module, module) !== undefined) return { name: module, edits: [] };
  if (isUsed(root, module)) return undefined;
  const lineEnd = root.text.includes("\r\n") ? "\r\n" : "\n";
  const first = near ?? root.namedChildren.find((each) => each?.type === "import_statement" || each?.type === "import_from_statement");
  if (first) return { name: module, edits: [{ start: first.startIndex, end: first.startIndex, text: `import ${module}${lineEnd}` }] };
  // Below the comments and the text that begin the file.
  const start = root.namedChildren.find(
    (each) => each !== null && each.type !== "comment" && each.type !== "future_import_statement" && !isDocumentation(each),
  );
  if (!start) return undefined;
  return {
    name: module,
    edits: [{ start: start.startIndex, end: start.startIndex, text: `import ${module}${lineEnd}${lineEnd}${lineEnd}` }],
  };
}

function isDocumentation(statement: Node): boolean {
  return statement.type === "expression_statement" && statement.firstNamedChild?.type === "string";
}

/** The statement `from MODULE import NAME` at the top of the file that alone binds `name` in it. */
export function soleName(root: Node, module: string, imported: string, name: string): Node | undefined {
  const [only, more] = bindingsOf(root, name);
  const statement = only && statementOf(only);
  if (!statement || more || statement.type !== "import_from_statement" || statement.parent?.type !== "module") return undefined;
  const isIt = only.parent?.type === "aliased_import" ? only.parent.childForFieldName("name")?.text === imported : name === imported;
  return isIt && statement.childForFieldName("module_name")?.text === module ? statement : undefined;
}

/** The innermost function around a node. */
export function functionAround(node: Node): Node | undefined {
  for (let at = node.parent; at !== null; at = at.parent) if (at.type === "function_definition") return at;
  return undefined;
}
