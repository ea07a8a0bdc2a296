/**
 * Java's patterns. Traps, each of which makes one no match: patterns that aren't literals; texts and lists that the loop uses otherwise, or that don't begin right before it; what is looped over without
 * a type that tells its size; numbers that may be null; loops that are left before their end. A buffer keeps its bytes until it is closed: who reads the file meanwhile is the reader's to judge.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { before, behind, count, free, isLeft, patternRules, previous, replace, type Pattern } from "./pattern.js";

const PRIMITIVES: Readonly<Record<string, string>> = { Integer: "int", Long: "long", Double: "double", Float: "float", Short: "short" };

const PATTERNS: readonly Pattern[] = [
  {
    id: "regexp-in-loop",
    nodes: ["method_invocation"],
    title: "Compile the pattern once, before the loop",
    reason: "is spent on the line that compiles a pattern in each turn",
    edits({ node, text, outermost }) {
      if (!/^Pattern\.compile\("([^"\\]|\\.)*"(, Pattern\.[A-Z_]+)?\)$/.test(text)) return undefined;
      const name = free(node, "pattern");
      return [before(outermost, `Pattern ${name} = ${text};`), replace(node, name)];
    },
  },
  {
    id: "concatenation-in-loop",
    nodes: ["assignment_expression"],
    title: "Append the parts to a StringBuilder",
    reason: "is spent on the line that copies the whole text for each part",
    edits({ node, text, loop }) {
      const [, name = "", part = ""] = /^(\w+) \+= ([^]+)$/.exec(text) ?? [];
      const start = previous(loop);
      const isText = new RegExp(String.raw`^(String|var) ${name} = "";$`).test(start?.text ?? "");
      if (!start || !isText || count(loop.text, name) !== 1 || node.parent?.type !== "expression_statement" || isLeft(loop))
        return undefined;
      const builder = free(node, `${name}Builder`);
      return [
        replace(start, `StringBuilder ${builder} = new StringBuilder();`),
        replace(node, `${builder}.append(${part})`),
        behind(loop, `String ${name} = ${builder}.toString();`),
      ];
    },
  },
  {
    id: "growing-list",
    nodes: ["method_invocation"],
    title: "Make the list as large as it will be",
    reason: "is spent on the line that lets a list grow, and be copied",
    edits({ text, loop }) {
      const name = /^(\w+)\.add\(/.exec(text)?.[1];
      const start = previous(loop);
      const made = new RegExp(String.raw`^[\w<>, .\[\]]+ ${name} = new ArrayList<[\w, ]*>\((\))`).exec(start?.text ?? "");
      const rows = loop.type === "enhanced_for_statement" ? loop.childForFieldName("value") : null;
      const size = rows?.type === "identifier" ? sizeOf(rows) : undefined;
      if (name === undefined || !start || !made || size === undefined || count(loop.text, name) !== 1) return undefined;
      const at = start.startIndex + made[0].length - 1;
      return [{ start: at, end: at, text: `${rows?.text ?? ""}.${size}` }];
    },
  },
  {
    id: "boxing-in-loop",
    nodes: ["assignment_expression", "update_expression"],
    title: "Count in a number, not in an object",
    reason: "is spent on the line that makes a new object for each sum",
    edits({ node, text, outermost }) {
      const name = /^(\w+) [-+*]= /.exec(text)?.[1] ?? /^(\w+)(\+\+|--)$/.exec(text)?.[1];
      const start = previous(outermost);
      const type = new RegExp(String.raw`^(Integer|Long|Double|Float|Short) ${name} = -?[\d.]+[lLdDfF]?;$`).exec(start?.text ?? "")?.[1];
      const around = start?.parent?.text ?? "";
      const isObject = new RegExp(String.raw`\b${name}\s*(\.|==|!=)|null\s*[!=]=\s*${name}\b`).test(around);
      const typeNode = start?.childForFieldName("type");
      if (name === undefined || type === undefined || !typeNode || isObject || node.parent?.type !== "expression_statement")
        return undefined;
      return [replace(typeNode, PRIMITIVES[type] ?? type)];
    },
  },
  {
    id: "unbuffered-writes",
    nodes: ["method_invocation"],
    title: "Go through a buffer",
    reason: "is spent on the line that reads or writes each part by itself",
    edits({ node, text }) {
      const name = /^(\w+)\.(write|append|read)\(/.exec(text)?.[1];
      const binding = name === undefined ? undefined : bindingOf(node, name);
      const [type, value] = [
        binding?.childForFieldName("type") ?? binding?.parent?.childForFieldName("type"),
        binding?.childForFieldName("value"),
      ];
      const kind = /^new (?:java\.io\.)?File(Writer|Reader|OutputStream|InputStream)\([^]*\)$/.exec(value?.text ?? "")?.[1];
      if (!type || !value || kind === undefined) return undefined;
      const buffered = `java.io.Buffered${kind}`;
      return [
        ...(/^(var|Writer|Reader|OutputStream|InputStream)$/.test(type.text) ? [] : [replace(type, buffered)]),
        replace(value, `new ${buffered}(${value.text})`),
      ];
    },
  },
];

export const javaRules = patternRules("java", PATTERNS);

/** What has the number of elements of a name with a declared type. */
function sizeOf(rows: Node): string | undefined {
  const binding = bindingOf(rows, rows.text);
  const type = (binding?.childForFieldName("type") ?? binding?.parent?.childForFieldName("type"))?.text ?? "";
  if (type.endsWith("[]")) return "length";
  return /^(List|Set|Collection|ArrayList|HashSet|Deque|Queue|LinkedList|TreeSet)\b/.test(type) ? "size()" : undefined;
}

/** The one parameter, resource or declarator of the method that binds a name. */
function bindingOf(use: Node, name: string): Node | undefined {
  let method = use;
  while (method.parent !== null && !/^(method|constructor)_declaration$/.test(method.type)) method = method.parent;
  const found = method
    .descendantsOfType(["formal_parameter", "variable_declarator", "resource"])
    .filter((each) => each?.childForFieldName("name")?.text === name);
  return found.length === 1 ? (found[0] ?? undefined) : undefined;
}
