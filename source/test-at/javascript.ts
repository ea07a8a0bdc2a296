import type { Node } from "@vscode/tree-sitter-wasm";
import { withAncestors } from "./ancestors.js";
import { quoted } from "./patterns.js";

const TESTS: ReadonlySet<string> = new Set(["test", "it"]);
const GROUPS: ReadonlySet<string> = new Set(["describe", "suite"]);

/** A title with gaps where it is computed. */
type Title = readonly (string | null)[];

/** The call of `test` or `it`, also of `test.each(…)` and the like, with the titles of the groups around it. */
export function javascriptTest(node: Node): { name: string; selector: string } | undefined {
  const titles: Title[] = [];
  let inTest = false;
  for (const at of withAncestors(node)) {
    const callee = at.type === "call_expression" ? calleeOf(at) : undefined;
    const isTest = callee !== undefined && TESTS.has(callee);
    if (callee === undefined || !(isTest || (inTest && GROUPS.has(callee)))) {
      continue;
    }
    const title = titleOf(at);
    // `test.each(table)` is called, too: its title belongs to the call of what it gives.
    if (title === undefined) {
      continue;
    }
    if (isTest) {
      titles.length = 0;
      inTest = true;
    }
    titles.unshift(title);
  }
  if (!inTest || titles.every((title) => title.every((part) => part === null))) {
    return undefined;
  }
  const name = titles.map((title) => title.map((part) => part ?? "…").join("")).join(" > ");
  const pattern = titles.map((title) => title.map((part) => (part === null ? ".*" : quoted(part))).join("")).join(" ");
  // Runners begin the name with a blank where the file counts as a group.
  return { name, selector: `^ ?${pattern}$` };
}

/** `test` of `test(…)`, `test.only(…)`, `test.each(…)(…)` and test.each`…`(…). */
function calleeOf(call: Node): string | undefined {
  let at = call.childForFieldName("function");
  while (at !== null && at.type !== "identifier") {
    at = at.type === "call_expression" ? at.childForFieldName("function") : at.childForFieldName("object");
  }
  return at?.text;
}

/** The first argument of a call whose last ones have a function; undefined of other calls. */
function titleOf(call: Node): Title | undefined {
  const given = call.childForFieldName("arguments");
  const values = given?.type === "arguments" ? given.namedChildren.filter((child) => child !== null && child.type !== "comment") : [];
  const [first, ...others] = values;
  if (!first || !others.some((value) => value !== null && /function|call_expression|identifier/.test(value.type))) {
    return undefined;
  }
  const inTable = call.childForFieldName("function")?.type === "call_expression";
  if (first.type === "string") {
    const text = literal(first.text.slice(1, -1));
    return inTable ? tableTitle(text) : [text];
  }
  if (first.type === "template_string") {
    return first.namedChildren.flatMap((child): (string | null)[] => {
      if (child === null) return [];
      const text = child.type === "template_substitution" ? null : literal(child.text);
      return typeof text === "string" && inTable ? [...tableTitle(text)] : [text];
    });
  }
  return [null];
}

/** What a table's row is put into: `%s`, `$name`. */
function tableTitle(text: string): Title {
  return text.split(/(%[sdifjoO#$]|\$[\w.]+)/).map((part, index) => (index % 2 === 1 ? null : part.replaceAll("%%", "%")));
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", 0: "\0", "\n": "" };

/** The value of the inside of a string. */
function literal(source: string): string {
  return source.replaceAll(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\}|(\r\n|[^]))/gi,
    (_, byte: string | undefined, unit: string | undefined, point: string | undefined, simple: string | undefined) => {
      const code = byte ?? unit ?? point;
      return code === undefined
        ? (ESCAPES[simple ?? ""] ?? simple ?? "")
        : String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10_ff_ff));
    },
  );
}
