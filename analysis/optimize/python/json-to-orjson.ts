/**
 * JSON in hot code, with `json.loads(text)` or `json.dumps(value, …)`: orjson reads and writes the same three times as fast.
 *
 * Evidence: samples below `json.loads` and its like below the line.
 *
 * What orjson does otherwise goes to `json` again, in a small function of the file: all that it refuses (NaN, infinities, lone surrogates, keys that aren't texts, wide integers when
 * writing, and everything wrong, so that the exceptions stay) and, when reading, texts with 19 digits in a row, which may be integers that orjson makes floats of.
 *
 * Traps: what it writes otherwise in silence. Spaces and `\u` escapes, so without `separators=(",", ":")` and `ensure_ascii=False` the match has no change; other arguments, no match.
 * NaN and floats with exponents are for the proof, and so are dataclasses and dates hidden in the values, which are handed on to `json` by options.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import { belowLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { plainArguments, replace } from "./loops.js";
import { calledMethod } from "./orm/loop-rows.js";
import { belowImports, freeName, importOf, runsOften, soleImport } from "./names.js";

const CALLEES = ["json.loads", "json.load", "json.dumps"];
const COMPACT = new Set(['(",",":")', "(',',':')"]);
/** Values that orjson would write itself go to `json`, which refuses them. */
const OPTIONS = ["PASSTHROUGH_DATACLASS", "PASSTHROUGH_DATETIME"];

export const jsonToOrjson: Rule = {
  id: "python-json-to-orjson",
  language: "python",
  nodes: ["call"],
  callees: CALLEES,
  saves: belowLines(CALLEES),
  match(call) {
    const root = call.tree.rootNode;
    const { object, name = "" } = calledMethod(call) ?? {};
    const statement = object && soleImport(root, "json", object.text);
    if (!object || !statement || !/^(loads|load|dumps)$/.test(name) || !runsOften(call)) return undefined;
    const title = name === "dumps" ? "Write the JSON with orjson" : "Read the JSON with orjson";
    const reason = name === "dumps" ? "is spent on writing JSON" : "is spent on reading JSON";
    const match = { title: `${title}, which has to be among the project's requirements`, reason, node: call, needs: "orjson" };
    const orjson = importOf(root, "orjson", statement);
    if (orjson === undefined) return undefined;
    const done = (helper: string, text: string, edit: TextEdit) => ({
      ...match,
      edits: [belowImports(statement, `\n${text}\n`), edit, ...orjson.edits].filter((_, at) => helper !== "" || at > 0),
    });
    if (name !== "dumps") {
      const [only, more] = plainArguments(call) ?? [];
      if (!only || more) return undefined;
      const helper = freeName(root, "_loads");
      return done(helper, reader(helper, object.text), replace(call, `${helper}(${only.text}${name === "load" ? ".read()" : ""})`));
    }
    const given = writerOf(call);
    if (given === undefined) return undefined;
    if (typeof given === "string") return { ...match, edits: [], refusal: given };
    const helper = freeName(root, "_dumps");
    return done(helper, writer(helper, object.text, given), replace(call, `${helper}(${given.value.text})`));
  },
};

function reader(name: string, json: string): string {
  return `
def ${name}(text):
    # orjson makes floats of integers beyond 64 bits; those, and all that it refuses, json reads.
    data = text.encode(errors="replace") if type(text) is str else text
    if type(data) is bytes and b"0" * 19 not in data.translate(b" " * 48 + b"0" * 10 + b" " * 198):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
    return ${json}.loads(text)`.trim();
}

interface Writer {
  readonly value: Node;
  readonly keywords: string;
  readonly options: readonly string[];
}

/** Which arguments there are; undefined for those that orjson has not, a text for what makes its output another one. */
function writerOf(call: Node): Writer | string | undefined {
  const [value, ...rest] = call.childForFieldName("arguments")?.namedChildren.filter((each): each is Node => each !== null) ?? [];
  if (!value || /keyword_argument|splat|comment/.test(value.type) || !rest.every(({ type }) => type === "keyword_argument"))
    return undefined;
  const given = new Map(rest.map((each) => [each.childForFieldName("name")?.text ?? "", each.childForFieldName("value")?.text ?? ""]));
  const isCompact = COMPACT.has((given.get("separators") ?? "").replaceAll(/\s/g, ""));
  const isIndented = given.get("indent") === "2" && !given.has("separators");
  for (const [name, text] of given) {
    if (name === "separators" ? !isCompact : name === "indent" ? !isIndented : !/^(True|False)$/.test(text)) return undefined;
    if (!/^(separators|indent|sort_keys|ensure_ascii)$/.test(name)) return undefined;
  }
  if (!(isCompact || isIndented) || given.get("ensure_ascii") !== "False") {
    return 'orjson writes no blanks and no \\u escapes, so its output would be another one; with separators=(",", ":") and ensure_ascii=False, if the readers take that, they are alike';
  }
  const options = [...OPTIONS, ...(isIndented ? ["INDENT_2"] : []), ...(given.get("sort_keys") === "True" ? ["SORT_KEYS"] : [])];
  return { value, keywords: rest.map(({ text }) => text).join(", "), options };
}

function writer(name: string, json: string, { keywords, options }: Writer): string {
  return `
def ${name}(value):
    # What orjson refuses, json writes: wide integers, keys that aren't texts.
    try:
        return orjson.dumps(value, option=${options.map((each) => `orjson.OPT_${each}`).join(" | ")}).decode()
    except TypeError:
        return ${json}.dumps(value, ${keywords})`.trim();
}
