/** What is known of an array by its name: that it is one, and who changes it. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { constantOf } from "./constants.js";
import { functionAround, isFunction, placesOf } from "./names.js";

export interface KnownArray {
  /** An array at the top of the file, a constant of a function, or a parameter. */
  readonly kind: "constant" | "local" | "parameter";
  /** The statement or the parameter that binds the name. */
  readonly declaration: Node;
  /** Where it is changed, or bound anew, under this name. */
  readonly changes: readonly Node[];
  /** Whether other code may hold it and change it later: it is exported, handed on or put somewhere. */
  readonly isKept: boolean;
  /** No element is surely a number, so none is NaN. */
  readonly hasNoNumbers: boolean;
}

const CHANGING = new Set(["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"]);
/** Methods that arrays have and texts don't. */
const OF_ARRAYS_ONLY = new Set([
  ...CHANGING,
  "map",
  "filter",
  "forEach",
  "join",
  "some",
  "every",
  "find",
  "findIndex",
  "reduce",
  "flatMap",
  "entries",
  "keys",
  "flat",
]);
const READING = new Set([...OF_ARRAYS_ONLY, "includes", "indexOf", "lastIndexOf", "slice", "concat", "length", "at", "values"]);
/** Expressions that make an array of texts. */
const MAKES_TEXTS = /^(Object\.keys\(|[\w$.]+\.split\()/;
/** Expressions that make an array. */
const MAKES_ARRAY = /^(Array\.from\(|Array\.of\(|Object\.(values|entries)\()/;

/** The array that an identifier names where it stands; undefined where that may be something else, or where several things have the name. */
export function arrayOf(use: Node): KnownArray | undefined {
  const root = use.tree.rootNode;
  const all = placesOf(root, use.text);
  const bindings = all.filter(isBinding);
  const inSight = bindings.filter((each) => isInSight(each, use));
  const [binding] = inSight;
  if (binding === undefined || inSight.length > 1) return undefined;
  const scope = functionAround(binding) ?? root;
  const inner = bindings.filter((each) => each.id !== binding.id);
  const places = all.filter((each) => isWithin(each, scope) && each.id !== binding.id && !inner.some((other) => isInSight(other, each)));
  const type = typeOf(binding);
  const changes = places.filter(isChange);
  const declarator = binding.parent;
  if (declarator?.type !== "variable_declarator") {
    const parameter = binding.parent?.type === "formal_parameters" ? binding : binding.parent;
    if (parameter?.parent?.type !== "formal_parameters" || parameter.type === "optional_parameter") return undefined;
    const isArray = type !== undefined ? /\[\]$|^(Readonly)?Array</.test(type) : places.some((each) => OF_ARRAYS_ONLY.has(memberOf(each)));
    const hasNoNumbers = type !== undefined && /\bstring\b/.test(type) && !/number|any|unknown/.test(type);
    return isArray ? { kind: "parameter", declaration: parameter, changes, isKept: false, hasNoNumbers } : undefined;
  }
  const declaration = declarator.parent;
  const value = declarator.childForFieldName("value");
  if (!declaration || !value || declaration.children[0]?.text !== "const") return undefined;
  const isTop = declaration.parent?.type === "program" || declaration.parent?.type === "export_statement";
  const isArray =
    value.type === "array" ||
    MAKES_TEXTS.test(value.text) ||
    MAKES_ARRAY.test(value.text) ||
    (type !== undefined && /\[\]$|^(Readonly)?Array</.test(type));
  if (!isArray) return undefined;
  const elements = constantOf(value)?.value;
  const hasNoNumbers =
    (Array.isArray(elements) && elements.length > 0 && elements.every((each) => typeof each === "string" || Number.isInteger(each))) ||
    (MAKES_TEXTS.test(value.text) && !/\)\s*\./.test(value.text));
  const isKept = declaration.parent?.type === "export_statement" || places.some((each) => !isRead(each) && !isChange(each));
  // An array of a function is a constant only for the time of a call.
  return { kind: isTop ? "constant" : "local", declaration, changes, isKept, hasNoNumbers };
}

function isBinding(place: Node): boolean {
  const parent = place.parent;
  if (parent === null) return false;
  if (parent.type === "variable_declarator" || isFunction(parent) || parent.type.startsWith("class")) {
    return parent.childForFieldName("name")?.id === place.id || parent.childForFieldName("parameter")?.id === place.id;
  }
  if (parent.type === "for_in_statement")
    return parent.childForFieldName("left")?.id === place.id && parent.children.some((each) => /^(const|let|var)$/.test(each?.text ?? ""));
  if (parent.type === "assignment_pattern") return parent.childForFieldName("left")?.id === place.id;
  if (place.type === "shorthand_property_identifier_pattern" || /^(import_|namespace_import|catch_clause)/.test(parent.type)) return true;
  return /^(formal_parameters|required_parameter|optional_parameter|array_pattern|rest_pattern|object_assignment_pattern|pair_pattern)$/.test(
    parent.type,
  );
}

/** Whether what a binding binds is seen at `use`: it is bound in a function or block around it. */
function isInSight(binding: Node, use: Node): boolean {
  let scope: Node | null = binding;
  while (
    scope !== null &&
    !isFunction(scope) &&
    scope.type !== "statement_block" &&
    scope.type !== "program" &&
    !scope.type.startsWith("for_")
  )
    scope = scope.parent;
  return scope !== null && isWithin(use, scope);
}

function isWithin(node: Node, outer: Node): boolean {
  return outer.startIndex <= node.startIndex && node.endIndex <= outer.endIndex;
}

/** The annotation of TypeScript: `string[]` for `names: readonly string[]`. */
function typeOf(binding: Node): string | undefined {
  const annotation = binding.parent?.childForFieldName("type") ?? undefined;
  return annotation?.text
    .replace(/^:\s*/, "")
    .replace(/^readonly\s+/, "")
    .replace(/^ReadonlyArray</, "Array<");
}

/** `push` of `names.push`. */
function memberOf(place: Node): string {
  const member = place.parent;
  const isObject = member?.type === "member_expression" && member.childForFieldName("object")?.id === place.id;
  return isObject ? (member.childForFieldName("property")?.text ?? "") : "";
}

function isChange(place: Node): boolean {
  const member = memberOf(place);
  if (CHANGING.has(member)) return true;
  let target = place;
  if (member === "length" || (place.parent?.type === "subscript_expression" && place.parent.childForFieldName("object")?.id === place.id))
    target = place.parent ?? place;
  const outer = target.parent;
  if (outer?.type === "update_expression" || (outer?.type === "unary_expression" && outer.text.startsWith("delete"))) return true;
  return outer?.type.includes("assignment_expression") === true && outer.childForFieldName("left")?.id === target.id;
}

/** It is read where it stands, and nobody gets it. */
function isRead(place: Node): boolean {
  if (READING.has(memberOf(place))) return true;
  const parent = place.parent;
  if (parent?.type === "subscript_expression") return parent.childForFieldName("object")?.id === place.id;
  if (parent?.type === "for_in_statement") return parent.childForFieldName("right")?.id === place.id;
  if (parent?.type === "return_statement" || parent?.type === "spread_element" || parent?.type === "type_query") return true;
  return (
    parent?.type === "arguments" &&
    parent.parent?.type === "new_expression" &&
    /^(Set|Map)$/.test(parent.parent.childForFieldName("constructor")?.text ?? "")
  );
}
