/**
 * Arithmetic with each element of a NumPy array in Python: `[x * 0.5 + 1.0 for x in samples]`. Done with the array itself it is one loop in C; the list of it has the same elements, bit by bit.
 *
 * Evidence: what the line does without calling other Python code.
 *
 * Traps, each of which makes it no match: arrays that aren't by their binding or annotation (a list would have to be converted, and Python's whole numbers overflow in NumPy); sums, which NumPy adds in
 * another order; powers and functions, whose last bit may differ; numbers that aren't floats, with which whole numbers of NumPy overflow. Arrays of whole numbers or of objects are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ownOfLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { replace } from "./loops.js";
import { bindingsOf, functionAround, runsOften, soleImport } from "./names.js";

const MAKES_ARRAY = /^(\w+)\.(array|asarray|zeros|ones|empty|arange|linspace|full|frombuffer|fromiter|concatenate)\(/;

export const numpyElementwise: Rule = {
  id: "python-numpy-elementwise",
  language: "python",
  nodes: ["list_comprehension"],
  callees: [],
  saves: ownOfLines,
  match(list) {
    const [body, clause, more] = list.namedChildren;
    const [left, right] = [clause?.childForFieldName("left"), clause?.childForFieldName("right")];
    if (
      !body ||
      clause?.type !== "for_in_clause" ||
      more ||
      clause.text.startsWith("async") ||
      left?.type !== "identifier" ||
      right?.type !== "identifier"
    )
      return undefined;
    if (body.type !== "binary_operator" || !isArithmetic(body, left.text) || !runsOften(list) || !isArray(right)) return undefined;
    const text = body.text;
    const start = body.startIndex;
    const places = body.descendantsOfType("identifier").filter((each): each is Node => each?.text === left.text);
    const whole = places
      .toReversed()
      .reduce(
        (changed, { startIndex, endIndex }) => changed.slice(0, startIndex - start) + right.text + changed.slice(endIndex - start),
        text,
      );
    return {
      title: "Compute it with the whole array",
      reason: "is spent on the line that computes with each element in Python",
      node: list,
      edits: [replace(list, `list(${whole})`)],
    };
  },
};

/** `+`, `-`, `*` and `/` of the element and floats, the element somewhere in it. */
function isArithmetic(node: Node, element: string): boolean {
  if (node.type === "identifier") return node.text === element;
  if (node.type === "float") return true;
  if (node.type === "parenthesized_expression") return node.firstNamedChild !== null && isArithmetic(node.firstNamedChild, element);
  if (node.type !== "binary_operator" || !/^[-+*/]$/.test(node.childForFieldName("operator")?.text ?? "")) return false;
  return (
    node.namedChildren.every((each) => each !== null && isArithmetic(each, element)) && node.descendantsOfType("identifier").length > 0
  );
}

function isArray(use: Node): boolean {
  const within = functionAround(use);
  const [binding, more] = within === undefined ? [] : bindingsOf(within, use.text);
  const parent = binding?.parent;
  if (!parent || more) return false;
  const root = use.tree.rootNode;
  const numpy = (name: string | undefined): boolean => name !== undefined && soleImport(root, "numpy", name) !== undefined;
  if (parent.type === "typed_parameter") return numpy(/^(\w+)\.ndarray$/.exec(parent.childForFieldName("type")?.text ?? "")?.[1]);
  return parent.type === "assignment" && numpy(MAKES_ARRAY.exec(parent.childForFieldName("right")?.text ?? "")?.[1]);
}
