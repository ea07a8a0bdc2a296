/** What a `flameline record` line asks for. */
import { realpathSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { BOXED_EVENTS, type EventName } from "../protocol/events.js";
import { FlamelineError } from "../recorder/failures.js";
import { utcStamp } from "../recorder/storage.js";
import { type Arguments, readArguments, readNumber } from "./arguments.js";
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
  /** How long allocations are followed; undefined: the helper's custom. */
  readonly allocationSeconds: number | undefined;
  /** Absolute path. */
  readonly output: string;
  /** Goes on for ever and keeps the last minutes in the folder `output`. */
  readonly keep: KeepPlan | undefined;
}

export interface KeepPlan {
  readonly minutes: number;
  readonly bytes: number;
  /** Share of the machine's processor time, 0 to 1. */
  readonly cpuShare: number;
}

/** `io`, `net` and `alloc` each stand for their two events. */
const EVENT_GROUPS: Readonly<Record<string, readonly EventName[]>> = {
  cpu: ["cpu"],
  off_cpu: ["off_cpu"],
  memory: ["memory"],
  io: ["io_read", "io_write"],
  net: ["net_send", "net_recv"],
  alloc: ["alloc", "heap"],
};

/** A week: timers overflow at 24 days. */
const MAX_SECONDS = 604_800;
/** The kernel's own limit of process numbers (PID_MAX_LIMIT). */
const MAX_PID = 4_194_304;

export function readRecordPlan(args: readonly string[], cwd: string, nowMs: number): RecordPlan {
  const given = readArguments(args, {
    output: { type: "string", short: "o" },
    seconds: { type: "string" },
    "allocations-for": { type: "string" },
    hz: { type: "string" },
    events: { type: "string" },
    pid: { type: "string" },
    workspace: { type: "string" },
    keep: { type: "boolean" },
    minutes: { type: "string" },
    megabytes: { type: "string" },
    cpu: { type: "string" },
  });
  const [stray] = given.operands;
  if (stray !== undefined) throw new UsageError(`Write -- before the command to start: flameline record -- ${stray} …`);
  const target = readTarget(given.text("pid"), given.text("workspace"), given.command, cwd);
  const keep = readKeepPlan(given);
  if (keep !== undefined && target.kind === "command") {
    throw new UsageError("--keep records what runs already: start the command by itself, in this folder.");
  }
  const allocationSeconds = readNumber(given.text("allocations-for"), "--allocations-for", { from: 1, to: 60, whole: true });
  const events = readEvents(given.text("events") ?? (allocationSeconds === undefined ? "cpu" : "cpu,alloc"));
  const follows = events.some((event) => BOXED_EVENTS.has(event));
  if (allocationSeconds !== undefined && !follows) throw new UsageError("--allocations-for goes with --events alloc.");
  if (keep !== undefined && follows)
    throw new UsageError("--keep goes on all day, and allocations are followed for seconds: record them apart.");
  return {
    target,
    name: nameOf(target),
    events,
    allocationSeconds,
    hz: readNumber(given.text("hz"), "--hz", { from: 1, to: 999, whole: true }) ?? 99,
    seconds: readNumber(given.text("seconds"), "--seconds", { from: 0.1, to: MAX_SECONDS, whole: false }),
    keep,
    output: resolve(cwd, given.text("output") ?? (keep === undefined ? `flameline-${utcStamp(nowMs)}.pb.gz` : "flameline-keep")),
  };
}

function readKeepPlan(given: Arguments): KeepPlan | undefined {
  const minutes = readNumber(given.text("minutes"), "--minutes", { from: 1, to: 1440, whole: true });
  const megabytes = readNumber(given.text("megabytes"), "--megabytes", { from: 16, to: 100_000, whole: true });
  const percent = readNumber(given.text("cpu"), "--cpu", { from: 0.1, to: 50, whole: false });
  if (given.flag("keep")) return { minutes: minutes ?? 30, bytes: (megabytes ?? 256) * 1e6, cpuShare: (percent ?? 1) / 100 };
  if ([minutes, megabytes, percent].some((one) => one !== undefined))
    throw new UsageError("--minutes, --megabytes and --cpu go with --keep.");
  return undefined;
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
