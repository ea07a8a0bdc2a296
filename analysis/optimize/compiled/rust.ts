/**
 * Rust's patterns. Traps, each of which makes one no match: patterns that aren't literals; texts and lists that the loop uses otherwise, or that don't begin right before it; clones that somebody
 * keeps; files that weren't created in the function. What a buffer can't write when it is dropped is lost: where that matters, flush it.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { before, count, free, patternRules, previous, replace, type Pattern } from "./pattern.js";

/** Methods that borrow, so that what they are asked of needs no copy. */
const BORROWING =
  "iter|len|is_empty|contains|get|first|last|starts_with|ends_with|chars|bytes|lines|as_bytes|contains_key|keys|values|split_whitespace";

const PATTERNS: readonly Pattern[] = [
  {
    id: "regexp-in-loop",
    nodes: ["call_expression"],
    title: "Compile the pattern once, before the loop",
    reason: "is spent on the line that compiles a pattern in each turn",
    edits({ node, text, outermost }) {
      if (!/^(regex::)?Regex::new\(r?#*"([^"\\]|\\.)*"#*\)\.(unwrap\(\)|expect\("[^"]*"\))$/.test(text)) return undefined;
      const name = free(node, "pattern");
      return [before(outermost, `let ${name} = ${text};`), replace(node, name)];
    },
  },
  {
    id: "concatenation-in-loop",
    nodes: ["assignment_expression"],
    title: "Push the part onto the text",
    reason: "is spent on the line that copies the whole text for each part",
    edits({ node, text, loop }) {
      const [, name = "", format = "", rest = ""] = /^(\w+) = format!\("\{\}([^"]*)", \1((?:, [^]+)?)\)$/.exec(text) ?? [];
      if (name === "" || count(text, name) !== 2 || loop.text.includes("async")) return undefined;
      return [replace(node, rest === "" ? `${name}.push_str("${format}")` : `${name}.push_str(&format!("${format}"${rest}))`)];
    },
  },
  {
    id: "growing-vector",
    nodes: ["call_expression"],
    title: "Make the vector as large as it will be",
    reason: "is spent on the line that lets a vector grow, and be copied",
    edits({ text, loop }) {
      const name = /^(\w+)\.push\(/.exec(text)?.[1];
      const start = previous(loop);
      const made = new RegExp(String.raw`^let mut ${name}(: [^=]+)? = (Vec::new\(\)|vec!\[\]);$`).exec(start?.text ?? "");
      const rows = /^(?:&(\w+(?:\.\w+)*)|(\w+(?:\.\w+)*)\.iter\(\))$/.exec(loop.childForFieldName("value")?.text ?? "");
      const value = start?.childForFieldName("value");
      if (name === undefined || !made || !rows || !value || count(loop.text, name) !== 1) return undefined;
      return [replace(value, `Vec::with_capacity(${rows[1] ?? rows[2] ?? ""}.len())`)];
    },
  },
  {
    id: "clone-in-loop",
    nodes: ["call_expression"],
    title: "Borrow it, without the clone",
    reason: "is spent on the line that clones what is only looked at",
    edits({ node, text }) {
      const found = new RegExp(String.raw`^[\w.]+?(\.clone\(\))\.(${BORROWING})\(`).exec(text);
      const clone = found?.[1];
      if (!found || clone === undefined) return undefined;
      const start = node.startIndex + text.indexOf(clone);
      return [{ start, end: start + clone.length, text: "" }];
    },
  },
  {
    id: "unbuffered-writes",
    nodes: ["macro_invocation", "call_expression"],
    title: "Write through a buffer",
    reason: "is spent on the line that writes each part by itself",
    edits({ node, text, outermost }) {
      const name = /^writeln?!\((?:&mut )?(\w+),/.exec(text)?.[1] ?? /^(\w+)\.write_all\(/.exec(text)?.[1];
      const file = name === undefined ? undefined : fileOf(outermost, name);
      return file && [replace(file, `std::io::BufWriter::new(${file.text})`)].filter(() => node.startIndex > file.endIndex);
    },
  },
];

export const rustRules = patternRules("rust", PATTERNS);

/** The expression that creates the file which a name of the function stands for. */
function fileOf(inside: Node, name: string): Node | undefined {
  let item = inside;
  while (item.parent !== null && item.type !== "function_item") item = item.parent;
  const found = item
    .descendantsOfType("let_declaration")
    .filter((each) => each?.childForFieldName("pattern")?.text === name && each.childForFieldName("type") === null);
  const value = found.length === 1 ? found[0]?.childForFieldName("value") : undefined;
  return value && /^(std::fs::|fs::)?File::create\([^]*\)(\?|\.unwrap\(\)|\.expect\("[^"]*"\))$/.test(value.text) ? value : undefined;
}
