/** `flameline export`: a profile in another format. */
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeCollapsed } from "../profile/formats/collapsed.js";
import { encodePprof } from "../profile/formats/pprof-encode.js";
import type { Recording } from "../profile/recording.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import { readArguments, readChoice, readOperand } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { suggestion } from "./nearest-name.js";
import { writeOutput } from "./output-file.js";
import { readProfile } from "./read-profile.js";

type Encode = (recording: Recording, event: EventName | undefined) => Uint8Array | string;

const FORMATS: Readonly<Record<string, Encode>> = {
  pprof: (recording, event) => gzipSync(encodePprof(recording, event === undefined ? {} : { selection: { event, idle: true } })),
  collapsed: (recording, event) => encodeCollapsed(recording, { event: event ?? recording.eventsWithSamples()[0] ?? "cpu", idle: true }),
};

export const exportCommand: Command = {
  usage: `export FILE --to ${Object.keys(FORMATS).join("|")} -o OUT [--event cpu]`,
  summary: "Writes a profile in another format: gzipped pprof with all its events, or collapsed stacks of one.",
  run: runExport,
};

async function runExport(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { to: { type: "string" }, output: { type: "string", short: "o" }, event: { type: "string" } });
  const path = resolve(world.cwd, readOperand(given.operands, "the profile to read"));
  const format = given.text("to");
  const names = Object.keys(FORMATS);
  if (format === undefined) throw new UsageError(`Name the format with --to: ${names.join(" or ")}.`);
  const encode = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (encode === undefined)
    throw new UsageError(`${format} cannot be written.${suggestion(format, names)} Available: ${names.join(", ")}.`);
  const output = given.text("output");
  if (output === undefined) throw new UsageError("Name the file to write with -o (- is the standard output).");
  const event = readChoice<EventName | "">(given.text("event"), "event", Object.keys(EVENT_UNITS) as EventName[], "");
  const { recording, warnings } = await readProfile(path);
  for (const warning of new Set([...warnings, ...recording.warnings])) world.err(`flameline: ${warning}\n`);
  const data = encode(recording, event === "" ? undefined : event);
  if (output === "-") world.out(data);
  else await writeOutput(resolve(world.cwd, output), data);
  return EXIT.done;
}
