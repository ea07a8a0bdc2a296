/**
 * Rows of a table as objects of their own: `for _, row in table.iterrows()`. Each is a Series that pandas builds anew; `zip` of the columns that are read gives the
 * same values without.
 *
 * Evidence: samples below `iterrows` below the loop.
 *
 * Traps, each of which makes it no match: a row that is used for anything but constant columns; columns and rows that the loop assigns; pauses; the index under another form than a name. Of columns of
 * several types a Series has the one that holds all (whole numbers become floats there), so what changes by that is for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { belowLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { isUnchanged, replace } from "./loops.js";
import { freeName, isPlainString } from "./names.js";
import { calledMethod } from "./orm/loop-rows.js";

const CALLEES = ["pandas.core.frame.iterrows"];

export const pandasIterrows: Rule = {
  id: "python-pandas-iterrows",
  language: "python",
  nodes: ["for_statement"],
  callees: CALLEES,
  saves: belowLines(CALLEES),
  match(loop) {
    const [left, right, body] = ["left", "right", "body"].map((field) => loop.childForFieldName(field));
    const method = right ? calledMethod(right) : undefined;
    const [index, row, more] = left?.namedChildren ?? [];
    if (
      !left ||
      !right ||
      !body ||
      method?.name !== "iterrows" ||
      method.object.type !== "identifier" ||
      !/^(pattern_list|tuple_pattern)$/.test(left.type)
    )
      return undefined;
    if (index?.type !== "identifier" || row?.type !== "identifier" || more || right.text !== `${method.object.text}.iterrows()`)
      return undefined;
    if (loop.descendantsOfType(["await", "yield"]).length > 0 || !isUnchanged(method.object, body)) return undefined;
    const uses = body.descendantsOfType("identifier").filter((each): each is Node => each?.text === row.text);
    const columns = uses.map(({ parent }) => (parent?.type === "subscript" ? parent : undefined));
    if (columns.length === 0 || !columns.every((each, at) => each && isColumn(each, uses[at]))) return undefined;
    const root = loop.tree.rootNode;
    const names = new Map<string, string>();
    for (const each of columns) {
      const key = each?.childForFieldName("subscript")?.text ?? "";
      if (!names.has(key)) names.set(key, freeName(root, `${row.text}_${key.slice(1, -1).replaceAll(/\W+/g, "_")}`));
    }
    if (new Set(names.values()).size < names.size) return undefined;
    const table = method.object.text;
    const isIndexUsed = body.descendantsOfType("identifier").some((each) => each?.text === index.text);
    const bound = [
      ...(isIndexUsed ? [[index.text, `${table}.index`] as const] : []),
      ...[...names].map(([key, name]) => [name, `${table}[${key}]`] as const),
    ];
    const trailing = bound.length === 1 ? "," : "";
    return {
      title: "Go over the columns instead of rows made anew",
      reason: "is spent on building a Series for each row",
      node: loop,
      edits: [
        replace(left, bound.map(([name]) => name).join(", ") + trailing),
        replace(right, `zip(${bound.map(([, column]) => column).join(", ")})`),
        ...columns.flatMap((each) => (each ? [replace(each, names.get(each.childForFieldName("subscript")?.text ?? "") ?? "")] : [])),
      ],
    };
  },
};

/** `row["name"]` that is read. */
function isColumn(subscript: Node, use: Node | undefined): boolean {
  const key = subscript.childForFieldName("subscript");
  const isRead = !/assignment/.test(subscript.parent?.type ?? "") || subscript.parent?.childForFieldName("left")?.id !== subscript.id;
  return (
    subscript.childForFieldName("value")?.id === use?.id &&
    key !== null &&
    isPlainString(key) &&
    /^(["'])\w[^\\]*\1$/.test(key.text) &&
    isRead &&
    subscript.namedChildCount === 2
  );
}
