import type { Selection, TreeDirection } from "../protocol/queries.js";

/** Under which name a tree lies in an exported page. */
export function pageKey({ event, idle }: Selection, direction: TreeDirection): string {
  return `${event} ${direction}${idle === true ? " idle" : ""}`;
}
