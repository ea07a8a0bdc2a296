import { TABLE_KINDS, type TableKind } from "../protocol/tables.js";
import { COMPARED, type Compared } from "./table-difference.js";
import { SORT_KEYS, type Sorting } from "./table-rows.js";

/** What of the page is seen. */
const SHOWN_PARTS = ["graph", "both", "table"] as const;
export type ShownParts = (typeof SHOWN_PARTS)[number];

/** What a reload brings back of the table. */
export interface SavedTable {
  readonly parts: ShownParts;
  readonly kind: TableKind;
  readonly sorting: Sorting;
  /** What of the rows a comparison shows. */
  readonly compared: Compared;
}

/** What is surely changed, the largest change first. */
export const BY_VERDICT: Sorting = { key: "verdict", falling: false };
export const BY_SELF: Sorting = { key: "self", falling: true };

/** Reads what a reload kept; undefined where that is none of ours. */
export function readSavedTable(state: unknown): SavedTable | undefined {
  if (typeof state !== "object" || state === null) return undefined;
  const { parts, kind, sorting, compared } = state as Record<string, unknown>;
  const known = TABLE_KINDS.find((each) => each === kind);
  return isParts(parts) && known !== undefined
    ? { parts, kind: known, sorting: readSorting(sorting), compared: COMPARED.find((each) => each === compared) ?? "total" }
    : undefined;
}

function readSorting(state: unknown): Sorting {
  if (typeof state !== "object" || state === null) return BY_SELF;
  const { key, falling } = state as Record<string, unknown>;
  const known = SORT_KEYS.find((each) => each === key);
  return known === undefined || typeof falling !== "boolean" ? BY_SELF : { key: known, falling };
}

export function isParts(value: unknown): value is ShownParts {
  return SHOWN_PARTS.some((each) => each === value);
}
