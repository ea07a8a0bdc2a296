/** The rows of the list of hottest functions and lines. Pure. */
import * as path from "node:path";
import type { CodeOwner, FunctionRow, LineRow } from "../../protocol/queries.js";
import { percent } from "../heat/heat-levels.js";

export type HottestItem =
  | { readonly kind: "function"; readonly row: FunctionRow; readonly total: number }
  | { readonly kind: "line"; readonly row: LineRow; readonly total: number };

export interface RowText {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
}

const OWNERS: Readonly<Record<CodeOwner, string>> = {
  mine: "your code",
  library: "a library",
  runtime: "the language's runtime",
  kernel: "the kernel",
  unknown: "unknown code",
};

export function rowText(item: HottestItem): RowText {
  const { row, total } = item;
  const self = percent(total > 0 ? row.self / total : 0);
  const all = percent(total > 0 ? row.total / total : 0);
  const place = placeOf(row.file, row.line);
  const name = item.kind === "function" ? item.row.name : item.row.functionName;
  return {
    label: item.kind === "function" ? name : place === "" ? name : place,
    description: `${self} self · ${all} total${item.kind === "function" && place !== "" ? ` · ${place}` : ""}${item.kind === "line" ? ` · ${name}` : ""}`,
    tooltip: `${name}\n${row.file === null ? "No source on this machine" : `${row.file}${row.line === null ? "" : `:${row.line}`}`}\n${row.language}, ${OWNERS[row.owner]}`,
  };
}

/** "app.py:12", "app.py" or "". */
function placeOf(file: string | null, line: number | null): string {
  return file === null ? "" : `${path.basename(file)}${line === null ? "" : `:${line}`}`;
}
