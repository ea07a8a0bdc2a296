import type { Node } from "@vscode/tree-sitter-wasm";

/** What surrounds a function: a function, or a class, namespace, module or impl block. */
export interface Scope {
  readonly kind: "function" | "scope";
  /** As the text has it; "" for closures without a name. */
  readonly name: string;
  /** What names inside begin with. */
  readonly qualifiedName: string;
  readonly parent: Scope | undefined;
  /** Closures and anonymous classes seen inside so far: compilers number them. */
  closures: number;
  anonymousClasses: number;
}

/** A function or scope as its language's rules see it. */
export interface Described {
  /** Absent: what it was captured as. */
  readonly kind?: "function" | "scope";
  readonly name: string;
  /** Absent: the parent's qualified name, the separator, and the name. */
  readonly qualifiedName?: string;
  /** What the qualified names inside begin with, where that isn't this one's. */
  readonly innerName?: string;
  /** Where the name stands; absent: the node itself. */
  readonly nameNode?: Node | undefined;
  /** Where the function begins when that is before the node: decorators. */
  readonly startNode?: Node | undefined;
  readonly anonymous?: boolean;
}

/** How one language's functions are found and named. One file each in this folder. */
export interface LanguageRules {
  /** File of the grammar, for example `tree-sitter-go.wasm`. */
  readonly grammar: string;
  /** VS Code's language identifiers. */
  readonly languageIds: readonly string[];
  /** File name extensions, with the dot, in lower case. */
  readonly extensions: readonly string[];
  /** tree-sitter query with the captures `@function`, `@scope` and `@loop`. */
  readonly query: string;
  /** Between a scope and what is in it. */
  readonly separator: string;
  /** Qualified name of the whole file: its package or namespace; "" for none. */
  readonly fileScope?: (root: Node) => string;
  /** Undefined: not a function or scope after all. */
  readonly describe: (node: Node, kind: "function" | "scope", parent: Scope) => Described | undefined;
}

/** The text of a field of a node, or "". */
export function fieldText(node: Node, field: string): string {
  return node.childForFieldName(field)?.text ?? "";
}

/** The nearest scope, from `scope` outwards, that is a class or namespace; undefined at the file. */
export function enclosingClass(scope: Scope): Scope | undefined {
  let candidate: Scope | undefined = scope;
  while (candidate && candidate.kind !== "scope") {
    candidate = candidate.parent;
  }
  return candidate?.parent ? candidate : undefined;
}

/** `name` in `parent`, spelled with `separator`. */
export function joinName(parent: string, separator: string, name: string): string {
  return parent === "" ? name : parent + separator + name;
}
