/** Looks for all fixes of one profiled file: the pattern in the syntax tree and the heat on its line. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Finding } from "./finding.js";
import type { FileHeat } from "./heat.js";
import type { Match, Rule } from "./rule.js";
import { RULES } from "./rules.js";
import { subjectOf } from "./subject.js";

/** A smaller saving is no finding, as a fraction of the event. */
export const MINIMUM_SHARE = 0.01;

const LANGUAGES: readonly (readonly [RegExp, Rule["language"]])[] = [
  [/^python$|\.pyw?$/, "python"],
  [/^(java|type)script(react)?$|\.[cm]?[jt]sx?$/, "javascript"],
  [/^go$|\.go$/, "go"],
  [/^java$|\.java$/, "java"],
  [/^rust$|\.rs$/, "rust"],
];

/** The rules for a path or VS Code's language identifier. */
export function rulesOf(languageIdOrPath: string): readonly Rule[] {
  const wanted = LANGUAGES.find(([pattern]) => pattern.test(languageIdOrPath))?.[1];
  return RULES.filter(({ language }) => language === wanted);
}

/** All library functions that the rules ask the heat for. */
export function calleesOf(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap(({ callees }) => callees))];
}

/** The largest saving first. A line with `flameline: ignore` in it, or in the line above, has none. */
export function findFixes(root: Node, heat: FileHeat, rules: readonly Rule[], minimumShare = MINIMUM_SHARE): Finding[] {
  const lines = root.text.split("\n");
  const byType = new Map<string, Rule[]>();
  for (const rule of rules) for (const type of rule.nodes) byType.set(type, [...(byType.get(type) ?? []), rule]);
  const found: { readonly rule: Rule; readonly match: Match; readonly share: number }[] = [];
  for (const node of hotNodes(root, heat, new Set(byType.keys()), minimumShare)) {
    const startLine = node.startPosition.row + 1;
    if (isIgnored(lines, startLine)) continue;
    for (const rule of byType.get(node.type) ?? []) {
      const match = rule.match(node);
      if (match === undefined) continue;
      const share = rule.saves(heat, match.node.startPosition.row + 1, match.node.endPosition.row + 1, match);
      if (share >= minimumShare) found.push({ rule, match, share });
    }
  }
  const onLine = (rule: Rule, line: number): number =>
    found.filter((each) => each.rule === rule && each.match.node.startPosition.row === line).length;
  const ids = new Map<string, number>();
  return found
    .map(({ rule, match, share: whole }): Finding => {
      // Several of a kind on one line share what the line has: which has how much can't be told.
      const share = whole / onLine(rule, match.node.startPosition.row);
      const subject = subjectOf(match.node, rule.language);
      const id = `${rule.id}:${subject ?? ""}:${match.node.text}`;
      const ordinal = (ids.get(id) ?? 0) + 1;
      ids.set(id, ordinal);
      return {
        id: ordinal === 1 ? id : `${id}#${ordinal}`,
        kind: "fix",
        rule: rule.id,
        title: match.title,
        message: match.reason,
        event: heat.event,
        share,
        expectedGain: 1 / (1 - Math.min(share, 0.99)),
        startLine: match.node.startPosition.row + 1,
        endLine: match.node.endPosition.row + 1,
        start: match.node.startIndex,
        end: match.node.endIndex,
        edits: match.edits.toSorted((a, b) => b.start - a.start),
        subject,
        ...(match.needs === undefined ? {} : { needs: match.needs }),
        ...(match.refusal === undefined ? {} : { refusal: match.refusal }),
      };
    })
    .filter(({ share }) => share >= minimumShare)
    .sort((a, b) => b.share - a.share);
}

/** Nodes of some types that hold a hot line; what is cold is not walked at all. */
function hotNodes(root: Node, heat: FileHeat, types: ReadonlySet<string>, minimumShare: number): Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    if (types.has(node.type)) nodes.push(node);
    for (const child of node.namedChildren) {
      if (child !== null && heat.hottest(child.startPosition.row + 1, child.endPosition.row + 1) >= minimumShare) visit(child);
    }
  };
  visit(root);
  return nodes;
}

function isIgnored(lines: readonly string[], line: number): boolean {
  return [lines[line - 1], lines[line - 2]?.trim().match(/^(#|\/\/)/) ? lines[line - 2] : ""].some((text) =>
    /(#|\/\/|\/\*)\s*flameline:\s*ignore\b/.test(text ?? ""),
  );
}
