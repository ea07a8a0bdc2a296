/** Whether `order.customer` may be a relationship: by its class where that is in the same file, else by what is done with it. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { statementOf } from "../names.js";
import { calledName } from "./loop-rows.js";

/** What texts, dates, numbers and enumerations have, and rows hardly. */
const OF_PLAIN_VALUES = new Set(
  (
    "year month day hour minute second microsecond tzinfo date time isoformat strftime timestamp weekday isoweekday replace total_seconds days seconds " +
    "lower upper title strip lstrip rstrip split rsplit join startswith endswith format encode decode casefold capitalize zfill quantize as_tuple value hex"
  ).split(" "),
);
/** Functions that go through all of a collection. */
const OF_COLLECTIONS = new Set([
  "len",
  "list",
  "tuple",
  "set",
  "sorted",
  "reversed",
  "enumerate",
  "sum",
  "any",
  "all",
  "min",
  "max",
  "map",
  "filter",
  "zip",
]);

export type Use = "one" | "many" | "unclear";

/** How the attribute is used where it is read: like a row of its own, like a collection, or so that it can't be told; undefined for what is no relationship. */
export function useOf(attribute: Node): Use | undefined {
  const { parent } = attribute;
  if (parent === null) return undefined;
  const inField = (field: string): boolean => parent.childForFieldName(field)?.id === attribute.id;
  switch (parent.type) {
    case "attribute":
      return OF_PLAIN_VALUES.has(parent.childForFieldName("attribute")?.text ?? "") ? undefined : "one";
    case "for_statement":
    case "for_in_clause":
      return inField("right") ? "many" : undefined;
    case "subscript":
      return inField("value") ? "many" : undefined;
    case "argument_list":
      return parent.parent !== null && OF_COLLECTIONS.has(calledName(parent.parent) ?? "") ? "many" : "unclear";
    case "call":
    case "augmented_assignment":
    case "delete_statement":
    case "keyword_argument":
      return inField("value") ? "unclear" : undefined;
    case "assignment":
      return inField("right") ? "unclear" : undefined;
    default:
      return "unclear";
  }
}

/** What the class of a file says of an attribute: `to-one` and `to-many` where that can be read from it. */
export function declaredAs(root: Node, className: string, attribute: string): "to-one" | "to-many" | "relationship" | "other" | undefined {
  for (const statement of root.namedChildren) {
    if (statement?.type !== "class_definition" || statement.childForFieldName("name")?.text !== className) continue;
    for (const each of statement.childForFieldName("body")?.namedChildren ?? []) {
      const assignment = each?.type === "expression_statement" ? each.firstNamedChild : each;
      if (assignment?.type !== "assignment" || assignment.childForFieldName("left")?.text !== attribute) continue;
      const right = assignment.childForFieldName("right");
      const callee = right?.type === "call" ? (right.childForFieldName("function")?.text ?? "") : "";
      const type = assignment.childForFieldName("type")?.text ?? "";
      if (!/(^|\.)relationship$/.test(callee)) return right === null && /\bMapped\[\s*["']?[A-Z]/.test(type) ? "relationship" : "other";
      if (/uselist\s*=\s*False/.test(right?.text ?? "")) return "to-one";
      if (/\bMapped\[\s*["']?(list|set|List|Set|Sequence|Collection)\b/.test(type)) return "to-many";
      return /\bMapped\[/.test(type) ? "to-one" : "relationship";
    }
    return undefined;
  }
  return undefined;
}

/** Whether no other attribute of the row is read on the line: what lies below the line is then this one's. */
export function isOnlyRead(read: Node, row: string): boolean {
  const { row: line } = read.startPosition;
  const statement = statementOf(read);
  const reads = statement.descendantsOfType("attribute").filter((each) => {
    const object = each?.childForFieldName("object");
    return object?.type === "identifier" && object.text === row && each?.startPosition.row === line;
  });
  return new Set(reads.map((each) => each?.text)).size === 1;
}
