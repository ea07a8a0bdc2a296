import { basename } from "node:path";
import type { Hover } from "vscode-languageserver/node";
import { EVENT_UNITS } from "../protocol/events.js";
import { type Shares, sharesOf } from "../profile/shares.js";
import type { Annotated, Annotations } from "./annotations.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { hoverChange } from "./document-difference.js";
import { ofWhat } from "./lenses.js";
import { shownLines } from "./own-cost.js";
import { percent, quantity, rate, transferWords } from "./wording.js";
import { withWorkers } from "../profile/workers.js";

/** Rows of each list; the rest is added up in one. */
const SHOWN_ROWS = 5;

/** What a hot line costs, and by whom: process, thread and caller. Null on lines without cost. */
export async function lineHover(annotations: Annotations, uri: string, lineIndex: number): Promise<Hover | null> {
  const annotated = await annotations.annotate(uri);
  const ids = annotated?.lines.filter(({ line }) => line === lineIndex + 1).map(({ id }) => id) ?? [];
  const [id] = ids;
  if (annotated === undefined || id === undefined) {
    return null;
  }
  const { loaded, view, document } = annotated;
  const { self, total } = shownLines(loaded, view);
  const own = { self: self[id] ?? 0, total: total[id] ?? 0 };
  const difference = await annotations.difference(annotated);
  const change = difference?.lines.get(lineIndex + 1);
  const before = difference === undefined ? (await annotations.before(document, view)).lines.get(lineIndex + 1) : undefined;
  const unit = EVENT_UNITS[view.selection.event];
  const share = (value: number): string => percent(value / view.sum);
  const parts = [
    `**${share(own.total)} total · ${share(own.self)} self** — ${ofWhat(view)}`,
    `${quantity(own.total, unit)} total, ${quantity(own.self, unit)} in the line itself${loaded.justMyCode ? " and in what it calls that is not your code" : ""}`,
  ];
  const classes = view.classes().map(({ waits, view: part }) => ({ waits, total: part.lines().total[id] ?? 0 }));
  const waits = classes.filter((row) => row.total > 0).sort((a, b) => b.total - a.total);
  if (waits.length > 0) {
    parts.push(`Waits ${rate(own.total, view.durationNs)} (of all threads together)`);
    parts.push(table("Waits for", waits, (row) => row.waits, own.total));
  }
  if (difference !== undefined && change !== undefined) {
    parts.push(escapeCell(hoverChange(difference, change, view.selection.event)));
  }
  if (before !== undefined) {
    parts.push(`Before → after: total ${percent(before.total)} → ${share(own.total)}, self ${percent(before.self)} → ${share(own.self)}`);
  }
  const shares = lineShares(annotated, id);
  const transfer = transferWords(view.selection.event);
  if (transfer !== undefined) {
    const subject = (leaf: { readonly function: number }): string =>
      loaded.recording.functions.labelOf(leaf.function).replace(/^\[(.*)\]$/, "$1");
    parts.push(
      table(
        transfer.subjects,
        shares.leaves.filter((leaf) => leaf.function >= 0),
        subject,
        own.total,
      ),
    );
  }
  const rows = { processes: shares.processes.length, threads: shares.threads.length };
  // One process with one thread says no more than the first line does.
  if (rows.processes > 1 || rows.threads > 1) {
    parts.push(table("Process", shares.processes, ({ name, pid }) => `${name} (${pid})`, own.total));
  }
  if (rows.threads > 1) {
    parts.push(table("Thread", shares.threads, ({ name, tid, pid }) => `${name} (${tid} of ${pid})`, own.total));
  }
  const called = shares.callers.filter((caller) => caller.function >= 0);
  if (called.length > 0) {
    parts.push(table("Called from", shares.callers, (caller) => callerName(loaded, caller), own.total));
  }
  const fn = loaded.places.lineFunction.at(id);
  parts.push(`[Costs of the function's lines](command:flameline.annotateFunction?${encodeURIComponent(JSON.stringify([fn]))})`);
  const line = { line: lineIndex, character: 0 };
  return {
    contents: { kind: "markdown", value: parts.join("\n\n") },
    range: { start: line, end: { line: lineIndex, character: (document.text.split("\n")[lineIndex] ?? "").length } },
  };
}

/** Shares of one line: of all recorded (function, line) that are this line, in the threads that see it there. */
function lineShares({ loaded, view }: Annotated, id: number): Shares {
  const { places, recording } = loaded;
  const contexts = Array.from({ length: places.contexts }, (_, context) => places.linesOf(context).includes(id));
  const { pids, threads: ownThreads, ...selection } = withWorkers(recording, view.selection);
  const wanted = new Set(pids);
  const threads = recording.threads.flatMap(({ process }, thread) => {
    const chosen = (ownThreads?.includes(thread) ?? true) && (pids === undefined || wanted.has(recording.processes[process]?.pid ?? -1));
    return chosen && contexts[places.contextOfThread(thread)] === true ? [thread] : [];
  });
  return sharesOf(recording, { ...selection, threads }, { kind: "lines", lines: places.recordedLines(id) });
}

/** "main, app.py:12": where the call is on this machine, else the line as it was recorded. */
function callerName({ recording, places }: LoadedRecording, caller: { readonly function: number; readonly line: number }): string {
  if (caller.function < 0) {
    return "(nobody: the thread starts here)";
  }
  const name = recording.functions.labelOf(caller.function);
  const id = places.lineOfRecorded(caller.function, caller.line);
  const path = places.shownPaths[places.linePath.at(id)];
  if (id < 0 || path === undefined) {
    return caller.line > 0 ? `${name}, line ${caller.line}` : name;
  }
  const line = places.lineNumber.at(id);
  return `${name}, ${basename(path)}${line > 0 ? `:${line}` : ""}`;
}

/** A markdown table of the costliest rows, each with its part of the line's total. */
function table<T extends { readonly total: number }>(title: string, all: readonly T[], name: (row: T) => string, total: number): string {
  const shown = all.slice(0, all.length === SHOWN_ROWS + 1 ? all.length : SHOWN_ROWS);
  const rest = all.slice(shown.length);
  const rows = shown.map((row) => `| ${escapeCell(name(row))} | ${percent(row.total / total)} |`);
  if (rest.length > 0) {
    rows.push(`| ${rest.length} more | ${percent(rest.reduce((sum, row) => sum + row.total, 0) / total)} |`);
  }
  return [`| ${title} | of the line |`, "| :-- | --: |", ...rows].join("\n");
}

/** Names come from programs: none may become a link, an image or a table cell. */
function escapeCell(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(/[\\`*_{}[\]()<>#+!|&~-]/g, String.raw`\$&`);
}
