/** `flameline export`: a profile in another format. */
import { basename, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { encodePprof } from "../profile/formats/pprof-encode.js";
import type { Recording } from "../profile/recording.js";
import { atOnce } from "../profile/steps.js";
import { encodeInSteps, TEXT_FORMATS, type TextExport } from "../profile-files/export-profile.js";
import { readPageAssets } from "../profile-files/html-page.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import type { CodeOwner } from "../protocol/queries.js";
import { codeOwner } from "../source/owner.js";
import { readArguments, readChoice, readOperand } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { suggestion } from "./nearest-name.js";
import { writeOutput } from "./output-file.js";
import { readProfile } from "./read-profile.js";

const FORMATS = ["pprof", ...TEXT_FORMATS] as const;

export const exportCommand: Command = {
  usage: `export FILE --to ${FORMATS.join("|")} -o OUT [--event cpu]`,
  summary: "Writes a profile in another format, or as a page that opens without VS Code.",
  run: runExport,
};

async function runExport(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { to: { type: "string" }, output: { type: "string", short: "o" }, event: { type: "string" } });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const format = given.text("to");
  if (format === undefined) throw new UsageError(`Name the format with --to: ${FORMATS.join(", ")}.`);
  const known = FORMATS.find((each) => each === format);
  if (known === undefined)
    throw new UsageError(`${format} cannot be written.${suggestion(format, FORMATS)} Available: ${FORMATS.join(", ")}.`);
  const output = given.text("output");
  if (output === undefined) throw new UsageError("Name the file to write with -o (- is the standard output).");
  const event = readChoice<EventName | "">(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "");
  const { recording, warnings } = await readProfile(path);
  for (const warning of new Set([...warnings, ...recording.warnings])) world.err(`flameline: ${warning}\n`);
  const only = event === "" ? undefined : event;
  const name = recording.info.name || basename(path);
  const data = known === "pprof" ? [packed(recording, only)] : await text(known, { recording, name, only, warnings }, world);
  if (output === "-") for (const part of data) world.out(part);
  else await writeOutput(resolve(world.cwd, output), data);
  return EXIT.done;
}

function packed(recording: Recording, event: EventName | undefined): Uint8Array {
  return gzipSync(encodePprof(recording, event === undefined ? {} : { selection: { event, idle: true } }));
}

interface Chosen {
  readonly recording: Recording;
  readonly name: string;
  /** The event that was asked for. */
  readonly only: EventName | undefined;
  readonly warnings: readonly string[];
}

async function text(format: TextExport, { recording, name, only, warnings }: Chosen, { programFolder, cwd }: World): Promise<string[]> {
  const event = only ?? recording.eventsWithSamples()[0] ?? "cpu";
  if (format === "cpuprofile" && EVENT_UNITS[event] !== "ns")
    throw new UsageError(`A .cpuprofile holds times only, and ${event} is counted in bytes; choose another event or format.`);
  const { functions } = recording;
  const ownerOf = (fn: number): CodeOwner =>
    codeOwner(
      {
        path: undefined,
        recordedFile: functions.fileOf(fn),
        functionName: functions.nameOf(fn),
        language: functions.languageOf(fn),
        module: functions.moduleOf(fn),
      },
      { folders: [cwd], include: [], exclude: [], justMyCode: true },
    );
  const assets = format === "html" ? await readPageAssets(programFolder) : undefined;
  return atOnce(encodeInSteps(format, { recording, name, event, only, warnings, ownerOf }, assets));
}
