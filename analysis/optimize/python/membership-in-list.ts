/**
 * A search through a list of constants, one after the other: `if word in ("a", "b", …)` in hot code. Of a set literal of constants the
 * compiler makes one frozen set, which is looked up in one step.
 *
 * Evidence: what the line does without calling other Python code, for a search has no frame of its own: so it is the most that the change may save.
 *
 * Traps, each of which makes it no match: few elements; elements that aren't plain texts, bytes or whole numbers (0.0, NaN and what `==` is
 * defined for by the user); a left side that is a list, dict or set by its form, for it has no hash and `in` would raise. Left sides that turn out to have
 * none are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Rule } from "../rule.js";
import { isPlainString, runsOften } from "./names.js";

/** Of fewer elements the search is as fast as the hash. */
const LEAST_ELEMENTS = 5;
const WITHOUT_HASH = new Set(["list", "dictionary", "set", "list_comprehension", "dictionary_comprehension", "set_comprehension"]);

export const membershipInList: Rule = {
  id: "python-membership-in-list",
  language: "python",
  nodes: ["comparison_operator"],
  callees: [],
  saves: (heat, startLine, endLine) => heat.own(startLine, endLine),
  match(comparison) {
    const [left, right, third] = comparison.namedChildren;
    const operators = comparison.childrenForFieldName("operators").map((each) => each?.text);
    if (!left || !right || third !== undefined || operators.length !== 1 || !/^(not\s+)?in$/.test(operators[0] ?? "")) return undefined;
    if ((right.type !== "list" && right.type !== "tuple") || WITHOUT_HASH.has(left.type) || !runsOften(comparison)) return undefined;
    const elements = right.namedChildren;
    if (elements.length < LEAST_ELEMENTS || !elements.every((each) => each !== null && isConstant(each))) return undefined;
    return {
      title: "Look it up in a set",
      reason: "is spent on the line that searches a list of constants",
      node: comparison,
      edits: [
        { start: right.startIndex, end: right.startIndex + 1, text: "{" },
        { start: right.endIndex - 1, end: right.endIndex, text: "}" },
      ],
    };
  },
};

function isConstant(node: Node): boolean {
  return node.type === "integer" || isPlainString(node);
}
