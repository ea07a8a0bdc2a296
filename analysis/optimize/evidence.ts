/** What rules ask the heat for, where it is no more than one question. */
import type { FileHeat } from "./heat.js";

type Share = (heat: FileHeat, startLine: number, endLine: number) => number;

/** All that the lines take. */
export const ofLines: Share = (heat, startLine, endLine) => heat.total(startLine, endLine);

/** What they do without calling other interpreted code, for what the interpreter itself does has no frame of its own: the most that a change may save. */
export const ownOfLines: Share = (heat, startLine, endLine) => heat.own(startLine, endLine);

/** What they spend in other interpreted code. */
export const calledByLines: Share = (heat, startLine, endLine) => heat.total(startLine, endLine) - heat.own(startLine, endLine);

/** What they spend below one of some library functions, `module.function`: the largest. */
export function belowLines(callees: readonly string[]): Share {
  return (heat, startLine, endLine) => Math.max(...callees.map((callee) => heat.below(startLine, endLine, callee)));
}
