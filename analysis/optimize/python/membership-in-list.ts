/**
 * A search through a list of constants, one after the other: `if word in ("a", "b", …)` in hot code. Of a set literal of constants the
 * compiler makes one frozen set, which is looked up in one step.
 *
 * A list that the file binds once, and only searches and goes through (pylint's keywords before 2.14), gets such a set beside it.
 *
 * Evidence: what the line does without calling other Python code, for a search has no frame of its own: so it is the most that the change may save.
 *
 * Traps, each of which makes it no match: few elements; elements that aren't plain texts, bytes or whole numbers (0.0, NaN and what `==` is
 * defined for by the user); a left side that is a list, dict or set by its form, for it has no hash and `in` would raise. Left sides that turn out to have
 * none are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import type { Rule } from "../rule.js";
import { bindingsOf, freeName, isPlainString, runsOften } from "./names.js";

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
    if (WITHOUT_HASH.has(left.type) || !runsOften(comparison)) return undefined;
    const match = { title: "Look it up in a set", reason: "is spent on the line that searches a list of constants", node: comparison };
    if (right.type === "identifier") {
      const edits = besideList(right);
      return edits && { ...match, edits };
    }
    if (!isListOfConstants(right)) return undefined;
    return {
      ...match,
      edits: [
        { start: right.startIndex, end: right.startIndex + 1, text: "{" },
        { start: right.endIndex - 1, end: right.endIndex, text: "}" },
      ],
    };
  },
};

function isListOfConstants(list: Node): boolean {
  const elements = list.namedChildren.filter((each) => each?.type !== "comment");
  return (
    (list.type === "list" || list.type === "tuple") &&
    elements.length >= LEAST_ELEMENTS &&
    elements.every((each) => each !== null && isConstant(each))
  );
}

/** The edits that put a frozen set beside a list of the file, which stays for all else: for one that the file binds once and only reads. */
function besideList(name: Node): TextEdit[] | undefined {
  const root = name.tree.rootNode;
  const [binding, more] = bindingsOf(root, name.text);
  const assignment = binding?.parent?.type === "assignment" ? binding.parent : undefined;
  const list = assignment?.childForFieldName("right");
  const isOfFile = assignment?.parent?.parent?.type === "module" && assignment.parent.namedChildCount === 1;
  if (!binding || more || !assignment || !list || !isOfFile || !isListOfConstants(list)) return undefined;
  const uses = root.descendantsOfType("identifier").filter((each) => each?.text === name.text && each.id !== binding.id);
  if (!uses.every((each) => each !== null && isOnlySearched(each))) return undefined;
  const set = freeName(root, `${name.text}_SET`);
  return [
    { start: assignment.endIndex, end: assignment.endIndex, text: `\n${set} = frozenset(${name.text})` },
    { start: name.startIndex, end: name.endIndex, text: set },
  ];
}

/** `x in NAMES`, `for x in NAMES`: what changes nothing and hands nothing on. */
function isOnlySearched(use: Node): boolean {
  const { parent } = use;
  if (parent?.type === "comparison_operator") return true;
  return /^for_(statement|in_clause)$/.test(parent?.type ?? "") && parent?.childForFieldName("right")?.id === use.id;
}

function isConstant(node: Node): boolean {
  return node.type === "integer" || isPlainString(node);
}
