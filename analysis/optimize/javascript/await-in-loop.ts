/**
 * Work that waits for itself one by one: `for (const row of rows) found.push(await load(row))`. Eight at a time wait together, and the results keep their order.
 *
 * Evidence: the loop's share; what waiting costs shows with the events of time and waits.
 *
 * Traps, each of which makes it no match: more in the loop than the one call; calls that read what the loop collects; assignments, and what breaks off. Whether one call needs what another did,
 * and how many the other side bears, no syntax tells: the order of side effects, and calls that go on after one has failed, are for the proof, which finds no gain in CPU time. So it mostly stays unproved.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { freeName, placesOf, runsOften } from "./names.js";

/** At a time: enough to hide waiting, few enough for the other side. */
const AT_A_TIME = 8;

export const awaitInLoop: Rule = {
  id: "javascript-await-in-loop",
  language: "javascript",
  nodes: ["for_in_statement"],
  callees: [],
  saves: ofLines,
  match(loop) {
    const [left, right] = [loop.childForFieldName("left"), loop.childForFieldName("right")];
    const words = loop.children.map((each) => each?.text);
    if (
      !left ||
      right?.type !== "identifier" ||
      !words.includes("of") ||
      !words.includes("const") ||
      words.includes("await") ||
      !runsOften(loop)
    ) {
      return undefined;
    }
    const body = loop.childForFieldName("body");
    const statement = body?.type === "statement_block" ? (body.namedChildCount === 1 ? body.firstNamedChild : null) : body;
    const only = statement?.type === "expression_statement" ? statement.firstNamedChild : null;
    const list = only?.type === "call_expression" ? pushedTo(only) : undefined;
    const awaited = list === undefined ? only : only?.childForFieldName("arguments")?.firstNamedChild;
    const call = awaited?.type === "await_expression" ? awaited.firstNamedChild : undefined;
    if (
      !call ||
      call.type !== "call_expression" ||
      call.descendantsOfType([
        "await_expression",
        "yield_expression",
        "assignment_expression",
        "augmented_assignment_expression",
        "update_expression",
        "comment",
      ]).length > 0
    ) {
      return undefined;
    }
    if (placesOf(call, list?.text ?? right.text).length > 0 || placesOf(call, right.text).length > 0) return undefined;
    const at = freeName(loop.tree.rootNode, "at");
    const some = `await Promise.all(${right.text}.slice(${at}, ${at} + ${AT_A_TIME}).map((${left.text}) => ${call.text}))`;
    const end = statement?.text.endsWith(";") ? ";" : "";
    const work = list === undefined ? `${some}${end}` : `${list.text}.push(...(${some}))${end}`;
    const text = `for (let ${at} = 0; ${at} < ${right.text}.length; ${at} += ${AT_A_TIME}) ${work}`;
    return {
      title: `Wait for ${AT_A_TIME} at a time`,
      reason: "is spent in a loop that waits for each call before the next one",
      node: loop,
      edits: [{ start: loop.startIndex, end: loop.endIndex, text }],
    };
  },
};

/** `found` of `found.push(ONE)`. */
function pushedTo(call: Node): Node | undefined {
  const member = call.childForFieldName("function");
  const object = member?.childForFieldName("object");
  const isPush = member?.childForFieldName("property")?.text === "push" && call.childForFieldName("arguments")?.namedChildCount === 1;
  return isPush && object?.type === "identifier" ? object : undefined;
}
