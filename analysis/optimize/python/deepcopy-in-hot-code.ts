/**
 * `copy.deepcopy(value)` in hot code: written in Python, it asks for each object how that is copied. Pickling and reading again is done by the interpreter itself, and keeps
 * who is the same object, too.
 *
 * Evidence: samples below `copy.deepcopy` below the line.
 *
 * Traps, each of which makes it no match: a second argument; names that the file binds twice. Objects with a `__deepcopy__` of their own, with locks or functions that aren't
 * picklable, and what is to stay the same object are for the proof.
 */
import { belowLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { plainArguments, replace } from "./loops.js";
import { calledMethod } from "./orm/loop-rows.js";
import { importOf, runsOften, soleImport, soleName } from "./names.js";

const CALLEES = ["copy.deepcopy"];

export const deepcopyInHotCode: Rule = {
  id: "python-deepcopy-in-hot-code",
  language: "python",
  nodes: ["call"],
  callees: CALLEES,
  saves: belowLines(CALLEES),
  match(call) {
    const root = call.tree.rootNode;
    const [only, more] = plainArguments(call) ?? [];
    const member = calledMethod(call);
    const name = call.childForFieldName("function");
    const statement =
      member?.name === "deepcopy"
        ? soleImport(root, "copy", member.object.text)
        : name?.type === "identifier"
          ? soleName(root, "copy", "deepcopy", name.text)
          : undefined;
    const pickle = statement && importOf(root, "pickle", statement);
    if (!only || more || !pickle || !runsOften(call)) return undefined;
    return {
      title: "Copy it by pickle",
      reason: "is spent on copy.deepcopy",
      node: call,
      edits: [...pickle.edits, replace(call, `pickle.loads(pickle.dumps(${only.text}, pickle.HIGHEST_PROTOCOL))`)],
    };
  },
};
