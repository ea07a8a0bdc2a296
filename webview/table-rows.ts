import { float64FromBase64, int32FromBase64 } from "../profile/base64.js";
import type { TableColumns } from "../protocol/tables.js";
import { cleanText } from "./graph-tree.js";
import { changeOrder, type Compared, decodeChanges, type RowChanges } from "./table-difference.js";

/** A table's rows as typed columns, in the order of the answer. */
export interface TableRows {
  readonly info: Pick<TableColumns, "kind" | "event" | "unit" | "total" | "rows">;
  readonly texts: readonly string[];
  readonly id: Int32Array;
  /** Index of a function in the recording; -1 where the row has none. */
  readonly fn: Int32Array;
  readonly name: Int32Array;
  readonly place: Int32Array;
  readonly line: Int32Array;
  readonly self: Float64Array;
  readonly total: Float64Array;
  /** Where a baseline was chosen. */
  readonly changes: Readonly<Record<Compared, RowChanges>> | undefined;
}

export const SORT_KEYS = ["self", "total", "name", "place", "base", "next", "change", "relative", "verdict"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sorting {
  readonly key: SortKey;
  readonly falling: boolean;
}

/** Decodes the wire's columns; throws an Error with one sentence where they are no table. */
export function decodeTable(columns: TableColumns): TableRows {
  const { kind, event, unit, total, rows } = columns;
  const int32 = (text: string): Int32Array => sized(int32FromBase64(text), rows);
  const float64 = (text: string): Float64Array => sized(float64FromBase64(text), rows);
  return {
    info: { kind, event, unit, total, rows },
    texts: columns.texts.map(cleanText),
    id: int32(columns.id),
    fn: int32(columns.function),
    name: int32(columns.name),
    place: int32(columns.place),
    line: int32(columns.line),
    self: float64(columns.selfOf),
    total: float64(columns.totalOf),
    changes: decodeChanges(columns),
  };
}

/**
 * Rows to show, as indices: those whose name or place contains a text, without regard to case, sorted; equal ones by falling self, then by
 * total, in a comparison first by the size of the change of what is `compared`.
 */
export function arrangeRows(table: TableRows, text: string, { key, falling }: Sorting, compared: Compared = "total"): Int32Array {
  const wanted = text.trim().toLowerCase();
  const matches = wanted === "" ? undefined : table.texts.map((each) => each.toLowerCase().includes(wanted));
  const { name, place, self, total, line } = table;
  const shown = Int32Array.from({ length: table.info.rows }, (_, row) => row).filter(
    (row) => matches === undefined || matches[name[row] ?? -1] === true || matches[place[row] ?? -1] === true,
  );
  const changes = table.changes?.[compared];
  const values = orderOf(table, changes, key);
  const sign = falling ? -1 : 1;
  const at = (column: ArrayLike<number>, row: number): number => column[row] ?? 0;
  return shown.sort(
    (a, b) =>
      sign * (at(values, a) - at(values, b)) ||
      (key === "name" || key === "place" ? at(line, a) - at(line, b) : 0) ||
      (changes === undefined ? 0 : Math.abs(at(changes.change, b)) - Math.abs(at(changes.change, a))) ||
      at(self, b) - at(self, a) ||
      at(total, b) - at(total, a) ||
      a - b,
  );
}

function orderOf({ texts, name, place, self, total }: TableRows, changes: RowChanges | undefined, key: SortKey): ArrayLike<number> {
  if (key === "name" || key === "place") return ranks(texts, key === "name" ? name : place);
  if (key === "self" || key === "total") return key === "self" ? self : total;
  return changes === undefined ? self : changeOrder(changes, key);
}

/** What a row's place in the order of texts is: each text is compared once for all its rows. */
function ranks(texts: readonly string[], column: Int32Array): Int32Array {
  const order = Array.from(texts.keys()).sort((a, b) => compare(texts[a] ?? "", texts[b] ?? ""));
  const rankOf = new Int32Array(texts.length);
  order.forEach((text, rank) => (rankOf[text] = rank));
  return column.map((text) => rankOf[text] ?? 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sized<T extends Int32Array | Float64Array>(column: T | undefined, rows: number): T {
  if (column?.length !== rows) throw new Error("The answer is not a table; reopen the recording, and report this if it comes back.");
  return column;
}
