/** JavaScript or TypeScript that hands over one of its functions, and notes its calls. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { applyEdits, type TextEdit } from "../finding.js";
import { constantOf } from "./constants.js";
import { CLASSES, type ReachableFunction, reachableFunctions } from "./functions.js";

export interface Instrumented {
  /** For the tests and the recorded program: each call is noted as it begins. */
  readonly noting: string;
  /** To be loaded by the harness: the function is handed over, and nothing of the program runs. */
  readonly loadable: string;
}

/** Why a function can't be proved: how its sentence ends. */
export interface NotProvable {
  readonly because: string;
}

const GLOBAL: Readonly<Record<"javascript" | "typescript", string>> = { javascript: "globalThis", typescript: "(globalThis as any)" };

/**
 * @param capture path of capture.cjs
 * @param isProgram whether the file is the program that was recorded: then its statements that call its own functions would start it again
 */
export function instrument(root: Node, path: string, subject: string, capture: string, isProgram: boolean): Instrumented | NotProvable {
  const found = reachableFunctions(root).find(({ name }) => name === subject);
  if (found === undefined) return { because: `it is not defined exactly once at the top of its file or class` };
  if (isGenerator(found.node)) return { because: "it is a generator, which can't be compared call by call" };
  const world = GLOBAL[/\.[cm]?tsx?$/.test(path) ? "typescript" : "javascript"];
  const text = root.text;
  const ending = handOver(found, world);
  const isModule = root.namedChildren.some((each) => each?.type === "import_statement" || each?.type === "export_statement");
  // Without either it may be of both kinds; then it is a program, before which the file is loaded.
  const loads = isModule ? `import ${JSON.stringify(capture)};` : `typeof require === "function" && require(${JSON.stringify(capture)});`;
  return {
    noting: applyEdits(text, [headEdit(root, loads), ...noteEdits(found, world), ...classEdits(root, world)]),
    loadable: `${applyEdits(text, [...classEdits(root, world), ...(isProgram ? startsOf(root) : [])])}\n${ending}\n`,
  };
}

/** Constants of the function and of the file's variables that it names: what it compares with and looks for. */
export function constantsOf(root: Node, subject: string): (string | number)[] {
  const body = reachableFunctions(root).find(({ name }) => name === subject)?.body;
  const named = new Set(body?.descendantsOfType("identifier").map((each) => each?.text));
  const variables = root.namedChildren.filter(
    (each) =>
      each?.type === "lexical_declaration" &&
      each.namedChildren.some((declarator) => named.has(declarator?.childForFieldName("name")?.text)),
  );
  return [body, ...variables].flatMap((part) =>
    (part?.descendantsOfType(["string", "number"]) ?? []).flatMap((node) => {
      const value = node && constantOf(node)?.value;
      return typeof value === "string" || typeof value === "number" ? [value] : [];
    }),
  );
}

function isGenerator(node: Node): boolean {
  return node.type.startsWith("generator_") || node.children.some((child) => child?.type === "*");
}

/** The last line of the file. */
function handOver({ expression, self }: ReachableFunction, world: string): string {
  return `;${world}[Symbol.for("flameline.subject")] = { function: () => ${expression}, self: () => ${self} };`;
}

/** Hands each class over as soon as it is there: what made its objects is known before the program goes on. */
function classEdits(root: Node, world: string): TextEdit[] {
  return root.namedChildren.flatMap((statement) => {
    const declared = statement?.type === "export_statement" ? statement.childForFieldName("declaration") : statement;
    const name = declared && CLASSES.has(declared.type) ? declared.childForFieldName("name")?.text : undefined;
    if (!statement || name === undefined) return [];
    const at = statement.endIndex;
    return [{ start: at, end: at, text: `; (${world}[Symbol.for("flameline.classes")] ??= {}).${name} = ${name};` }];
  });
}

/** In front of all but what must stand first. */
function headEdit(root: Node, loads: string): TextEdit {
  const first = root.namedChildren.find((each) => each !== null && each.type !== "hash_bang_line" && each.type !== "comment");
  let at = first?.startIndex ?? root.text.length;
  const isDirective = first?.type === "expression_statement" && first.firstNamedChild?.type === "string";
  if (isDirective) at = first.endIndex;
  // Directives may end without a semicolon.
  return { start: at, end: at, text: isDirective ? `; ${loads} ` : `${loads} ` };
}

function noteEdits({ node, body }: ReachableFunction, world: string): TextEdit[] {
  const note = `${world}[Symbol.for("flameline.note")]?.`;
  if (node.type === "arrow_function") {
    const wrap = `((call) => (...args) => { ${note}(undefined, args); return call(...args); })(`;
    const types = world === "globalThis" ? wrap : wrap.replace("(call)", "(call: any)").replace("(...args)", "(...args: any[])");
    return [
      { start: node.startIndex, end: node.startIndex, text: types },
      { start: node.endIndex, end: node.endIndex, text: ")" },
    ];
  }
  const directives = body.namedChildren.filter((each) => each?.type === "expression_statement" && each.firstNamedChild?.type === "string");
  const at = directives.at(-1)?.endIndex ?? body.startIndex + 1;
  return [{ start: at, end: at, text: `${directives.length > 0 ? ";" : ""} ${note}(this, arguments); ` }];
}

/** Statements that start the program: they call a function of the file, or begin and end with the process. */
function startsOf(root: Node): TextEdit[] {
  const own = new Set(root.namedChildren.flatMap((each) => (each === null ? [] : namesOf(each))));
  return root.namedChildren.flatMap((statement) => {
    if (!statement || !/^(expression|for|for_in|while|do|if|try)(_statement)?$/.test(statement.type)) return [];
    const calls = statement.descendantsOfType(["call_expression", "new_expression"]);
    const starts = calls.some((call) => {
      const callee = call?.childForFieldName("function") ?? call?.childForFieldName("constructor");
      return callee?.type === "identifier" && own.has(callee.text);
    });
    return starts ? [{ start: statement.startIndex, end: statement.endIndex, text: ";" }] : [];
  });
}

function namesOf(statement: Node): string[] {
  const declared = statement.type === "export_statement" ? statement.childForFieldName("declaration") : statement;
  if (declared === null) return [];
  if (/^(lexical|variable)_declaration$/.test(declared.type)) {
    return declared.namedChildren.flatMap((each) =>
      /function/.test(each?.childForFieldName("value")?.type ?? "") ? (each?.childForFieldName("name")?.text ?? []) : [],
    );
  }
  return /function_declaration|class_declaration/.test(declared.type) ? [declared.childForFieldName("name")?.text ?? ""] : [];
}
