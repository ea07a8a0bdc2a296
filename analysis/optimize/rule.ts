/** What a rule is: a pattern in the syntax tree, the evidence that a profile must give, and the change. One file for each. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { FileHeat } from "./heat.js";
import type { TextEdit } from "./finding.js";

export type RuleLanguage = "python" | "javascript" | "go" | "java" | "rust";

export interface Rule {
  /** Stable: it is in settings, comments and JSON. */
  readonly id: string;
  readonly language: RuleLanguage;
  /** Types of syntax nodes that it looks at. */
  readonly nodes: readonly string[];
  /** Functions of libraries that it asks the heat for; see `measureHeat`. */
  readonly callees: readonly string[];
  /** The change of a node, or undefined where the pattern isn't there or a trap is. */
  match(node: Node): Match | undefined;
  /** Fraction of the event that the change saves at most, given where the code is. */
  saves(heat: FileHeat, startLine: number, endLine: number, match: Match): number;
}

export interface Match {
  /** What the change does, in the imperative: the light bulb's text. */
  readonly title: string;
  /** Why, one clause that follows the measured share. */
  readonly reason: string;
  /** The code that is slow, if it is more or less than the node. */
  readonly node: Node;
  readonly edits: readonly TextEdit[];
  /** A package that the new code imports and the old one doesn't: for the project's own requirements, never installed here. */
  readonly needs?: string;
  /** Why there is no change although the pattern is there: a clause, for the edits are none then. */
  readonly refusal?: string;
}
