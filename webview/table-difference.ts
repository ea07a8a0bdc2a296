import { float64FromBase64, int32FromBase64 } from "../profile/base64.js";
import { VERDICTS, type Verdict } from "../protocol/queries.js";
import type { ChangeColumns, TableColumns, TableDifference } from "../protocol/tables.js";
import { measuredWords, percentWords, verdictWords } from "./difference.js";

/** What of a row is compared: samples that end in it, or that have it anywhere on their stack. */
export const COMPARED = ["total", "self"] as const;
export type Compared = (typeof COMPARED)[number];

/** Changes by row, in the measure of the comparison. */
export interface RowChanges extends Pick<TableDifference, "measure" | "untold"> {
  readonly base: Float64Array;
  readonly next: Float64Array;
  readonly change: Float64Array;
  /** Of the base; Infinity where that has none. */
  readonly relative: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Index into {@link VERDICTS}. */
  readonly verdict: Int32Array;
}

export type ChangeKey = "base" | "next" | "change" | "relative" | "verdict";

/** Undefined for a table of one recording, and where the columns are not as long as the table. */
export function decodeChanges({ difference, rows }: TableColumns): Readonly<Record<Compared, RowChanges>> | undefined {
  if (difference === undefined) return undefined;
  const [total, self] = [changesOf(difference.total, difference, rows), changesOf(difference.self, difference, rows)];
  return total && self && { total, self };
}

function changesOf(columns: ChangeColumns, { measure, untold }: TableDifference, rows: number): RowChanges | undefined {
  const [base, next, low, high] = [columns.base, columns.next, columns.low, columns.high].map(float64FromBase64);
  const verdict = int32FromBase64(columns.verdict);
  if (!base || !next || !low || !high || !verdict) return undefined;
  if ([base, next, low, high, verdict].some(({ length }) => length !== rows)) return undefined;
  const change = next.map((value, row) => value - (base[row] ?? 0));
  const relative = change.map((value, row) => {
    const before = base[row] ?? 0;
    return before > 0 ? value / before : value > 0 ? Number.POSITIVE_INFINITY : 0;
  });
  return { measure, untold, base, next, change, relative, low, high, verdict };
}

/** What rows are sorted by: what is sure comes before what may be chance, that before what can't be judged. */
export function changeOrder(changes: RowChanges, key: ChangeKey): ArrayLike<number> {
  return key === "verdict" ? changes.verdict.map((verdict) => RANKS[VERDICTS[verdict] ?? "few"]) : changes[key];
}

const RANKS: Readonly<Record<Verdict, number>> = { more: 0, less: 0, untold: 1, noise: 2, few: 3 };

/** A cell's text. */
export function changeText(changes: RowChanges, key: ChangeKey, row: number, unit: TableColumns["unit"]): string {
  const value = (measured: number): string => measuredWords({ measure: changes.measure, scale: 1 }, measured, unit);
  const [base, next, change] = [changes.base[row] ?? 0, changes.next[row] ?? 0, changes.change[row] ?? 0];
  switch (key) {
    case "base":
      return value(base);
    case "next":
      return value(next);
    case "change":
      return change === 0 ? value(0) : `${change < 0 ? "−" : "+"}${value(Math.abs(change))}`;
    case "relative":
      return base === 0 ? (next > 0 ? "new" : "") : next === 0 ? "gone" : percentWords(changes.relative[row] ?? 0);
    case "verdict":
      return verdictText(verdictOf(changes, row), changes.untold);
  }
}

export function verdictOf(changes: RowChanges, row: number): Verdict {
  return VERDICTS[changes.verdict[row] ?? -1] ?? "few";
}

function verdictText(verdict: Verdict, untold: RowChanges["untold"]): string {
  const mark = verdict === "more" ? "▲ " : verdict === "less" ? "▼ " : "";
  return `${mark}${verdictWords(verdict, untold)}`;
}

/** The interval of a change that is more than noise; "" where there is none. */
export function intervalText({ low, high, measure }: RowChanges, row: number, unit: TableColumns["unit"]): string {
  const ends = [low[row] ?? Number.NaN, high[row] ?? Number.NaN];
  if (ends.some((end) => Number.isNaN(end))) return "";
  const [from, to] = ends.map((end) => `${end < 0 ? "−" : "+"}${measuredWords({ measure, scale: 1 }, Math.abs(end), unit)}`);
  return `95 % interval ${from} to ${to}`;
}
