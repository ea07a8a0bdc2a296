/**
 * A pattern or a formatter that is made anew each time: `new RegExp("…")`, `new Intl.NumberFormat("de", { … })` in hot code. A formatter reads its locale's
 * data, which takes as long as hundreds of calls of it.
 *
 * Evidence: what the line does without calling other JavaScript code, for constructors of the engine have no frame of their own: the most that the change may save.
 *
 * Traps, each of which makes it no match: arguments that aren't constant, such as variables that the function has captured; arguments that the constructor refuses, for
 * it would then throw when the file is loaded; patterns with `y`, and with `g` but where they go straight to a method of texts that begins anew (`replace`, `matchAll`), for `test` and `exec`
 * remember in `lastIndex` where they were; objects that somebody else could keep, change or compare; dates without a time zone of their own, which follow
 * `process.env.TZ`; `RegExp` or `Intl` bound or changed in the file.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import type { Rule } from "../rule.js";
import { constantOf } from "./constants.js";
import { belowImports, constantName, freeName, functionAround, placesOf, runsOften } from "./names.js";

/** By constructor: the word in the constant's name, and the methods that leave the object as it was. */
const FORMATTERS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  NumberFormat: ["NUMBER_FORMAT", ["format", "formatToParts", "formatRange"]],
  DateTimeFormat: ["DATE_FORMAT", ["format", "formatToParts", "formatRange"]],
  Collator: ["COLLATOR", ["compare"]],
  PluralRules: ["PLURAL_RULES", ["select"]],
  ListFormat: ["LIST_FORMAT", ["format", "formatToParts"]],
  RelativeTimeFormat: ["RELATIVE_TIME_FORMAT", ["format", "formatToParts"]],
  DisplayNames: ["DISPLAY_NAMES", ["of"]],
  Segmenter: ["SEGMENTER", ["segment"]],
};
/** Methods of texts that begin at the first character, whatever `lastIndex` is. */
const BEGIN_ANEW = new Set(["replace", "replaceAll", "match", "matchAll", "search", "split"]);

export const objectInHotCode: Rule = {
  id: "javascript-object-in-hot-code",
  language: "javascript",
  nodes: ["new_expression"],
  callees: [],
  saves: (heat, startLine, endLine) => heat.own(startLine, endLine),
  match(made) {
    const root = made.tree.rootNode;
    const constructor = made.childForFieldName("constructor")?.text ?? "";
    const [owner = "", kind = "RegExp"] = constructor.split(".");
    if ((constructor !== "RegExp" && (owner !== "Intl" || !Object.hasOwn(FORMATTERS, kind))) || !runsOften(made)) return undefined;
    const list = made.childForFieldName("arguments")?.namedChildren ?? [];
    const values = list.map((each) => (each === null ? undefined : constantOf(each)));
    if (!values.every((each) => each !== undefined) || isChanged(root, owner)) return undefined;
    const given = values.map((each) => each?.value);
    if (!isAccepted(kind, given) || (kind === "DateTimeFormat" && !hasTimeZone(given[1]))) return undefined;
    const flags = typeof given[1] === "string" ? given[1] : "";
    const uses = usesOf(made);
    if (uses === undefined || !uses.every((use) => (kind === "RegExp" ? leavesPattern(use, flags) : leavesFormatter(use, kind)))) {
      return undefined;
    }
    const word = kind === "RegExp" ? "PATTERN" : (FORMATTERS[kind]?.[0] ?? "FORMAT");
    const name = freeName(root, `${constantName(made)}_${word}`);
    const end = /;\s*$/m.test(root.text) ? ";" : "";
    const edits: TextEdit[] = [
      belowImports(root, `const ${name} = ${made.text}${end}`),
      { start: made.startIndex, end: made.endIndex, text: name },
    ];
    return {
      title: `Make the ${kind === "RegExp" ? "pattern" : kind} once, as ${name}`,
      reason: `is spent on the line that makes ${kind === "RegExp" ? "a pattern" : `an Intl.${kind}`} anew each time`,
      node: made,
      edits,
    };
  },
};

/** `Intl` as a parameter, an import, a class, or on the left of an assignment. */
function isChanged(root: Node, name: string): boolean {
  return placesOf(root, name).some((place) => {
    const parent = place.parent;
    if (parent?.type === "new_expression") return false;
    if (parent?.type !== "member_expression" || parent.childForFieldName("object")?.id !== place.id)
      return parent?.type !== "binary_expression";
    let outer = parent;
    while (outer.parent?.type === "member_expression") outer = outer.parent;
    return outer.parent?.type.includes("assignment") === true && outer.parent.childForFieldName("left")?.id === outer.id;
  });
}

/** The engine itself knows best what it takes. */
function isAccepted(kind: string, given: readonly unknown[]): boolean {
  try {
    const make =
      kind === "RegExp" ? RegExp : (Intl as unknown as Readonly<Record<string, new (...args: readonly unknown[]) => object>>)[kind];
    return make !== undefined && typeof Reflect.construct(make, given) === "object";
  } catch {
    return false;
  }
}

function hasTimeZone(options: unknown): boolean {
  return typeof options === "object" && options !== null && "timeZone" in options && options.timeZone !== undefined;
}

/** The places in which the object is used: itself, or those of the constant that it is bound to in its function; undefined where they can't be told. */
function usesOf(made: Node): Node[] | undefined {
  const declarator = made.parent;
  if (declarator?.type !== "variable_declarator") return [made];
  const name = declarator.childForFieldName("name");
  const within = functionAround(made) ?? made.tree.rootNode;
  if (declarator.parent?.children[0]?.text !== "const" || name?.type !== "identifier") return undefined;
  const uses = placesOf(within, name.text).filter(({ id }) => id !== name.id);
  // Of two things with one name it can't be told which is meant.
  const isBoundAgain = uses.some(
    ({ parent }) => parent?.childForFieldName("name")?.text === name.text || /pattern|parameter/.test(parent?.type ?? ""),
  );
  return isBoundAgain ? undefined : uses;
}

function leavesPattern(use: Node, flags: string): boolean {
  if (flags.includes("y")) return false;
  const parent = use.parent;
  if (parent?.type === "arguments") {
    const method = parent.parent?.childForFieldName("function")?.childForFieldName("property")?.text ?? "";
    return parent.firstNamedChild?.id === use.id && BEGIN_ANEW.has(method);
  }
  return !flags.includes("g") && callsMember(use, ["test", "exec"]);
}

function leavesFormatter(use: Node, kind: string): boolean {
  const methods = FORMATTERS[kind]?.[1] ?? [];
  // Those two are functions that keep their formatter: `names.sort(collator.compare)`.
  const isBound = use.parent?.type === "member_expression" && use.parent.childForFieldName("object")?.id === use.id;
  const property = isBound ? (use.parent?.childForFieldName("property")?.text ?? "") : "";
  if (isBound && (property === "compare" || (property === "format" && /Number|DateTime/.test(kind))) && methods.includes(property)) {
    return use.parent?.parent?.type === "call_expression" || use.parent?.parent?.type === "arguments";
  }
  return callsMember(use, methods);
}

/** `USE.method(…)`. */
function callsMember(use: Node, methods: readonly string[]): boolean {
  const member = use.parent;
  const isObject = member?.type === "member_expression" && member.childForFieldName("object")?.id === use.id;
  const isCalled = member?.parent?.type === "call_expression" && member.parent.childForFieldName("function")?.id === member.id;
  return isObject && isCalled && methods.includes(member.childForFieldName("property")?.text ?? "");
}
