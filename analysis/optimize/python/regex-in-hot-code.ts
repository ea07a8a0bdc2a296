/**
 * A pattern that is compiled, or looked up among the compiled ones, each time: `re.sub(r"\s+", " ", line)` in hot code.
 *
 * The module keeps up to 512 compiled patterns, but each call still goes through `re._compile`, which takes longer than the match itself on
 * short texts. That is also the evidence: samples below `re._compile` below the line.
 *
 * The pattern may stand under a name of the function or of the file, as in flamescope before its pull request 28, where one binding gives it a constant text.
 *
 * Traps, each of which makes it no match: a pattern or flags that aren't constant; `re` bound twice, or not as a module at the top; flags whose
 * compiling does something (`DEBUG`) or depends on the moment (`LOCALE`); a handler of `re.error`, for a wrong pattern would then fail at import;
 * arguments by `*` or by `pattern=`; comments that would be lost.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import type { Rule } from "../rule.js";
import { belowImports, bindingsOf, freeName, functionAround, isPlainString, runsOften, soleImport } from "./names.js";

/** Where the flags stand without their name. */
const FLAGS_AT: Readonly<Record<string, number>> = {
  compile: 1,
  match: 2,
  fullmatch: 2,
  search: 2,
  findall: 2,
  finditer: 2,
  split: 3,
  sub: 4,
  subn: 4,
};
const SAFE_FLAGS = new Set(["A", "ASCII", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "U", "UNICODE", "X", "VERBOSE", "NOFLAG"]);

export const regexInHotCode: Rule = {
  id: "python-regex-in-hot-code",
  language: "python",
  nodes: ["call"],
  callees: ["re._compile"],
  saves: (heat, startLine, endLine) => heat.below(startLine, endLine, "re._compile"),
  match(call) {
    const callee = call.childForFieldName("function");
    const object = callee?.type === "attribute" ? callee.childForFieldName("object") : undefined;
    const method = callee?.childForFieldName("attribute")?.text ?? "";
    const flagsAt = Object.hasOwn(FLAGS_AT, method) ? FLAGS_AT[method] : undefined;
    if (!object || object.type !== "identifier" || flagsAt === undefined || !runsOften(call)) return undefined;
    const root = call.tree.rootNode;
    const statement = soleImport(root, "re", object.text);
    const given = readArguments(call, flagsAt, object.text);
    if (statement === undefined || given === undefined || statement.startIndex > call.startIndex) return undefined;
    if (changesModule(root, object.text) || handlesWrongPattern(call)) return undefined;
    const name = freeName(root, `_${constantName(call)}_PATTERN`);
    const flags = given.flags === undefined ? "" : `, ${given.flags.text.replace(/^flags\s*=\s*/, "")}`;
    const definition = `${name} = ${object.text}.compile(${given.pattern.text}${flags})`;
    const edits: TextEdit[] = [belowImports(statement, definition)];
    if (method === "compile") edits.push({ start: call.startIndex, end: call.endIndex, text: name });
    else edits.push({ start: object.startIndex, end: object.endIndex, text: name }, ...given.removals);
    return {
      title: `Compile the pattern once, as ${name}`,
      reason: "is spent on finding the compiled pattern again",
      node: call,
      edits,
    };
  },
};

interface Given {
  readonly pattern: Node;
  readonly flags: Node | undefined;
  /** Edits that take both out of the arguments. */
  readonly removals: readonly TextEdit[];
}

