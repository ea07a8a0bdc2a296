/**
 * The same question asked again and again of a function that knows no more than its arguments: `rate(row.country)` for each row. `functools.lru_cache`, made
 * for the one call of the function around the loop, asks once for each argument, and is gone with it: it can't grow without end, and its gain can be measured by calling again.
 *
 * Evidence: what the line spends in other Python code.
 *
 * Traps, each of which makes it no match: functions that aren't pure by their text (names of the file that are bound twice, attributes and elements that are assigned, calls of anything but pure
 * functions); decorators; arguments by `*`; arguments that are the same in each turn; pauses. Arguments without a hash, and results that the loop changes, are for the proof.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { calledByLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, isUnchanged, plainArguments, putBefore, replace } from "./loops.js";
import { bindingsOf, freeName, importOf, isUsed } from "./names.js";

const PURE = new Set([
  "abs",
  "all",
  "any",
  "bool",
  "chr",
  "divmod",
  "enumerate",
  "float",
  "frozenset",
  "hex",
  "int",
  "len",
  "list",
  "max",
  "min",
  "ord",
  "pow",
  "range",
  "repr",
  "reversed",
  "round",
  "set",
  "sorted",
  "str",
  "sum",
  "tuple",
  "zip",
  "dict",
  "ValueError",
  "KeyError",
  "TypeError",
]);
const PURE_METHODS = new Set([
  "lower",
  "upper",
  "strip",
  "lstrip",
  "rstrip",
  "split",
  "rsplit",
  "splitlines",
  "join",
  "replace",
  "startswith",
  "endswith",
  "isdigit",
  "isalpha",
  "isalnum",
  "isspace",
  "isupper",
  "islower",
  "title",
  "casefold",
  "count",
  "find",
  "rfind",
  "index",
  "format",
  "zfill",
  "ljust",
  "rjust",
  "partition",
  "rpartition",
  "encode",
  "decode",
  "translate",
  "get",
  "items",
  "keys",
  "values",
  "bit_length",
  "append",
  "add",
  "pop",
]);
const IMPURE = [
  "global_statement",
  "nonlocal_statement",
  "yield",
  "await",
  "delete_statement",
  "import_statement",
  "import_from_statement",
  "with_statement",
  "exec_statement",
  "lambda",
];

export const cacheInLoop: Rule = {
  id: "python-cache-in-loop",
  language: "python",
  nodes: ["call"],
  callees: [],
  saves: calledByLines,
  match(call) {
    const name = call.childForFieldName("function");
    const given = plainArguments(call) ?? [];
    const root = call.tree.rootNode;
    if (name?.type !== "identifier" || given.length === 0) return undefined;
    const definition = definitionOf(root, name.text);
    const before = definition && beforeLoops(call, (repeated) => isUnchanged(name, repeated));
    if (!before || given.every((each) => isUnchanged(each, before.repeated)) || !isPure(definition, [])) return undefined;
    const functools = importOf(root, "functools", undefined);
    if (functools === undefined) return undefined;
    const cached = freeName(root, `${name.text}_once`);
    return {
      title: `Ask ${name.text} once for each argument`,
      reason: `is spent on the line that asks ${name.text} again and again`,
      node: call,
      edits: [
        ...functools.edits,
        putBefore(before.statement, `${cached} = functools.lru_cache(maxsize=None, typed=True)(${name.text})`),
        replace(name, cached),
      ],
    };
  },
};

/** The function of the file's top level that alone has the name. */
function definitionOf(root: Node, name: string): Node | undefined {
  const [only, more] = bindingsOf(root, name);
  const definition = only?.parent;
  const isPlain =
    definition?.type === "function_definition" && definition.parent?.type === "module" && !definition.text.startsWith("async");
  return isPlain && !more ? definition : undefined;
}

function isPure(definition: Node, seen: readonly Node[]): boolean {
  if (seen.some(({ id }) => id === definition.id)) return true;
  const root = definition.tree.rootNode;
  if (definition.descendantsOfType(IMPURE).length > 0) return false;
  const targets = definition.descendantsOfType(["assignment", "augmented_assignment"]).map((each) => each?.childForFieldName("left"));
  const local = (name: string): boolean => bindingsOf(definition, name).length > 0;
  if (
    !targets.every(
      (each) =>
        each?.type === "identifier" ||
        (each?.type === "pattern_list" && each.descendantsOfType(["attribute", "subscript"]).length === 0) ||
        isOwnElement(each, definition),
    )
  )
    return false;
  const calls = definition.descendantsOfType("call").filter((each): each is Node => each !== null);
  const isPureCall = (each: Node): boolean => {
    const callee = each.childForFieldName("function");
    if (callee?.type === "attribute") {
      const object = callee.childForFieldName("object");
      const method = callee.childForFieldName("attribute")?.text ?? "";
      return object?.text === "math" || (PURE_METHODS.has(method) && (!/^(append|add|pop)$/.test(method) || isOwn(object, definition)));
    }
    if (callee?.type !== "identifier" || local(callee.text)) return false;
    if (PURE.has(callee.text) && !isUsedAsBinding(root, callee.text)) return true;
    const other = definitionOf(root, callee.text);
    return other !== undefined && isPure(other, [...seen, definition]);
  };
  // What else it reads of the file is bound once, and nobody changes it there.
  const read = definition.descendantsOfType("identifier").flatMap((each) => (each && !local(each.text) ? [each.text] : []));
  return (
    calls.every(isPureCall) &&
    read.every((name) => bindingsOf(root, name).filter((each) => each.parent?.type !== "keyword_argument").length <= 1)
  );
}

/** A list or dict that the function has made itself. */
function isOwn(object: Node | null, definition: Node): boolean {
  if (object?.type !== "identifier") return false;
  const values = bindingsOf(definition, object.text).map((each) => each.parent?.childForFieldName("right")?.type ?? "");
  return (
    values.length > 0 &&
    values.every((type) => /^(list|dictionary|set|list_comprehension|dictionary_comprehension|set_comprehension)$/.test(type))
  );
}

function isOwnElement(target: Node | null | undefined, definition: Node): boolean {
  return target?.type === "subscript" && isOwn(target.childForFieldName("value"), definition);
}

function isUsedAsBinding(root: Node, name: string): boolean {
  return isUsed(root, name) && bindingsOf(root, name).length > 0;
}
