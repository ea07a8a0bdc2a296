/**
 * A list that is built only to make something else of it: `set([…])`, `dict([(k, v) for …])`, `sorted(xs)[0]` in hot code. A comprehension of the right kind builds no list, and the least of many needs no order.
 *
 * Evidence: the line's share, as the most that the change may save.
 *
 * Traps, each of which makes it no match: pauses, `:=` and comments inside; names that the file binds; keys and slices. That `min` gives the first of equals as `sorted` does, but `max`
 * not its last one, and that both differ for values without an order, such as NaN, is for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { Match, Rule } from "../rule.js";
import { plainArguments, replace } from "./loops.js";
import { bindingsOf, runsOften } from "./names.js";

export const listForCollection: Rule = {
  id: "python-list-for-collection",
  language: "python",
  nodes: ["call", "subscript"],
  callees: [],
  saves: ofLines,
  match(node) {
    const call = node.type === "call" ? node : node.childForFieldName("value");
    const name = call?.childForFieldName("function");
    const [only, more] = (call?.type === "call" && plainArguments(call)) || [];
    if (!call || name?.type !== "identifier" || !only || more || !runsOften(node)) return undefined;
    if (node.descendantsOfType(["await", "yield", "named_expression", "comment"]).length > 0 || /\basync\b/.test(only.text))
      return undefined;
    const text = node.type === "call" ? ofList(name.text, only) : ofSorted(name.text, only, node);
    if (
      text === undefined ||
      ["set", "dict", "sorted", "min", "max"].some(
        (each) => (text.startsWith(each) || each === name.text) && bindingsOf(node.tree.rootNode, each).length > 0,
      )
    )
      return undefined;
    return {
      title: node.type === "call" ? `Build the ${name.text} without a list` : "Look for it without sorting",
      reason:
        node.type === "call" ? `is spent on the line that builds a list for a ${name.text}` : "is spent on the line that sorts to take one",
      node,
      edits: [replace(node, text)],
    } satisfies Match;
  },
};

function ofList(name: string, list: Node): string | undefined {
  const inner = list.text.slice(1, -1);
  if (list.type !== "list_comprehension" && list.type !== "generator_expression") return undefined;
  if (name === "set") return `{${inner}}`;
  const pair = list.childForFieldName("body");
  const [key, value, third] = pair?.namedChildren ?? [];
  if (name !== "dict" || !pair || !/^(tuple|list)$/.test(pair.type) || !key || !value || third) return undefined;
  return `{${key.text}: ${value.text}${list.text.slice(pair.endIndex - list.startIndex, -1)}}`;
}

/** `sorted(xs)[0]` and `sorted(xs)[-1]`. */
function ofSorted(name: string, list: Node, node: Node): string | undefined {
  const at = node.childForFieldName("subscript")?.text;
  if (name !== "sorted" || (at !== "0" && at !== "-1")) return undefined;
  const least = `${at === "0" ? "min" : "max"}(${list.text})`;
  // Of nothing the index says that it is out of range, as before.
  return /^(identifier|attribute)$/.test(list.type) ? `(${least} if ${list.text} else ${list.text}[${at}])` : least;
}
