import type { Untold } from "../protocol/queries.js";

/** What is said of a change where nothing can be told about noise: the same on a box, in a table, in a lens and in a hover. */
export function untoldWords(untold: Untold | null | undefined): string {
  return untold === "short" ? "too short to tell from noise" : "may be noise";
}
