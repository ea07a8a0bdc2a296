/**
 * A list that is built whole to look for one element: `any([f(x) for x in xs])` in hot code. Without the brackets `any` and `all` end at the
 * first element that decides.
 *
 * Evidence: the line's share, as the most that the change may save: how early the answer comes only the measuring tells.
 *
 * Traps, each of which makes it no match: other functions (`sum` and `join` are faster with a list), `await`, `yield` and `:=` inside, further
 * arguments, `any` bound in the file, comments that would be lost. Elements with side effects are for the proof.
 */
import type { Rule } from "../rule.js";
import { bindingsOf, runsOften } from "./names.js";

export const listForAny: Rule = {
  id: "python-list-for-any",
  language: "python",
  nodes: ["call"],
  callees: [],
  saves: (heat, startLine, endLine) => heat.total(startLine, endLine),
  match(call) {
    const name = call.childForFieldName("function");
    const list = call.childForFieldName("arguments");
    if (name?.type !== "identifier" || (name.text !== "any" && name.text !== "all") || list?.type !== "argument_list") return undefined;
    const [only, more] = list.namedChildren;
    if (!only || more !== undefined || only.type !== "list_comprehension" || !runsOften(call)) return undefined;
    if (only.descendantsOfType(["await", "yield", "named_expression", "comment"]).length > 0 || /\basync\b/.test(only.text))
      return undefined;
    if (bindingsOf(call.tree.rootNode, name.text).length > 0) return undefined;
    return {
      title: `Let ${name.text} end at the first that decides`,
      reason: `is spent on the line that builds a list for ${name.text}`,
      node: call,
      // A comma behind the list would be a syntax error behind a generator.
      edits: [
        { start: list.startIndex + 1, end: only.startIndex + 1, text: "" },
        { start: only.endIndex - 1, end: list.endIndex - 1, text: "" },
      ],
    };
  },
};
