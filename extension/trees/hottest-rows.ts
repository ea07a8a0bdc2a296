/** The rows of the list of hottest functions and lines. Pure. */
import * as path from "node:path";
import { rate } from "../amount.js";
import type { CodeOwner, FunctionRow, LineChange, LineRow, TableScope, WaitRow } from "../../protocol/queries.js";
import type { WaitClass } from "../../protocol/events.js";
import { changeText, percent } from "../heat/heat-levels.js";

export type HottestItem =
  | { readonly kind: "function"; readonly row: FunctionRow; readonly scope: TableScope }
  | { readonly kind: "line"; readonly row: LineRow; readonly scope: TableScope }
  | { readonly kind: "wait"; readonly row: WaitRow; readonly scope: TableScope };

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

const WAITS: Readonly<Record<WaitClass, string>> = {
  disk: "For a file system or a block device",
  network: "For a socket",
  lock: "For a mutex, a condition, a semaphore, a queue of messages or a lock on a file",
  sleep: "For time to pass",
  pipe: "For a pipe, a terminal, an eventfd, a signalfd or an inotify",
  child: "For a process to end",
  "run queue": "For a processor: the thread could run, but something else did",
  "page-in": "For a page of a mapped file",
  events: "For whichever of several comes first: epoll, poll, select",
  "unknown wait": "The kernel's functions tell nothing that we know",
};

export function rowText(item: HottestItem): RowText {
  const { scope } = item;
  const { total, durationNs } = scope;
  if (item.kind === "wait") {
    const { waits, total: part } = item.row;
    const share = percent(total > 0 ? part / total : 0);
    return { label: waits, description: `${share} of waiting · ${rate(part, durationNs)}`, tooltip: WAITS[waits] };
  }
  const { row } = item;
  const self = percent(total > 0 ? row.self / total : 0);
  const all = percent(total > 0 ? row.total / total : 0);
  const place = placeOf(row.file, row.line);
  const name = item.kind === "function" ? item.row.name : item.row.functionName;
  const kind = row.mostly === undefined ? "" : ` · ${row.mostly}`;
  const change = "change" in row && row.change !== undefined ? `${changeWords(row.change)} · ` : "";
  const waits = scope.event === "off_cpu" ? ` · waits ${rate(row.total, durationNs)}${kind}` : "";
  return {
    label: item.kind === "function" ? name : place === "" ? name : place,
    description: `${change}${self} self · ${all} total${waits}${item.kind === "function" && place !== "" ? ` · ${place}` : ""}${item.kind === "line" ? ` · ${name}` : ""}`,
    tooltip: `${name}\n${row.file === null ? "No source on this machine" : `${row.file}${row.line === null ? "" : `:${row.line}`}`}\n${row.language}, ${OWNERS[row.owner]}`,
  };
}

/** "▲ +25 %", or why there is no such thing. */
function changeWords(change: LineChange): string {
  switch (change.verdict) {
    case "more":
    case "less":
      return changeText(change);
    case "noise":
      return "no more than noise";
    case "few":
      return "too few samples to compare";
    case "untold":
      return change.relative === null ? "new" : `${change.relative < 0 ? "−" : "+"}${percent(Math.abs(change.relative))}, maybe noise`;
  }
}

/** "app.py:12", "app.py" or "". */
function placeOf(file: string | null, line: number | null): string {
  return file === null ? "" : `${path.basename(file)}${line === null ? "" : `:${line}`}`;
}
