/** `flameline report`: what a profile says, as a table or as JSON. */
import { relative, resolve } from "node:path";
import type { Recording } from "../profile/recording.js";
import { EVENT_UNITS, type EventName, type EventUnit } from "../protocol/events.js";
import { readArguments, readChoice, readOperand } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { amount, grouped, percent, secondsText } from "./numbers.js";
import { readProfile } from "./read-profile.js";
import { reportNotes } from "./report-notes.js";
import { type ReportBy, type PlacedRow, type ReportRow, type ReportTable, reportTable } from "./report-rows.js";

/** Rows of the text table; `--json` has them all. */
const SHOWN_ROWS = 40;

export const reportCommand: Command = {
  usage: "report FILE [--by line|function|process] [--event cpu] [--native] [--json]",
  summary: "Lists the lines, functions or processes of a profile by their cost.",
  run: runReport,
};

async function runReport(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, {
    by: { type: "string" },
    event: { type: "string" },
    native: { type: "boolean" },
    json: { type: "boolean" },
  });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const by = readChoice<ReportBy>(given.text("by"), "way to sort by", ["line", "function", "process"], "line");
  const wanted = readChoice<EventName | "">(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "");
  const { recording, warnings } = await readProfile(path);
  const event = chooseEvent(recording, wanted);
  const table = await reportTable(recording, { event, by, native: given.flag("native"), folder: world.cwd });
  for (const warning of new Set([...warnings, ...recording.warnings])) world.err(`flameline: ${warning}\n`);
  const notes = by === "process" ? [] : await reportNotes(recording, table, event, world.cwd);
  for (const note of notes) world.err(`flameline: ${note}\n`);
  const unit = EVENT_UNITS[event];
  const head = {
    event,
    unit,
    total: table.total,
    samples: table.samples,
    lost: recording.loss.lost,
    seconds: recording.info.durationNs / 1e9,
  };
  world.out(
    given.flag("json")
      ? `${JSON.stringify({ ...head, rows: table.rows.map(jsonRow) })}\n`
      : textTable(recording, table, event, by, world.cwd),
  );
  return EXIT.done;
}

function jsonRow({ file, line, function: name, language, pid, self, total }: PlacedRow): ReportRow {
  return { file, line, function: name, language, ...(pid === undefined ? {} : { pid }), self, total };
}

/** The wanted event, or the first that the profile holds. */
function chooseEvent(recording: Recording, wanted: EventName | ""): EventName {
  const present = recording.eventsPresent();
  if (wanted === "") return present[0] ?? "cpu";
  if (present.includes(wanted)) return wanted;
  throw new UsageError(`The profile holds no ${wanted}, only ${present.join(", ") || "no event at all"}.`);
}

function textTable(recording: Recording, table: ReportTable, event: EventName, by: ReportBy, cwd: string): string {
  const unit = EVENT_UNITS[event];
  const { lost, leafOnly } = recording.loss;
  const rate = recording.info.hz > 0 ? ` at ${recording.info.hz} Hz` : "";
  const head =
    `${event}: ${amount(table.total, unit)} in ${grouped(table.samples)} samples over ` +
    `${secondsText(recording.info.durationNs / 1e9)}${rate} · lost ${grouped(lost)} · leaf only ${grouped(leafOnly)}`;
  const rows = table.rows.slice(0, SHOWN_ROWS).map((row) => cells(row, table.total, unit, by, cwd));
  const more = table.rows.length - rows.length;
  const lines = aligned([["self", "self%", "total%", by === "process" ? "process" : by, by === "line" ? "in" : ""], ...rows]);
  const notes = [
    ...(more > 0 ? [`… and ${grouped(more)} more; --json lists them all.`] : []),
    ...(table.folded > 0 ? ["", foldedNote(table, unit)] : []),
  ];
  return [head, "", ...lines, ...notes, ""].join("\n");
}

function foldedNote({ folded, total }: ReportTable, unit: EventUnit): string {
  return (
    `Self holds ${amount(folded, unit)} (${percent(share(folded, total))}) of interpreters, virtual machines and the kernel under them, ` +
    "which counts for the line that called them; --native shows it apart."
  );
}

function cells(row: PlacedRow, total: number, unit: EventUnit, by: ReportBy, cwd: string): readonly string[] {
  const file = row.file ?? row.recordedFile;
  const place = file === "" ? "" : `${shortPath(file, cwd)}${row.line === null ? "" : `:${row.line}`}`;
  const numbers = [amount(row.self, unit), percent(share(row.self, total)), percent(share(row.total, total))];
  switch (by) {
    case "line":
      return place === "" ? [...numbers, row.function, ""] : [...numbers, place, row.function];
    case "function":
      return [...numbers, row.function, place];
    case "process":
      return [...numbers, `${row.pid ?? 0} ${row.function}`, row.file ?? ""];
  }
}

function share(value: number, total: number): number {
  return total > 0 ? value / total : 0;
}

/** Relative where that is shorter and stays inside. */
function shortPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === "" || near.startsWith("..") || !path.startsWith("/") ? path : near;
}

/** Numbers to the right, texts to the left. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 3 ? cell.padStart(widths[column] ?? 0) : column === 3 ? cell.padEnd(Math.min(widths[3] ?? 0, 60)) : cell,
      )
      .join("  ")
      .trimEnd(),
  );
}
