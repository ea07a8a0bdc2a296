import { join, resolve } from "node:path";
import type { Finding } from "../analysis/optimize/finding.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import { readArguments, readChoice, readOperand } from "./arguments.js";
import { EXIT, type World } from "./command.js";
import { type FileFindings, findAllFixes } from "./find-fixes.js";
import { percent } from "./numbers.js";
import { readProfile } from "./read-profile.js";
import { RunTexts } from "./run-texts.js";
import { shortPath } from "./text-table.js";

export async function runFix(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { event: { type: "string" }, json: { type: "boolean" } });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const event = readChoice<EventName>(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "cpu");
  const { recording, warnings } = await readProfile(path);
  const { files, notes } = await findAllFixes(recording, {
    selection: { event },
    folder: world.cwd,
    grammars: join(world.programFolder, "grammars"),
    texts: await RunTexts.of(recording, path),
  });
  for (const note of [...warnings, ...notes]) world.err(`flameline: ${note}\n`);
  const rows = files.flatMap((file) => file.findings.map((finding) => ({ file, finding })));
  rows.sort((a, b) => b.finding.share - a.finding.share);
  if (given.flag("json")) {
    world.out(`${JSON.stringify({ findings: rows.map(({ file, finding }) => jsonFinding(file, finding)) })}\n`);
  } else {
    world.out(
      rows.length === 0 ? `No fix known for what is hot in ${event}.\n` : rows.map((row) => textFinding(row, world.cwd)).join("\n"),
    );
  }
  return EXIT.done;
}

function jsonFinding({ file }: FileFindings, { rule, startLine, share, expectedGain, edits, title }: Finding): object {
  return { rule, title, file, line: startLine, share, expectedGain, edit: edits };
}

function textFinding({ file, finding }: { file: FileFindings; finding: Finding }, cwd: string): string {
  const { startLine, title, share, message, event, expectedGain } = finding;
  return (
    `${shortPath(file.file, cwd)}:${startLine}  ${title}\n` +
    `  ${percent(share)} of ${event} ${message}; without it all would be ${expectedGain.toFixed(2)} times as fast (unproved)\n`
  );
}
