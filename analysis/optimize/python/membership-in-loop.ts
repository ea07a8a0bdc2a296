/**
 * A search through a list again and again: `if row.id in known` in a loop that leaves `known` as it is. A set of it, made once before, answers in one step.
 *
 * Evidence: what the line does without calling other Python code, for a search has no frame of its own.
 *
 * Traps, each of which makes it no match: what isn't surely a list or tuple by its binding or annotation; a list that the loop binds, changes or hands on; pauses, during which
 * others may change it. Elements without a hash, or with an `==` of their own, and lists with two names are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, isUnchanged, putBefore, replace } from "./loops.js";
import { bindingsOf, freeName, functionAround } from "./names.js";

const MAKES_LIST = /^(list|tuple|sorted)\(|\.(split|splitlines|readlines)\(/;
const LIST_TYPE = /^(typing\.)?(list|List|tuple|Tuple|Sequence)\b/;

export const membershipInLoop: Rule = {
  id: "python-membership-in-loop",
  language: "python",
  nodes: ["comparison_operator"],
  callees: [],
  saves: ownOfLines,
  match(comparison) {
    const [left, list, third] = comparison.namedChildren;
    const operators = comparison.childrenForFieldName("operators").map((each) => each?.text);
    if (!left || list?.type !== "identifier" || third || operators.length !== 1 || !/^(not\s+)?in$/.test(operators[0] ?? ""))
      return undefined;
    const binding = isList(list);
    const before = binding && beforeLoops(comparison, (repeated) => isUnchanged(list, repeated));
    if (!binding || !before || binding.endIndex > before.statement.startIndex) return undefined;
    const name = freeName(comparison.tree.rootNode, `${list.text}_set`);
    return {
      title: `Look it up in a set, ${name}`,
      reason: "is spent on the line that searches a list again and again",
      node: comparison,
      edits: [putBefore(before.statement, `${name} = set(${list.text})`), replace(list, name)],
    };
  },
};

/** The one place that binds the name, if that makes a list of it. */
function isList(use: Node): Node | undefined {
  const within = functionAround(use);
  const [binding, more] = within === undefined ? [] : bindingsOf(within, use.text);
  const parent = binding?.parent;
  if (!binding || more || !parent) return undefined;
  const type = parent.childForFieldName("type")?.text ?? "";
  if (/^typed_(default_)?parameter$/.test(parent.type)) return LIST_TYPE.test(type) ? parent : undefined;
  const value = parent.type === "assignment" ? parent.childForFieldName("right") : null;
  const isMade = value !== null && (/^(list|list_comprehension)$/.test(value.type) || MAKES_LIST.test(value.text));
  return isMade && value.type !== "comparison_operator" ? parent : undefined;
}
