/**
 * The one way in which slow patterns of Go, Java and Rust are found: a node of a loop's body, the statement that prepares what it uses, and edits of both. The tables are in `go.ts`, `java.ts` and `rust.ts`.
 *
 * Evidence: the lines' share; a compiler leaves no frames of what it has built in. None is proved: nothing here builds and calls one function of such a program, so the project's tests and benchmarks judge.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { ofLines } from "../evidence.js";
import type { TextEdit } from "../finding.js";
import type { Rule, RuleLanguage } from "../rule.js";

const LOOPS = /^(for|while|do|enhanced_for)_statement$|^(for|while|loop)_expression$/;
const FUNCTIONS =
  /^((function|method|constructor)_declaration|func_literal|lambda_expression|function_item|closure_expression|class_body)$/;

export interface Pattern {
  /** Behind the language: `regexp-in-loop`. */
  readonly id: string;
  readonly nodes: readonly string[];
  /** The light bulb's text, and why. */
  readonly title: string;
  readonly reason: string;
  /** The change, or undefined where it is no such pattern. */
  readonly edits: (place: Place) => readonly TextEdit[] | undefined;
}

/** A node in a loop. */
export interface Place {
  readonly node: Node;
  readonly text: string;
  /** The loop around it. */
  readonly loop: Node;
  /** The outermost one of the function. */
  readonly outermost: Node;
}

export function patternRules(language: RuleLanguage, patterns: readonly Pattern[]): Rule[] {
  return patterns.map(({ id, nodes, title, reason, edits }) => ({
    id: `${language}-${id}`,
    language,
    nodes,
    callees: [],
    saves: ofLines,
    match(node) {
      const loops = loopsAround(node);
      const [loop] = loops;
      const outermost = loops.at(-1);
      const change = loop && outermost && edits({ node, text: node.text, loop, outermost });
      return change && { title, reason, node, edits: change };
    },
  }));
}

/** The loops of the function in whose bodies a node is, from inside. */
function loopsAround(node: Node): Node[] {
  const loops: Node[] = [];
  for (let at = node, parent = node.parent; parent !== null && !FUNCTIONS.test(parent.type); at = parent, parent = parent.parent) {
    if (LOOPS.test(parent.type) && parent.childForFieldName("body")?.id === at.id) loops.push(parent);
  }
  return loops;
}

export function replace(node: Node, text: string): TextEdit {
  return { start: node.startIndex, end: node.endIndex, text };
}

/** A statement of its own before the one that a loop is. */
export function before(loop: Node, text: string): TextEdit {
  const at = statementOf(loop);
  return { start: at.startIndex, end: at.startIndex, text: `${text}\n${indentOf(at)}` };
}

export function behind(loop: Node, text: string): TextEdit {
  const at = statementOf(loop);
  return { start: at.endIndex, end: at.endIndex, text: `\n${indentOf(at)}${text}` };
}

/** The statement right before a loop. */
export function previous(loop: Node): Node | undefined {
  return statementOf(loop).previousNamedSibling ?? undefined;
}

/** In Rust a loop is an expression in a statement; in Java and Go it may have a label. */
function statementOf(loop: Node): Node {
  return loop.parent?.type === "expression_statement" || loop.parent?.type === "labeled_statement" ? loop.parent : loop;
}

function indentOf(node: Node): string {
  return /[ \t]*$/.exec(node.tree.rootNode.text.slice(0, node.startIndex))?.[0] ?? "";
}

/** How often a word is in a text. */
export function count(text: string, name: string): number {
  return text.match(new RegExp(String.raw`\b${name}\b`, "g"))?.length ?? 0;
}

/** Places of a name below a node. */
export function places(node: Node, name: string): Node[] {
  return node.descendantsOfType("identifier").filter((each): each is Node => each?.text === name);
}

/** `name` with a number where the file has it already. */
export function free(node: Node, name: string): string {
  const text = node.tree.rootNode.text;
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}${n}`;
    if (count(text, candidate) === 0) return candidate;
  }
}

/** Whether a loop is left before its end: what comes behind it would be missed. */
export function isLeft(loop: Node): boolean {
  return (
    loop.descendantsOfType([
      "return_statement",
      "return_expression",
      "try_expression",
      "throw_statement",
      "goto_statement",
      "labeled_statement",
    ]).length > 0
  );
}
