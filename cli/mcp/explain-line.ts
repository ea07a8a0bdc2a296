import { join } from "node:path";
import { stackCosts } from "../../profile/cost.js";
import type { Recording } from "../../profile/recording.js";
import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import { toolShare } from "../../protocol/tool-input.js";
import type { World } from "../command.js";
import { findAllFixes } from "../find-fixes.js";
import { nodeFiles } from "../node-files.js";
import { readProfile } from "../read-profile.js";
import { Places, reportTable } from "../report-rows.js";
import { RunTexts } from "../run-texts.js";

/** Callers, and what is called: the costliest. */
const MOST_NAMES = 10;

/** A line's cost by event, with who calls it and what it calls, and the fixes that touch it. Throws where the profile has nothing of it. */
export async function explainLine(world: World, profile: string, file: string, line: number): Promise<object> {
  const { recording, warnings } = await readProfile(profile);
  const path = await nodeFiles.realpath(file);
  const rows = await rowsOfLine(recording, new Places(recording, world.cwd), path, line);
  if (rows.size === 0) throw new Error(`The profile has no sample of line ${line} of ${file}: ask hottest which lines it has.`);
  const events = [];
  for (const event of recording.eventsWithSamples()) events.push(await eventOfLine(recording, world.cwd, event, rows, path, line));
  const texts = await RunTexts.of(recording, profile);
  const { files, notes } = await findAllFixes(recording, {
    selection: { event: "cpu" },
    folder: world.cwd,
    grammars: join(world.programFolder, "grammars"),
    texts,
  });
  const fixes = files
    .filter((each) => each.file === path)
    .flatMap(({ findings }) => findings)
    .filter(({ startLine, endLine }) => startLine <= line && line <= endLine)
    .map(({ rule, title, message, share, expectedGain, refusal, subject, edits }) => ({
      rule,
      title,
      message,
      share,
      expectedGain,
      refusal,
      function: subject,
      edits,
    }));
  const ran = await texts.of(path);
  const text = ran.kind === "known" ? ran.text.split("\n")[line - 1] : undefined;
  return {
    file: path,
    line,
    ...(text === undefined ? {} : { text: text.slice(0, 500) }),
    events,
    fixes,
    warnings: [...warnings, ...notes],
  };
}

/** Rows of `frames.lines` that are a line of a file. */
async function rowsOfLine(recording: Recording, places: Places, file: string, line: number): Promise<ReadonlySet<number>> {
  const { lines } = recording.frames;
  const rows = new Set<number>();
  for (let row = 0; row < lines.length; row++) {
    if (lines.second.at(row) !== line) continue;
    const place = await places.of(lines.first.at(row), line);
    if (place.file === file && place.line === line) rows.add(row);
  }
  return rows;
}

async function eventOfLine(
  recording: Recording,
  folder: string,
  event: EventName,
  wanted: ReadonlySet<number>,
  file: string,
  line: number,
): Promise<object> {
  const { rows, total } = await reportTable(recording, { event, by: "line", native: false, folder, idle: false });
  const own = rows.filter((row) => row.file === file && row.line === line);
  const self = own.reduce((sum, row) => sum + row.self, 0);
  const { all, callers, callees } = neighbours(recording, event, wanted);
  const named = (sums: ReadonlyMap<number, number>): object[] =>
    [...sums]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, MOST_NAMES)
      .map(([fn, value]) => ({ function: fn < 0 ? "(nobody)" : recording.functions.labelOf(fn), value, share: toolShare(value, total) }));
  return {
    event,
    unit: EVENT_UNITS[event],
    self,
    total: all,
    selfShare: toolShare(self, total),
    totalShare: toolShare(all, total),
    functions: [...new Set(own.map((row) => row.function))],
    calledBy: named(callers),
    calls: named(callees),
  };
}

/** Cost of the stacks with such a position, once a stack, by the function below its outermost one and above its innermost one. */
function neighbours(
  recording: Recording,
  event: EventName,
  wanted: ReadonlySet<number>,
): { all: number; callers: Map<number, number>; callees: Map<number, number> } {
  const { stacks, frames } = recording;
  const callers = new Map<number, number>();
  const callees = new Map<number, number>();
  const add = (sums: Map<number, number>, fn: number, value: number): void => void sums.set(fn, (sums.get(fn) ?? 0) + value);
  let all = 0;
  stackCosts(recording, { event, idle: false }).forEach((value, stack) => {
    if (value === 0) return;
    // Innermost first.
    const functions: number[] = [];
    const met: number[] = [];
    for (let at = stack; at >= 0; at = stacks.parent.at(at)) {
      const first = frames.start.at(stacks.frame.at(at));
      for (let position = first; position < first + frames.count.at(stacks.frame.at(at)); position++) {
        const row = frames.positionLine.at(position);
        if (wanted.has(row)) met.push(functions.length);
        functions.push(frames.lines.first.at(row));
      }
    }
    const [inner, outer] = [met[0], met.at(-1)];
    if (inner === undefined || outer === undefined) return;
    all += value;
    add(callers, functions[outer + 1] ?? -1, value);
    if (inner > 0) add(callees, functions[inner - 1] ?? -1, value);
  });
  return { all, callers, callees };
}
