/**
 * Rows that Django inserts one by one: `for row in rows: Order.objects.create(state=row)`. `bulk_create` inserts them all with one query.
 *
 * Evidence: samples below `create` of query sets below the line.
 *
 * Traps, each of which makes it no match: other statements in the loop, an `else`, a result that is used, a loop variable that is read later, comments that would be lost, `await` and `yield`; a class of the same file
 * with a `save` of its own, which `bulk_create` doesn't call. Neither does it send signals: what they and a `save` elsewhere write is for the proof, which compares the
 * database. An error in the middle leaves other rows behind than before, outside of a transaction: for the proof, too.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Rule } from "../../rule.js";
import { functionAround } from "../names.js";
import { calledMethod } from "./loop-rows.js";

const CREATES = "django.db.models.query.create";

export const djangoCreateInLoop: Rule = {
  id: "python-django-create-in-loop",
  language: "python",
  nodes: ["call"],
  callees: [CREATES],
  saves: (heat, startLine, endLine) => heat.below(startLine, endLine, CREATES),
  match(call) {
    const method = calledMethod(call);
    const model = method?.object.type === "attribute" ? method.object.childForFieldName("object") : null;
    const given = call.childForFieldName("arguments");
    if (method?.name !== "create" || !model || !/(^|\.)objects$/.test(method.object.text) || given?.type !== "argument_list")
      return undefined;
    if (!/(^|\.)[A-Z]\w*$/.test(model.text) || savesItself(call.tree.rootNode, model.text)) return undefined;
    const statement = call.parent?.type === "expression_statement" ? call.parent : null;
    const loop = statement?.parent?.type === "block" ? statement.parent.parent : null;
    const [left, right] = [loop?.childForFieldName("left"), loop?.childForFieldName("right")];
    if (loop?.type !== "for_statement" || !left || !right || statement?.parent?.namedChildCount !== 1) return undefined;
    const isPlain = loop.descendantsOfType(["comment", "await", "yield", "named_expression"]).length === 0;
    if (!isPlain || loop.childForFieldName("alternative") !== null || loop.text.startsWith("async")) return undefined;
    if (isReadLater(loop, left)) return undefined;
    // A loop over `a, b` is one over a tuple; in brackets it needs its own.
    const rows = right.type === "expression_list" ? `(${right.text})` : right.text;
    const text = `${method.object.text}.bulk_create([${model.text}${given.text} for ${left.text} in ${rows}])`;
    return {
      title: "Insert all rows with one query, with bulk_create",
      reason: "is spent on inserting rows one by one",
      node: call,
      edits: [{ start: loop.startIndex, end: loop.endIndex, text }],
    };
  },
};

/** Whether the loop's variables, which a comprehension keeps to itself, are read behind it. */
function isReadLater(loop: Node, left: Node): boolean {
  const names = new Set([left, ...left.descendantsOfType("identifier")].map((each) => each?.text));
  const around = functionAround(loop) ?? loop.tree.rootNode;
  return around.descendantsOfType("identifier").some((each) => each !== null && each.startIndex >= loop.endIndex && names.has(each.text));
}

function savesItself(root: Node, model: string): boolean {
  return root.namedChildren.some(
    (each) =>
      each?.type === "class_definition" &&
      each.childForFieldName("name")?.text === model &&
      each.descendantsOfType("function_definition").some((one) => one?.childForFieldName("name")?.text === "save"),
  );
}
