import type { Node } from "@vscode/tree-sitter-wasm";
import { withAncestors } from "./ancestors.js";
import { quoted } from "./patterns.js";

/** The test function, and below it the subtests that are named where they are run; of one with a computed name the ones around it. */
export function goTest(node: Node): { name: string; selector: string } | undefined {
  const around = withAncestors(node);
  const at = around.findIndex(({ type, parent }) => type === "function_declaration" && parent?.type === "source_file");
  const name = around[at]?.childForFieldName("name")?.text ?? "";
  // What go's own tool takes for one: a small letter may not follow.
  if (!/^(?:Test|Fuzz)(?![\p{Ll}])/u.test(name)) {
    return undefined;
  }
  const outermostFirst = around.slice(0, at).reverse().filter(isRun);
  const subtests = outermostFirst.map((call) => nameOf(call.childForFieldName("arguments")?.namedChild(0) ?? null));
  const computed = subtests.indexOf(undefined);
  const written = subtests.slice(0, computed === -1 ? subtests.length : computed).flatMap((each) => each ?? []);
  const levels = [name, ...written.flatMap((subtest) => asRun(subtest).split("/"))];
  return { name: [name, ...written].join("/"), selector: levels.map((level) => `^${quoted(level)}$`).join("/") };
}

/** `t.Run(name, func…)` */
function isRun(node: Node): boolean {
  const called = node.type === "call_expression" ? node.childForFieldName("function") : null;
  return (
    called?.type === "selector_expression" &&
    called.childForFieldName("field")?.text === "Run" &&
    node.childForFieldName("arguments")?.namedChild(1)?.type === "func_literal"
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** The value of a literal; undefined of anything else, and where it holds bytes that are no text. */
function nameOf(node: Node | null): string | undefined {
  if (node?.type === "raw_string_literal") {
    return node.text.slice(1, -1).replaceAll("\r", "");
  }
  if (node?.type !== "interpreted_string_literal") {
    return undefined;
  }
  let isText = true;
  const value = node.text
    .slice(1, -1)
    .replaceAll(/\\(?:u([\da-f]{4})|U([\da-f]{8})|(.))/gi, (_, short, long, simple: string | undefined) => {
      const code = short ?? long;
      if (typeof code === "string" && Number.parseInt(code, 16) <= 0x10_ff_ff) {
        return String.fromCodePoint(Number.parseInt(code, 16));
      }
      const character = ESCAPES[simple ?? ""];
      isText &&= character !== undefined;
      return character ?? "";
    });
  return isText ? value : undefined;
}

const BLANK = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** As Go's `testing` writes a subtest's name: blanks are `_`, what can't be printed is an escape, and nothing is a number. */
function asRun(name: string): string {
  if (name === "") {
    return "#00";
  }
  return Array.from(name, (character) => {
    if (BLANK.test(character)) {
      return "_";
    }
    const code = character.codePointAt(0) ?? 0;
    return /[\p{C}\p{Z}]/u.test(character) ? escapeOf(code) : character;
  }).join("");
}

function escapeOf(code: number): string {
  const simple = Object.entries(ESCAPES).find(([, character]) => character.codePointAt(0) === code)?.[0];
  if (simple !== undefined) {
    return `\\${simple}`;
  }
  const digits = code.toString(16);
  if (code < 0x80) {
    return `\\x${digits.padStart(2, "0")}`;
  }
  return code < 0x1_00_00 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
