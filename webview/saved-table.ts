import { TABLE_KINDS, type TableKind } from "../protocol/tables.js";
import type { Sorting } from "./table-rows.js";

/** What of the page is seen. */
const SHOWN_PARTS = ["graph", "both", "table"] as const;
export type ShownParts = (typeof SHOWN_PARTS)[number];

/** What a reload brings back of the table. */
export interface SavedTable {
  readonly parts: ShownParts;
  readonly kind: TableKind;
  readonly sorting: Sorting;
}

export const BY_SELF: Sorting = { key: "self", falling: true };

/** Reads what a reload kept; undefined where that is none of ours. */
export function readSavedTable(state: unknown): SavedTable | undefined {
  if (typeof state !== "object" || state === null) return undefined;
  const { parts, kind } = state as Record<string, unknown>;
  const known = TABLE_KINDS.find((each) => each === kind);
  return isParts(parts) && known !== undefined ? { parts, kind: known, sorting: BY_SELF } : undefined;
}

export function isParts(value: unknown): value is ShownParts {
  return SHOWN_PARTS.some((each) => each === value);
}
