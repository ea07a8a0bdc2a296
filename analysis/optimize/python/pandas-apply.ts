/**
 * A sum or product of columns, row by row: `table.apply(lambda row: row["price"] * row["count"], axis=1)`. Written with the columns themselves it is one step for all rows.
 *
 * Evidence: samples below `apply` of a DataFrame below the line.
 *
 * Traps, each of which makes it no match: anything but `+`, `-` and `*` of constant columns and numbers; further arguments; comments. Types that differ between columns, an empty table
 * (for which `apply` gives a table) and texts are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { belowLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { replace } from "./loops.js";
import { isPlainString, runsOften } from "./names.js";
import { calledMethod } from "./orm/loop-rows.js";

const CALLEES = ["pandas.core.frame.apply"];

export const pandasApply: Rule = {
  id: "python-pandas-apply",
  language: "python",
  nodes: ["call"],
  callees: CALLEES,
  saves: belowLines(CALLEES),
  match(call) {
    const method = calledMethod(call);
    const [lambda, axis, more] = call.childForFieldName("arguments")?.namedChildren ?? [];
    if (method?.name !== "apply" || method.object.type !== "identifier" || lambda?.type !== "lambda" || more || !runsOften(call))
      return undefined;
    if (!/^axis\s*=\s*(1|"columns"|'columns')$/.test(axis?.text ?? "")) return undefined;
    const row = lambda.childForFieldName("parameters")?.text ?? "";
    const body = lambda.childForFieldName("body");
    const text = body && columnWise(body, row, method.object.text);
    if (!text || !text.includes("[")) return undefined;
    const needsBrackets = call.parent?.type === "attribute" || call.parent?.type === "subscript" || call.parent?.type === "binary_operator";
    return {
      title: "Compute it with whole columns",
      reason: "is spent on a Python call for each row",
      node: call,
      edits: [replace(call, needsBrackets ? `(${text})` : text)],
    };
  },
};

function columnWise(node: Node, row: string, table: string): string | undefined {
  if (node.type === "integer" || node.type === "float") return node.text;
  if (node.type === "subscript") {
    const key = node.childForFieldName("subscript");
    return node.childForFieldName("value")?.text === row && key && isPlainString(key) && node.namedChildCount === 2
      ? `${table}[${key.text}]`
      : undefined;
  }
  const inner = node.type === "parenthesized_expression" && node.namedChildCount === 1 ? node.firstNamedChild : undefined;
  if (inner) {
    const text = columnWise(inner, row, table);
    return text && `(${text})`;
  }
  const operator = node.type === "binary_operator" ? node.childForFieldName("operator")?.text : undefined;
  if (operator === undefined || !/^[-+*]$/.test(operator)) return undefined;
  const [left, right] = [node.childForFieldName("left"), node.childForFieldName("right")].map(
    (each) => each && columnWise(each, row, table),
  );
  return left && right ? `${left} ${operator} ${right}` : undefined;
}
