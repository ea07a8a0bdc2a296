/** `flameline report`: what a profile says, as a table or as JSON. */
import { findingRow, findingsText, reportFindings } from "./report-findings.js";
import { resolve } from "node:path";
import { isRing } from "../profile-files/read-ring.js";
import type { Recording } from "../profile/recording.js";
import { EVENT_UNITS, GROWTH_EVENTS, type EventName, type EventUnit } from "../protocol/events.js";
import { readArguments, readChoice, readNumber, readOperand } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { lossPhrases } from "./loss-text.js";
import { amount, grouped, percent, secondsText } from "./numbers.js";
import { readProfile } from "./read-profile.js";
import { reportNotes } from "./report-notes.js";
import {
  isByOwner,
  isOfCalls,
  isOfMemory,
  type ReportBy,
  type PlacedRow,
  type ReportRow,
  type ReportTable,
  reportTable,
} from "./report-rows.js";
import { MEMORY_COLUMNS, memoryCells, memoryRows } from "./report-memory.js";
import { countRows, processBytes, type ProcessBytes, transferNotes } from "./report-transfers.js";
import { aligned, shortPath } from "./text-table.js";

/** Rows of the text table; `--json` has them all. */
const SHOWN_ROWS = 40;

export const reportCommand: Command = {
  usage: "report FILE [--by line|function|process|thread|file] [--event cpu] [--last MINUTES] [--idle] [--native] [--json]",
  summary: "Lists the lines, functions, threads or processes of a profile by their cost.",
  run: runReport,
};

async function runReport(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, {
    by: { type: "string" },
    event: { type: "string" },
    idle: { type: "boolean" },
    native: { type: "boolean" },
    last: { type: "string" },
    json: { type: "boolean" },
  });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const by = readChoice<ReportBy>(given.text("by"), "way to sort by", ["line", "function", "process", "thread", "file"], "line");
  const wanted = readChoice<EventName | "">(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "");
  const last = readNumber(given.text("last"), "--last", { from: 0.1, to: 1440, whole: false });
  if (last !== undefined && !(await isRing(path))) throw new UsageError("--last goes with the folder of flameline record --keep.");
  const { recording, warnings } = await readProfile(path, last);
  const event = chooseEvent(recording, wanted);
  const table = await reportTable(recording, {
    event,
    by,
    native: given.flag("native"),
    folder: world.cwd,
    idle: given.flag("idle"),
  });
  for (const warning of new Set([...warnings, ...recording.warnings])) world.err(`flameline: ${warning}\n`);
  const notes = isByOwner(by) || by === "file" ? [] : await reportNotes(recording, table, event, world.cwd);
  for (const note of notes) world.err(`flameline: ${note}\n`);
  const findings =
    by === "line" || by === "function" ? await reportFindings(recording, { event, idle: given.flag("idle") }, world.cwd) : [];
  const unit = EVENT_UNITS[event];
  const head = {
    event,
    unit,
    total: table.total,
    samples: table.samples,
    lost: recording.loss.lost,
    loss: recording.loss,
    seconds: recording.info.durationNs / 1e9,
    ...(event === "off_cpu" ? { idle: table.leftOut, classes: table.classes } : {}),
    ...(by === "line" || by === "function" ? { findings: findings.map(findingRow) } : {}),
    ...(recording.counts.rows.length > 0 ? { counts: countRows(recording) } : {}),
    ...(recording.memory.points.length > 0 ? { memory: memoryRows(recording) } : {}),
  };
  world.out(
    given.flag("json")
      ? `${JSON.stringify({ ...head, rows: table.rows.map(jsonRow) })}\n`
      : `${textTable(recording, table, event, by, world.cwd)}${findingsText(findings, world.cwd)}`,
  );
  return EXIT.done;
}

function jsonRow({ file, line, function: name, language, pid, self, total, waits }: PlacedRow): ReportRow {
  const [process, classes] = [pid === undefined ? {} : { pid }, waits === undefined ? {} : { waits }];
  return { file, line, function: name, language, ...process, self, total, ...classes };
}

/** The wanted event, or the first that the profile has samples of. */
function chooseEvent(recording: Recording, wanted: EventName | ""): EventName {
  const present = recording.eventsPresent();
  if (wanted === "") return recording.eventsWithSamples()[0] ?? present[0] ?? "cpu";
  if (present.includes(wanted)) return wanted;
  throw new UsageError(`The profile holds no ${wanted}, only ${present.join(", ") || "no event at all"}.`);
}

