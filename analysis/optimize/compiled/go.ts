/**
 * Go's patterns. Traps, each of which makes one no match: patterns that aren't literals; texts and slices that the loop uses otherwise, or that don't begin right before it; numbers whose type the
 * loop doesn't tell; files that weren't created in the function; loops that are left before their end. That `make` gives an empty slice where there was nil is the reader's to judge.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../finding.js";
import { before, behind, count, free, isLeft, patternRules, places, previous, replace, type Pattern } from "./pattern.js";

const PATTERNS: readonly Pattern[] = [
  {
    id: "regexp-in-loop",
    nodes: ["call_expression"],
    title: "Compile the pattern once, before the loop",
    reason: "is spent on the line that compiles a pattern in each turn",
    edits({ node, text, outermost }) {
      if (!/^regexp\.MustCompile\(("([^"\\]|\\.)*"|`[^`]*`)\)$/.test(text)) return undefined;
      const name = free(node, "pattern");
      return [before(outermost, `${name} := ${text}`), replace(node, name)];
    },
  },
  {
    id: "concatenation-in-loop",
    nodes: ["assignment_statement"],
    title: "Write the parts into a strings.Builder",
    reason: "is spent on the line that copies the whole text for each part",
    edits({ node, text, loop }) {
      const [, name = "", part = ""] = /^(\w+) \+= ([^]+)$/.exec(text) ?? [];
      const start = previous(loop);
      const isText = new RegExp(String.raw`^(${name} := ""|var ${name} string( = "")?)$`).test(start?.text ?? "");
      if (!start || !isText || count(loop.text, name) !== 1 || isLeft(loop)) return undefined;
      const builder = free(node, `${name}Builder`);
      return [
        ...imports(node, "strings"),
        replace(start, `var ${builder} strings.Builder`),
        replace(node, `${builder}.WriteString(${part})`),
        behind(loop, `${name} := ${builder}.String()`),
      ];
    },
  },
  {
    id: "growing-slice",
    nodes: ["assignment_statement"],
    title: "Make the slice as large as it will be",
    reason: "is spent on the line that lets a slice grow, and be copied",
    edits({ text, loop }) {
      const name = /^(\w+) = append\(\1, /.exec(text)?.[1];
      const start = previous(loop);
      const element = new RegExp(String.raw`^(?:var ${name} \[\](\S+)|${name} := \[\](\S+)\{\})$`).exec(start?.text ?? "");
      const rows = /^for (?:\w+(?:, \w+)? := )?range ([\w.]+) \{/.exec(loop.text)?.[1];
      if (name === undefined || !start || !element || rows === undefined || count(loop.text, name) !== 2) return undefined;
      return [replace(start, `${name} := make([]${element[1] ?? element[2] ?? ""}, 0, len(${rows}))`)];
    },
  },
  {
    id: "boxing-in-loop",
    nodes: ["call_expression"],
    title: "Convert the number by strconv",
    reason: "is spent on the line that boxes a number for fmt",
    edits({ node, text, loop }) {
      const number = /^fmt\.Sprintf\("%d", (len\([\w.]+\)|\w+)\)$/.exec(text)?.[1];
      const index = /^for (\w+)(?:, \w+)? := range /.exec(loop.text)?.[1];
      // Of what is looped over by number only lengths and indices are surely an int.
      if (number === undefined || !(number.startsWith("len(") || number === index) || /range \w+\s*\{/.exec(loop.text) === null)
        return undefined;
      return [...imports(node, "strconv"), replace(node, `strconv.Itoa(${number})`)];
    },
  },
  {
    id: "unbuffered-writes",
    nodes: ["call_expression"],
    title: "Write through a buffer",
    reason: "is spent on the line that writes each part by itself",
    edits({ node, text, outermost }) {
      const file = /^fmt\.Fprint(?:f|ln)?\((\w+), /.exec(text)?.[1] ?? /^(\w+)\.WriteString\(/.exec(text)?.[1];
      const around = functionOf(node)?.text ?? "";
      if (file === undefined || !new RegExp(String.raw`\b${file}(, \w+)? :?= os\.(Create|OpenFile)\(`).test(around) || isLeft(outermost))
        return undefined;
      const name = free(node, `${file}Writer`);
      const uses = places(outermost, file).map((each) => replace(each, name));
      return [
        ...imports(node, "bufio"),
        before(outermost, `${name} := bufio.NewWriter(${file})`),
        ...uses,
        behind(outermost, `${name}.Flush()`),
      ];
    },
  },
];

export const goRules = patternRules("go", PATTERNS);

/** Adds a package to the first import of the file; none where it is there. */
function imports(node: Node, name: string): TextEdit[] {
  const root = node.tree.rootNode;
  if (root.text.includes(`"${name}"`)) return [];
  const declaration = root.namedChildren.find((each) => each?.type === "import_declaration");
  const list = declaration?.namedChildren.find((each) => each?.type === "import_spec_list");
  if (list) return [{ start: list.startIndex + 1, end: list.startIndex + 1, text: `\n\t"${name}"` }];
  const at = declaration?.startIndex ?? root.namedChildren.find((each) => each?.type === "package_clause")?.endIndex ?? 0;
  return [{ start: at, end: at, text: declaration ? `import "${name}"\n` : `\n\nimport "${name}"` }];
}

function functionOf(node: Node): Node | undefined {
  for (let at: Node | null = node; at !== null; at = at.parent) if (/^(function|method)_declaration$/.test(at.type)) return at;
  return undefined;
}
