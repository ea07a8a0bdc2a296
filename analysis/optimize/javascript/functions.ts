/** The functions of a JavaScript or TypeScript file that can be called from its last line, and so be proved one by one. */
import type { Node } from "@vscode/tree-sitter-wasm";

export interface ReachableFunction {
  /** `name`, `Class.method`, or what it was assigned to: `exports.parse`. */
  readonly name: string;
  readonly node: Node;
  readonly body: Node;
  /** Expressions for the end of the file: the function, and what `this` is where nobody says. */
  readonly expression: string;
  readonly self: string;
}

const FUNCTIONS = new Set(["function_declaration", "generator_function_declaration"]);
export const CLASSES: ReadonlySet<string> = new Set(["class_declaration", "abstract_class_declaration"]);
const VALUES = new Set(["arrow_function", "function_expression", "function", "generator_function"]);

/** Functions at the top of the file, methods of its classes, and functions that are assigned there. Of several with one name none. */
export function reachableFunctions(root: Node): ReachableFunction[] {
  const found = root.namedChildren.flatMap((statement) => (statement === null ? [] : ofStatement(statement)));
  return found.filter(({ name }, at) => found.every((other, where) => where === at || other.name !== name));
}

function ofStatement(statement: Node): ReachableFunction[] {
  if (statement.type === "export_statement") {
    const declared = statement.childForFieldName("declaration");
    return declared === null ? [] : ofStatement(declared);
  }
  const name = statement.childForFieldName("name")?.text;
  if (FUNCTIONS.has(statement.type)) return name === undefined ? [] : reachable(name, statement, name, "undefined");
  if (CLASSES.has(statement.type)) return name === undefined ? [] : methodsOf(statement, name);
  if (statement.type === "lexical_declaration" || statement.type === "variable_declaration") {
    return statement.namedChildren.flatMap((each) => {
      const [left, value] = [each?.childForFieldName("name"), each?.childForFieldName("value")];
      return left?.type === "identifier" && value && VALUES.has(value.type) ? reachable(left.text, value, left.text, "undefined") : [];
    });
  }
  const assignment = statement.type === "expression_statement" ? statement.firstNamedChild : null;
  if (assignment?.type !== "assignment_expression") return [];
  const [left, right] = [assignment.childForFieldName("left"), assignment.childForFieldName("right")];
  if (!left || !right || !VALUES.has(right.type) || !/^[\w$]+(\.[\w$]+)+$/.test(left.text)) return [];
  const object = left.text.slice(0, left.text.lastIndexOf("."));
  return reachable(left.text, right, left.text, /\.prototype$|^(module\.)?exports$|^module$/.test(object) ? "undefined" : object);
}

function reachable(name: string, node: Node, expression: string, self: string): ReachableFunction[] {
  const body = node.childForFieldName("body");
  return body === null ? [] : [{ name, node, body, expression, self }];
}

function methodsOf(declaration: Node, name: string): ReachableFunction[] {
  const members = declaration.childForFieldName("body")?.namedChildren ?? [];
  return members.flatMap((member) => {
    const method = member?.type === "method_definition" ? member : undefined;
    const named = method?.childForFieldName("name");
    if (!method || named?.type !== "property_identifier" || named.text === "constructor") return [];
    const words = method.children.map((child) => child?.text);
    if (words.includes("get") || words.includes("set")) return [];
    const isStatic = words.includes("static");
    const owner = isStatic ? name : `${name}.prototype`;
    return reachable(`${name}.${named.text}`, method, `${owner}.${named.text}`, isStatic ? name : "undefined");
  });
}

/** The one that a node lies in. */
export function reachableAround(node: Node): ReachableFunction | undefined {
  return reachableFunctions(node.tree.rootNode).find(({ body }) => body.startIndex <= node.startIndex && node.endIndex <= body.endIndex);
}
