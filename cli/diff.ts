/** `flameline diff`: what is more and less in a profile than in another one, and whether that is noise. */
import { basename, resolve } from "node:path";
import { type Change, type Measure } from "../profile/difference.js";
import type { Recording } from "../profile/recording.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import type { Selection } from "../protocol/queries.js";
import { type Arguments, readArguments, readChoice } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { type DiffRow, type DiffSide, diffTable, isChanged } from "./diff-rows.js";
import { diffText, unclearNote } from "./diff-text.js";
import { readProfile } from "./read-profile.js";
import { RunTexts } from "./run-texts.js";

export const diffCommand: Command = {
  usage:
    "diff BASE NEW [--by line|function] [--event cpu] [--per second|share|run] [--total] [--base-range A-B] [--new-range A-B] [--idle] [--native] [--json]",
  summary: "Compares two profiles, or two parts of one, and says which changes are more than noise.",
  run: runDiff,
};

async function runDiff(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, {
    by: { type: "string" },
    event: { type: "string" },
    per: { type: "string" },
    total: { type: "boolean" },
    "base-range": { type: "string" },
    "new-range": { type: "string" },
    idle: { type: "boolean" },
    native: { type: "boolean" },
    json: { type: "boolean" },
  });
  const paths = given.operands.map((operand) => resolve(world.cwd, operand));
  const [basePath, nextPath] = paths;
  if (basePath === undefined || nextPath === undefined || paths.length > 2)
    throw new UsageError("Name two profiles: the base, and the new one.");
  const by = readChoice<"line" | "function">(given.text("by"), "way to compare by", ["line", "function"], "line");
  const measure = readChoice<Measure>(given.text("per"), "measure", ["second", "share", "run"], "second");
  const wanted = readChoice<EventName | "">(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "");
  const ranges = { base: readRange(given, "base-range"), next: readRange(given, "new-range") };
  const [base, next] = [await readSide(basePath, world), await readSide(nextPath, world)];
  const event = chooseEvent(base.recording, next.recording, wanted);
  const cost = given.flag("total") ? "total" : "self";
  const selection: Selection = { event, idle: given.flag("idle") };
  const sides: Record<"base" | "next", DiffSide> = {
    base: { ...base, selection: { ...selection, ...ranges.base } },
    next: { ...next, selection: { ...selection, ...ranges.next } },
  };
  const table = await diffTable(sides.base, sides.next, { by, cost, measure, native: given.flag("native"), folder: world.cwd });
  if (table.unclear.length > 0) world.err(`flameline: ${unclearNote(table.unclear, world.cwd)}\n`);
  const names = { base: basename(basePath), next: basename(nextPath) };
  if (!given.flag("json")) {
    world.out(diffText({ table, event, by, cost, names, sides, cwd: world.cwd }));
    return EXIT.done;
  }
  const side = ({ recording }: DiffSide, { durationNs, sums }: typeof table.base) => ({
    seconds: durationNs / 1e9,
    total: sums.reduce((sum, value) => sum + value, 0),
    lost: recording.loss.lost,
    blocks: sums.length,
  });
  const head = { event, unit: EVENT_UNITS[event], cost, per: table.measure, untold: table.untold ?? null };
  const inputs = { base: side(sides.base, table.base), new: side(sides.next, table.next) };
  const total = table.total === undefined ? null : jsonChange(table.total);
  world.out(`${JSON.stringify({ ...head, ...inputs, total, rows: table.rows.map(jsonRow) })}\n`);
  return EXIT.done;
}

async function readSide(path: string, world: World): Promise<Omit<DiffSide, "selection">> {
  const { recording, warnings } = await readProfile(path);
  for (const warning of new Set([...warnings, ...recording.warnings])) world.err(`flameline: ${basename(path)}: ${warning}\n`);
  return { recording, texts: await RunTexts.of(recording, path) };
}

/** `--base-range 2-10.5`: seconds since the recording's start; either may be left out. */
function readRange(given: Arguments, option: "base-range" | "new-range"): Pick<Selection, "fromNs" | "toNs"> {
  const text = given.text(option);
  if (text === undefined) return {};
  const [, from = "", to = ""] = /^(\d+(?:\.\d+)?)?-(\d+(?:\.\d+)?)?$/.exec(text) ?? [];
  if ((from === "" && to === "") || (to !== "" && Number(to) <= Number(from || "0"))) {
    throw new UsageError(`--${option} takes two times in seconds since the recording's start, as 2-10.5, not ${text}.`);
  }
  return { ...(from === "" ? {} : { fromNs: Number(from) * 1e9 }), ...(to === "" ? {} : { toNs: Number(to) * 1e9 }) };
}

/** The wanted event, or the first that both profiles have samples of. */
function chooseEvent(base: Recording, next: Recording, wanted: EventName | ""): EventName {
  const both = base.eventsPresent().filter((event) => next.eventsPresent().includes(event));
  const [first] = both.filter((event) => base.eventsWithSamples().includes(event) && next.eventsWithSamples().includes(event));
  if (wanted === "" && (first ?? both[0]) !== undefined) return first ?? both[0] ?? "cpu";
  if (wanted !== "" && both.includes(wanted)) return wanted;
  const has = (recording: Recording): string => recording.eventsPresent().join(", ") || "no event at all";
  throw new UsageError(
    `The profiles can't be compared by ${wanted || "any event"}: the base holds ${has(base)}, the new one ${has(next)}.`,
  );
}

function jsonChange(change: Change) {
  const { base, next, low, high, relative, relativeLow, relativeHigh, baseCost, nextCost, verdict } = change;
  const ends = { change: change.change, low, high, relative, relativeLow, relativeHigh };
  return { base, new: next, ...ends, baseCost, newCost: nextCost, significant: isChanged(change), verdict };
}

function jsonRow(row: DiffRow) {
  const { file, line, function: name } = row;
  return { file, line, function: name, ...jsonChange(row) };
}