function textTable(recording: Recording, table: ReportTable, event: EventName, by: ReportBy, cwd: string): string {
  const unit = EVENT_UNITS[event];
  const rate = recording.info.hz > 0 ? ` at ${recording.info.hz} Hz` : "";
  const head =
    `${event}: ${amount(table.total, unit)} in ${grouped(table.samples)} samples over ` +
    `${secondsText(recording.info.durationNs / 1e9)}${rate} · ${lossPhrases(recording.loss).join(" · ")}`;
  const waiting = event === "off_cpu";
  const bytes = by === "process" ? processBytes(recording) : new Map<number, ProcessBytes>();
  const memory = by === "process" ? memoryCells(recording) : new Map<number, readonly string[]>();
  const rows = table.rows
    .slice(0, SHOWN_ROWS)
    .map((row) => [
      ...cells(row, table.total, unit, by, cwd),
      ...(bytes.size > 0 ? bytesCells(bytes.get(row.pid ?? 0)) : []),
      ...(memory.size > 0 ? (memory.get(row.pid ?? 0) ?? MEMORY_COLUMNS.map(() => "")) : []),
    ]);
  const more = table.rows.length - rows.length;
  const columns = [...(waiting ? ["waits for"] : []), by === "file" ? "file or peer" : by, by === "line" ? "in" : ""];
  if (bytes.size > 0) columns.push("read", "written", "sent", "received");
  if (memory.size > 0) columns.push(...MEMORY_COLUMNS);
  const lines = aligned([["self", "self%", "total%", ...columns], ...rows], 3);
  const notes = [
    ...(more > 0 ? [`… and ${grouped(more)} more; --json lists them all.`] : []),
    ...(table.folded > 0 ? ["", foldedNote(table, event)] : []),
    ...transferNotes(recording, event).flatMap((note) => ["", note]),
    ...(table.leftOut > 0 ? ["", leftOutNote(event, amount(table.leftOut, unit))] : []),
  ];
  return [head, ...(waiting ? [classesText(table, recording)] : []), "", ...lines, ...notes, ""].join("\n");
}

function leftOutNote(event: EventName, leftOut: string): string {
  return GROWTH_EVENTS.has(event)
    ? `Left out: ${leftOut} by which stacks shrank that had grown before.`
    : `Left out: ${leftOut} in which threads had nothing to do; --idle shows them.`;
}

/** "waiting 1.50 s in each second: lock 61.0% · network 20.1%". */
function classesText({ classes, total }: ReportTable, recording: Recording): string {
  const { durationNs } = recording.info;
  const rate = durationNs > 0 ? `waiting ${amount((1e9 * total) / durationNs, "ns")} in each second` : "waiting";
  const shares = classes
    .filter(({ total: part }) => share(part, total) >= 0.0005)
    .map(({ waits, total: part }) => `${waits} ${percent(share(part, total))}`);
  return shares.length === 0 ? rate : `${rate}: ${shares.join(" · ")}`;
}

function foldedNote({ folded, total }: ReportTable, event: EventName): string {
  const unit = EVENT_UNITS[event];
  if (isOfCalls(event)) {
    return (
      `Self holds ${amount(folded, unit)} (${percent(share(folded, total))}) of ${event === "off_cpu" ? "waits" : isOfMemory(event) ? "memory asked for" : "calls"} inside the language's library, the C library and the ` +
      "kernel, which count for the line that called them; --native shows it apart."
    );
  }
  return (
    `Self holds ${amount(folded, unit)} (${percent(share(folded, total))}) of interpreters, virtual machines and the kernel under them, ` +
    "which counts for the line that called them; --native shows it apart."
  );
}

function cells(row: PlacedRow, total: number, unit: EventUnit, by: ReportBy, cwd: string): readonly string[] {
  const file = row.file ?? row.recordedFile;
  const place = file === "" ? "" : `${shortPath(file, cwd)}${row.line === null ? "" : `:${row.line}`}`;
  const numbers = [amount(row.self, unit), percent(share(row.self, total)), percent(share(row.total, total)), ...mostlyText(row)];
  switch (by) {
    case "line":
      return place === "" ? [...numbers, row.function, ""] : [...numbers, place, row.function];
    case "function":
      return [...numbers, row.function, place];
    case "process":
    case "thread":
      return [...numbers, `${row.pid ?? 0} ${row.function}`, row.file ?? ""];
    case "file":
      return [...numbers, row.function];
  }
}

function bytesCells(bytes: ProcessBytes | undefined): readonly string[] {
  const { read, written, sent, received } = bytes ?? { read: 0, written: 0, sent: 0, received: 0 };
  return [read, written, sent, received].map((sum) => amount(sum, "bytes"));
}

/** "lock", "lock, network" where the first is less than nine tenths; nothing for other events. */
function mostlyText({ waits, total }: PlacedRow): readonly string[] {
  if (waits === undefined) return [];
  const [first, second] = Object.entries(waits).toSorted(([, a], [, b]) => b - a);
  if (first === undefined) return [""];
  return [second === undefined || first[1] >= 0.9 * total ? first[0] : `${first[0]}, ${second[0]}`];
}

function share(value: number, total: number): number {
  return total > 0 ? value / total : 0;
}
