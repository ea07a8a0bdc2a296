/**
 * A way through several objects that each turn of a loop goes again: `self.shop.prices.tax` for each row. Once before the loop is enough.
 *
 * Evidence: what the line does without calling other Python code; properties have frames of their own, and are counted by the lines below.
 *
 * Traps, each of which makes it no match: fewer than three dots, which cost next to nothing since Python 3.11; ways that are called, bound or assigned to in the loop; pauses. What
 * a call in the loop changes behind, and properties that answer differently each time, are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, isUnchanged, putBefore, replace } from "./loops.js";
import { freeName } from "./names.js";

const LEAST_DOTS = 3;

export const attributeInLoop: Rule = {
  id: "python-attribute-in-loop",
  language: "python",
  nodes: ["attribute"],
  callees: [],
  saves: ofLines,
  match(way) {
    if (way.parent?.type === "attribute" || (way.parent?.type === "call" && way.parent.childForFieldName("function")?.id === way.id))
      return undefined;
    if (!/^[A-Za-z_]\w*(\.\w+)+$/.test(way.text) || way.text.split(".").length <= LEAST_DOTS) return undefined;
    const root = way.tree.rootNode;
    const before = beforeLoops(way, (repeated) => isUnchanged(way, repeated));
    const places = before?.repeated.descendantsOfType("attribute").filter((each): each is Node => each?.text === way.text) ?? [];
    // The first place stands for all.
    if (before === undefined || places[0]?.id !== way.id) return undefined;
    const name = freeName(root, way.text.split(".").slice(-2).join("_"));
    return {
      title: `Read ${way.text} once, before the loop`,
      reason: `is spent on the line that reads ${way.text} in each turn`,
      node: way,
      edits: [putBefore(before.statement, `${name} = ${way.text}`), ...places.map((each) => replace(each, name))],
    };
  },
};