function readArguments(call: Node, flagsAt: number, re: string): Given | undefined {
  const list = call.childForFieldName("arguments");
  const all = list?.type === "argument_list" ? list.namedChildren.filter((each): each is Node => each !== null) : [];
  const [given, next] = all;
  const pattern = given && constantOf(given);
  if (given === undefined || pattern === undefined) return undefined;
  if (all.some(({ type }) => type === "comment" || type === "list_splat" || type === "dictionary_splat")) return undefined;
  const keyword = all.findIndex((each) => each.type === "keyword_argument" && each.childForFieldName("name")?.text === "flags");
  const position = all.findIndex(({ type }) => type === "keyword_argument");
  const positional = position < 0 ? all.length : position;
  const at = keyword >= 0 ? keyword : flagsAt < positional ? flagsAt : -1;
  const flags = at < 0 ? undefined : all[at];
  const value = flags?.type === "keyword_argument" ? flags.childForFieldName("value") : flags;
  if (value && !areSafeFlags(value, re)) return undefined;
  if (inlineFlags(pattern.text).includes("L")) return undefined;
  const before = at > 0 ? all[at - 1] : undefined;
  // The pattern goes with the comma behind it, and with the flags where they are next; flags further on go with the comma before them.
  const kept = at === 1 ? all[2] : next;
  const end = kept?.startIndex ?? (flags ?? given).endIndex;
  const removals: TextEdit[] = [{ start: given.startIndex, end, text: "" }];
  if (flags !== undefined && before !== undefined && at > 1) removals.push({ start: before.endIndex, end: flags.endIndex, text: "" });
  return { pattern, flags, removals };
}

/** The text that a node is, or that the one binding of its name gives it. */
function constantOf(node: Node): Node | undefined {
  if (node.type !== "identifier") return isPlainString(node) ? node : undefined;
  const root = node.tree.rootNode;
  const [binding, more] = bindingsOf(root, node.text);
  const assignment = binding?.parent?.type === "assignment" ? binding.parent : undefined;
  const value = assignment?.childForFieldName("right");
  if (!binding || more || !assignment || !value || !isPlainString(value) || assignment.startIndex > node.startIndex) return undefined;
  const around = functionAround(assignment);
  // Of the file, or of the same function; not below a condition there, nor of a class.
  const isPlace = assignment.parent?.parent?.type === (around === undefined ? "module" : "block");
  return isPlace && (around === undefined || around.id === functionAround(node)?.id) ? value : undefined;
}

/** `re.I`, `re.I | re.M` or 0. */
function areSafeFlags(node: Node, re: string): boolean {
  if (node.type === "binary_operator" && node.childForFieldName("operator")?.text === "|") {
    return node.namedChildren.every((side) => side !== null && areSafeFlags(side, re));
  }
  if (node.type === "parenthesized_expression") return node.firstNamedChild !== null && areSafeFlags(node.firstNamedChild, re);
  if (node.type === "integer") return node.text === "0";
  return (
    node.type === "attribute" &&
    node.childForFieldName("object")?.text === re &&
    SAFE_FLAGS.has(node.childForFieldName("attribute")?.text ?? "")
  );
}

function inlineFlags(pattern: string): string {
  return [...pattern.matchAll(/\(\?([aiLmsux]+)/g)].map(([, flags]) => flags).join("");
}

/** `re.sub = …` somewhere in the file. */
function changesModule(root: Node, re: string): boolean {
  return root.descendantsOfType("assignment").some(
    (each) =>
      each
        ?.childForFieldName("left")
        ?.descendantsOfType("attribute")
        .some((one) => one?.text.startsWith(`${re}.`)) === true,
  );
}

/** A pattern of our own is compiled at import, outside of any `try` that waits for it to be wrong. */
function handlesWrongPattern(call: Node): boolean {
  for (let at = call.parent; at !== null; at = at.parent) {
    if (at.type === "try_statement") {
      const handlers = at.namedChildren.filter((child) => child?.type === "except_clause" || child?.type === "except_group_clause");
      if (handlers.some((each) => /\b(error|PatternError)\b/.test(each?.text.split("\n")[0] ?? ""))) return true;
    }
  }
  return false;
}

/** `TOKENIZE` for what is in `def tokenize`. */
function constantName(call: Node): string {
  let at: Node | null = call;
  while (at !== null && at.type !== "function_definition") at = at.parent;
  const name = at?.childForFieldName("name")?.text ?? "line";
  return (
    name
      .replaceAll(/^_+|_+$/g, "")
      .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
      .toUpperCase() || "LINE"
  );
}
