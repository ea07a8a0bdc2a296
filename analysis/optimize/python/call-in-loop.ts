/**
 * The same work in each turn of a loop: `row / max(rows)`, `sorted(names)`, `set(allowed)` although nothing in the loop changes what they are given. Once before the loop is enough.
 *
 * Evidence: what the line does without calling other Python code, for these functions have no frame of their own.
 *
 * Traps, each of which makes it no match: arguments that the loop binds, changes or hands on; a result that could be changed or kept; pauses; names that the file binds; calls in arguments. A
 * loop without a turn asked nothing: `max` and `min` of nothing get a default for that. What changes the argument under another name is for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, isUnchanged, plainArguments, putBefore, replace } from "./loops.js";
import { bindingsOf, freeName } from "./names.js";

/** Results that can't be changed, and those that can. */
const NUMBERS = new Set(["max", "min", "sum", "tuple", "frozenset"]);
const COLLECTIONS = new Set(["sorted", "set", "list"]);

export const callInLoop: Rule = {
  id: "python-call-in-loop",
  language: "python",
  nodes: ["call"],
  callees: [],
  saves: ownOfLines,
  match(call) {
    const name = call.childForFieldName("function");
    const [only, more] = plainArguments(call) ?? [];
    if (name?.type !== "identifier" || !only || more || !/^(identifier|attribute)$/.test(only.type)) return undefined;
    if (!NUMBERS.has(name.text) && !(COLLECTIONS.has(name.text) && isOnlyRead(call))) return undefined;
    const root = call.tree.rootNode;
    const before = beforeLoops(call, (repeated) => isUnchanged(only, repeated) && !iterates(repeated, call));
    if (before === undefined || bindingsOf(root, name.text).length > 0) return undefined;
    const kept = freeName(root, `${name.text}_of_${only.text.replaceAll(/\W+/g, "_")}`);
    const ending = name.text === "max" || name.text === "min" ? ", default=None" : "";
    return {
      title: `Compute ${call.text} once, before the loop`,
      reason: `is spent on the line that computes ${call.text} in each turn`,
      node: call,
      edits: [putBefore(before.statement, `${kept} = ${name.text}(${only.text}${ending})`), replace(call, kept)],
    };
  },
};

/** On the right of `in`, or what a loop goes over. */
function isOnlyRead(call: Node): boolean {
  const parent = call.parent;
  if (parent?.type === "comparison_operator") return parent.namedChildren[0]?.id !== call.id && /\bin\b/.test(parent.text);
  return (parent?.type === "for_statement" || parent?.type === "for_in_clause") && parent.childForFieldName("right")?.id === call.id;
}

/** Whether the call is what the loop itself begins with. */
function iterates(repeated: Node, call: Node): boolean {
  return repeated.type === "for_statement" && repeated.childForFieldName("right")?.id === call.id;
}
