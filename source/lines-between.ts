import { carryLines } from "./carry.js";

/** What is known of a file's text as it ran: `absent` when no such file is here, `unknown` when it may have been another one. */
export type TextOfRun = { readonly kind: "known"; readonly text: string } | { readonly kind: "absent" } | { readonly kind: "unknown" };

/**
 * From a line of the text that one recording ran to that of another's, both 1-based; undefined for a line that was rewritten. Undefined as
 * a whole where a line of one can't be found in the other, because a text is unknown. Files that are not on this machine count as the same.
 */
export function linesBetween(base: TextOfRun, next: TextOfRun): ((line: number) => number | undefined) | undefined {
  if (base.kind === "known" && next.kind === "known") return carryLines(base.text, next.text);
  return base.kind === "absent" && next.kind === "absent" ? (line) => line : undefined;
}
