/** What a `flameline record` line asks for. */
import { realpathSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { EventName } from "../protocol/events.js";
import { FlamelineError } from "../recorder/failures.js";
import { utcStamp } from "../recorder/storage.js";
import { readArguments, readNumber } from "./arguments.js";
import { UsageError } from "./command.js";
import { suggestion } from "./nearest-name.js";

export type RecordTarget =
  | { readonly kind: "process"; readonly pid: number }
  | { readonly kind: "workspace"; readonly folder: string }
  | { readonly kind: "command"; readonly program: string; readonly args: readonly string[] };

export interface RecordPlan {
  readonly target: RecordTarget;
  /** Name of the recording. */
  readonly name: string;
  readonly events: readonly EventName[];
  readonly hz: number;
  /** Undefined: until Ctrl-C, or until what is recorded ends. */
  readonly seconds: number | undefined;
  /** Absolute path. */
  readonly output: string;
}

/** `io` and `net` each stand for their two events. */
const EVENT_GROUPS: Readonly<Record<string, readonly EventName[]>> = {
  cpu: ["cpu"],
  off_cpu: ["off_cpu"],
  memory: ["memory"],
  io: ["io_read", "io_write"],
  net: ["net_send", "net_recv"],
};

/** A week: timers overflow at 24 days. */
const MAX_SECONDS = 604_800;
/** The kernel's own limit of process numbers (PID_MAX_LIMIT). */
const MAX_PID = 4_194_304;

export function readRecordPlan(args: readonly string[], cwd: string, nowMs: number): RecordPlan {
  const given = readArguments(args, {
    output: { type: "string", short: "o" },
    seconds: { type: "string" },
    hz: { type: "string" },
    events: { type: "string" },
    pid: { type: "string" },
    workspace: { type: "string" },
  });
  const [stray] = given.operands;
  if (stray !== undefined) throw new UsageError(`Write -- before the command to start: flameline record -- ${stray} …`);
  const target = readTarget(given.text("pid"), given.text("workspace"), given.command, cwd);
  return {
    target,
    name: nameOf(target),
    events: readEvents(given.text("events") ?? "cpu"),
    hz: readNumber(given.text("hz"), "--hz", { from: 1, to: 999, whole: true }) ?? 99,
    seconds: readNumber(given.text("seconds"), "--seconds", { from: 0.1, to: MAX_SECONDS, whole: false }),
    output: resolve(cwd, given.text("output") ?? `flameline-${utcStamp(nowMs)}.pb.gz`),
  };
}

function readTarget(
  pid: string | undefined,
  folder: string | undefined,
  command: readonly string[] | undefined,
  cwd: string,
): RecordTarget {
  if ([pid, folder, command].filter((one) => one !== undefined).length > 1) {
    throw new UsageError("Give one of --pid, --workspace and -- COMMAND.");
  }
  const number = readNumber(pid, "--pid", { from: 1, to: MAX_PID, whole: true });
  if (number !== undefined) return { kind: "process", pid: number };
  if (command === undefined) return { kind: "workspace", folder: realFolder(resolve(cwd, folder ?? ".")) };
  const [program, ...args] = command;
  if (program === undefined) throw new UsageError("Name the command to start after --.");
  return { kind: "command", program, args };
}

/** Processes are found by the folder's real path. */
function realFolder(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch {
    // Said below.
  }
  throw new FlamelineError({ kind: "folder-missing", path });
}

function readEvents(text: string): readonly EventName[] {
  const events = text.split(",").flatMap((word) => {
    const group = Object.hasOwn(EVENT_GROUPS, word) ? EVENT_GROUPS[word] : undefined;
    if (group !== undefined) return group;
    const names = Object.keys(EVENT_GROUPS);
    throw new UsageError(
      `There is no event ${word === "" ? "without a name" : word}.${suggestion(word, names)} There are ${names.join(", ")}.`,
    );
  });
  return [...new Set(events)];
}

function nameOf(target: RecordTarget): string {
  switch (target.kind) {
    case "process":
      return `process ${target.pid}`;
    case "workspace":
      return basename(target.folder) || "/";
    case "command":
      return [target.program, ...target.args].join(" ").slice(0, 200);
  }
}
