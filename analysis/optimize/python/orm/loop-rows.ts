/** Where the rows of a loop come from, as far as one function tells: the query that a loop over its results runs. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { bindingsOf, functionAround } from "../names.js";

/** What binds a name where it is read. */
export type Binder =
  /** Elements of `rows` one after the other; `scope` is where they are bound. */
  { readonly kind: "loop"; readonly rows: Node; readonly scope: Node } | { readonly kind: "parameter"; readonly of: string };

const COMPREHENSIONS = /_comprehension$|^generator_expression$/;

/** The loop around `node`, or the function, that gives `name` its value; undefined for anything else. */
export function binderOf(node: Node, name: string): Binder | undefined {
  for (let at = node, parent = node.parent; parent !== null; at = parent, parent = parent.parent) {
    if (parent.type === "for_statement" && parent.childForFieldName("body")?.id === at.id) {
      const rows = loopedOver(parent, name);
      if (rows !== undefined) return rows === "other" ? undefined : { kind: "loop", rows, scope: parent };
    } else if (COMPREHENSIONS.test(parent.type)) {
      for (const clause of parent.namedChildren) {
        if (clause?.type !== "for_in_clause" || clause.id === at.id) continue;
        const rows = loopedOver(clause, name);
        if (rows !== undefined) return rows === "other" ? undefined : { kind: "loop", rows, scope: parent };
      }
    } else if (parent.type === "function_definition") {
      const named = parent.childForFieldName("parameters")?.namedChildren.some((each) => parameterName(each) === name) === true;
      return named ? { kind: "parameter", of: parent.childForFieldName("name")?.text ?? "" } : undefined;
    } else if (parent.type === "lambda" || parent.type === "class_definition") return undefined;
  }
  return undefined;
}

/** What is looped over where `name` is the loop's variable; "other" where the loop binds it in a way that isn't understood. */
function loopedOver(loop: Node, name: string): Node | "other" | undefined {
  const left = loop.childForFieldName("left");
  const right = loop.childForFieldName("right");
  if (!left || !right) return undefined;
  if (left.type === "identifier") return left.text === name ? right : undefined;
  if (!left.descendantsOfType("identifier").some((each) => each?.text === name)) return undefined;
  const isSecond = left.namedChildCount === 2 && left.namedChildren[1]?.text === name;
  return isSecond && calledName(right) === "enumerate" ? right : "other";
}

function parameterName(parameter: Node | null): string | undefined {
  if (parameter?.type === "identifier") return parameter.text;
  return parameter?.childForFieldName("name")?.text ?? parameter?.namedChildren.find((each) => each?.type === "identifier")?.text;
}

/** The name of a function that is called by its bare name. */
export function calledName(node: Node): string | undefined {
  const callee = node.type === "call" ? node.childForFieldName("function") : null;
  return callee?.type === "identifier" ? callee.text : undefined;
}

/** `query` of `a.query(…)`, with `a`. */
export function calledMethod(node: Node): { readonly name: string; readonly object: Node } | undefined {
  const callee = node.type === "call" ? node.childForFieldName("function") : null;
  const object = callee?.type === "attribute" ? callee.childForFieldName("object") : null;
  return object === null ? undefined : { name: callee?.childForFieldName("attribute")?.text ?? "", object };
}

/** The arguments of a call, or none where they aren't all plain ones. */
export function plainArguments(call: Node): readonly Node[] {
  const list = call.childForFieldName("arguments");
  const all =
    list?.type === "argument_list" ? list.namedChildren.filter((each): each is Node => each !== null && each.type !== "comment") : [];
  return all.some(({ type }) => type === "list_splat" || type === "dictionary_splat") ? [] : all;
}

/**
 * The value that a local variable has: its first one where all others are made of it, as in `query = query.filter(…)`. Undefined where that can't be told, and for
 * what the function doesn't bind.
 */
export function localValue(name: Node): Node | undefined {
  const fn = functionAround(name);
  if (fn === undefined) return undefined;
  const bindings = bindingsOf(fn, name.text);
  const values = bindings.map((each) => (each.parent?.type === "assignment" ? each.parent.childForFieldName("right") : null));
  const [first, ...others] = values;
  if (!first || first.startIndex > name.startIndex) return undefined;
  return others.every((each) => each !== null && each !== undefined && rootOfChain(each).text === name.text) ? first : undefined;
}

/** `query` of `query.filter(…).limit(…)`. */
function rootOfChain(node: Node): Node {
  let at = node;
  for (;;) {
    const method = calledMethod(at);
    if (method === undefined) return at;
    at = method.object;
  }
}
