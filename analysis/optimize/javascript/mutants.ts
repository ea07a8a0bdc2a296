/** Small mistakes in JavaScript or TypeScript, one at a time: what a proof tries must notice them. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { applyEdits } from "../finding.js";
import { reachableFunctions } from "./functions.js";

export interface Mutant {
  readonly text: string;
  readonly what: string;
}

const OTHER_NAME: Readonly<Record<string, string>> = {
  test: "exec",
  exec: "test",
  has: "add",
  add: "delete",
  get: "delete",
  set: "has",
  push: "unshift",
  unshift: "push",
  pop: "shift",
  shift: "pop",
  some: "every",
  every: "some",
  filter: "map",
  map: "filter",
  find: "findLast",
  replace: "split",
  replaceAll: "split",
  split: "concat",
  startsWith: "endsWith",
  endsWith: "startsWith",
  includes: "startsWith",
  slice: "concat",
  toLowerCase: "toUpperCase",
  toUpperCase: "toLowerCase",
  trim: "trimEnd",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  keys: "values",
  values: "keys",
  entries: "keys",
  concat: "slice",
  format: "formatToParts",
  compare: "resolvedOptions",
  select: "resolvedOptions",
  match: "search",
  search: "match",
  matchAll: "match",
  join: "concat",
  Set: "Array",
  Map: "Set",
  Array: "Set",
  all: "race",
  parse: "stringify",
  stringify: "parse",
  sort: "reverse",
  reverse: "sort",
  forEach: "map",
  at: "indexOf",
};
const OTHER_OPERATOR: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "==": "!=",
  "!=": "==",
  "+": "-",
  "-": "+",
  "*": "+",
  "/": "*",
  "%": "+",
  "&&": "||",
  "||": "&&",
  "??": "&&",
  "+=": "-=",
  "-=": "+=",
  "&": "|",
  "|": "&",
  in: "instanceof",
};

/** Mutants of the changed lines (1-based, both ends included), or of the whole function where those are few. The same text gives the same ones. */
export function mutantsOf(root: Node, subject: string, changed: readonly (readonly [number, number])[], most: number): Mutant[] {
  const text = root.text;
  const found: { readonly mutant: Mutant; readonly near: boolean }[] = [];
  const isNear = (node: Node): boolean =>
    changed.some(([first, last]) => node.startPosition.row + 1 >= first && node.startPosition.row + 1 <= last);
  const mutate = (node: Node): void => {
    for (const [at, replacement, what] of mistakes(node)) {
      const mutated = applyEdits(text, [{ start: at.startIndex, end: at.endIndex, text: replacement }]);
      found.push({ mutant: { text: mutated, what: `line ${at.startPosition.row + 1}: ${what}` }, near: isNear(at) });
    }
    for (const child of node.children) if (child !== null) mutate(child);
  };
  const own = reachableFunctions(root).find(({ name }) => name === subject)?.body;
  for (const statement of root.namedChildren) {
    const isBefore =
      own === undefined || statement === null || (statement.startIndex <= own.startIndex && own.endIndex <= statement.endIndex);
    if (!isBefore && isNear(statement)) mutate(statement);
  }
  if (own !== undefined) mutate(own);
  const unique = [...new Map(found.map((each) => [each.mutant.text, each])).values()];
  const near = spread(unique.filter((each) => each.near));
  const rest = spread(unique.filter((each) => !each.near));
  const chosen = near.length >= 5 ? near : [...near, ...rest].slice(0, Math.max(5, near.length));
  return chosen.slice(0, most).map(({ mutant }) => mutant);
}

/** Neighbours apart, so that the first ones are of all parts. */
function spread<T>(list: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(list.length / 7));
  return Array.from({ length: step }, (_, first) => list.filter((__, at) => at % step === first)).flat();
}

type Mistake = readonly [at: Node, replacement: string, what: string];

function mistakes(node: Node): Mistake[] {
  switch (node.type) {
    case "string_fragment":
      return [
        [node, node.text.replace(/\\?.$/s, ""), "a text without its end"],
        [node, `${node.text}x`, "a text with a letter more"],
      ];
    case "number":
      return [[node, `(${node.text} + ${node.text.endsWith("n") ? "1n" : "1"})`, "a number more by one"]];
    case "true":
      return [[node, "false", "the other truth value"]];
    case "false":
      return [[node, "true", "the other truth value"]];
    case "property_identifier":
    case "identifier": {
      const other = Object.hasOwn(OTHER_NAME, node.text) && isCalled(node) ? OTHER_NAME[node.text] : undefined;
      return other === undefined ? [] : [[node, other, `${other} for ${node.text}`]];
    }
    case "unary_expression":
      return node.text.startsWith("!") ? [[node, `(${node.text.slice(1)})`, "no negation"]] : [];
    case "binary_expression":
    case "augmented_assignment_expression":
      return otherOperator(node);
    case "call_expression":
    case "new_expression":
      return otherArguments(node);
    case "if_statement":
    case "while_statement":
    case "ternary_expression":
      return opposite(node);
    case "expression_statement":
      return [[node, ";", "a statement less"]];
    case "return_statement":
      return node.namedChildCount > 0 ? [[node, "return;", "nothing returned"]] : [];
    case "variable_declarator":
      return inverted(node);
    default:
      return [];
  }
}

function isCalled(name: Node): boolean {
  const callee = name.parent?.type === "member_expression" ? name.parent : name;
  return callee.parent?.type === "call_expression" || callee.parent?.type === "new_expression";
}

function otherOperator(node: Node): Mistake[] {
  const operator = node.childForFieldName("operator");
  const other = operator && Object.hasOwn(OTHER_OPERATOR, operator.text) ? OTHER_OPERATOR[operator.text] : undefined;
  return operator && other !== undefined ? [[operator, other, "another operator"]] : [];
}

function otherArguments(node: Node): Mistake[] {
  const list = node.childForFieldName("arguments");
  const given = list?.namedChildren.filter((each): each is Node => each !== null) ?? [];
  const [first, second] = given;
  const made: Mistake[] = [];
  if (list && first && second) {
    made.push([
      list,
      `(${given
        .slice(0, -1)
        .map(({ text }) => text)
        .join(", ")})`,
      "an argument less",
    ]);
    made.push([list, `(${[second, first, ...given.slice(2)].map(({ text }) => text).join(", ")})`, "arguments the other way round"]);
  }
  // `new Set(names)` without its names is an empty one.
  if (list && first && !second && node.type === "new_expression") made.push([list, "()", "an argument less"]);
  return made;
}

function opposite(node: Node): Mistake[] {
  const condition = node.childForFieldName("condition");
  return condition === null
    ? []
    : [
        [
          condition,
          condition.type === "parenthesized_expression" ? `(!${condition.text})` : `!(${condition.text})`,
          "the opposite condition",
        ],
      ];
}

/** A constant that is found out once: without its value all that it is used for goes wrong. */
function inverted(node: Node): Mistake[] {
  const value = node.childForFieldName("value");
  return value === null || /function/.test(value.type) ? [] : [[value, "undefined", "nothing in a variable"]];
}
