/** Getting root, in the order of design.md §3: already root, `sudo -n`, `sudo -A`, `pkexec`; else the failure that says which way is shut. */
import { dirname } from "node:path";
import type { Attempt, ElevationContext, Refusal, Tried } from "./attempt.js";
import { Askpass, type AskPassword } from "./askpass.js";
import { FlamelineError, type Failure } from "./failures.js";
import { programFiles } from "./helper-file.js";
import type { Machine } from "./machine.js";
import { byPkexec } from "./pkexec.js";
import { PrivilegedProcess, type ProcessEnd } from "./privileged-process.js";
import { lastLine, readSudoAnswer } from "./sudo-answers.js";

export interface Elevation {
  /** Absent where nobody can be asked: then only `sudo -n` is tried. */
  readonly askPassword?: AskPassword;
  /** Ways that may be tried; all by default. */
  readonly allowed?: readonly ("root" | "sudo" | "pkexec")[];
}

interface Way {
  readonly program: "root" | "sudo" | "pkexec";
  readonly start: () => Promise<Attempt>;
}

/** Of `ConnectOptions`, what getting root needs. */
interface RootOptions {
  readonly elevation: Elevation;
  readonly helperPath: string;
  readonly askpassPath?: string;
  readonly log?: (line: string) => void;
}

/** Tries the ways that are open to this process, most convenient first, until `work` is done with one. Throws the last failure. */
export async function tryWaysToRoot<T>(
  command: readonly [string, ...string[]],
  options: RootOptions,
  machine: Machine,
  work: (attempt: Attempt) => Promise<Tried<T>>,
): Promise<T> {
  const { helperPath } = options;
  const context: ElevationContext = {
    machine,
    command,
    helperPath,
    askpassPath: options.askpassPath ?? programFiles(dirname(helperPath)).askpassPath,
    log: options.log ?? (() => undefined),
    ended: helperEnded,
  };
  let failure: Failure = { kind: "sudo-needs-password", helperPath };
  let shut: string | undefined;
  for (const way of waysToRoot(context, options.elevation)) {
    if (way.program === shut) continue;
    const attempt = await way.start();
    let tried: Tried<T>;
    try {
      tried = await work(attempt);
    } finally {
      attempt.close();
    }
    if (tried.kind === "done") return tried.value;
    if (tried.kind === "unavailable") continue;
    failure = tried.failure;
    context.log(new FlamelineError(failure).message);
    if (tried.kind === "final") break;
    if (tried.kind === "other-program") shut = way.program;
  }
  throw new FlamelineError(failure);
}

/** Throws when there is none. */
function waysToRoot(context: ElevationContext, elevation: Elevation): readonly Way[] {
  const allowed = elevation.allowed ?? ["root", "sudo", "pkexec"];
  const { askPassword } = elevation;
  if (context.machine.uid === 0 && allowed.includes("root")) return [{ program: "root", start: () => Promise.resolve(asRoot(context)) }];
  const ways: Way[] = [];
  if (allowed.includes("sudo")) {
    ways.push({ program: "sudo", start: () => Promise.resolve(sudoWithoutPassword(context)) });
    if (askPassword !== undefined) ways.push({ program: "sudo", start: () => sudoWithPassword(context, askPassword) });
  }
  // A dialog must not open from a script that nobody watches.
  if (allowed.includes("pkexec") && askPassword !== undefined) {
    ways.push({ program: "pkexec", start: () => byPkexec(context, plainEnvironment(context.machine)) });
  }
  return ways;
}

function asRoot(context: ElevationContext): Attempt {
  context.log(`running ${context.command.join(" ")} as root`);
  const process = PrivilegedProcess.spawn(context.command, plainEnvironment(context.machine));
  return attempt(process, (end) => ({ kind: "final", failure: helperEnded(end, process.output) }));
}

function sudoWithoutPassword(context: ElevationContext): Attempt {
  context.log(`running sudo -n ${context.command.join(" ")}`);
  const process = PrivilegedProcess.spawn(["sudo", "-n", "--", ...context.command], plainEnvironment(context.machine));
  return attempt(process, (end) => sudoRefusal(context, end, process.output, undefined));
}

async function sudoWithPassword(context: ElevationContext, askPassword: AskPassword): Promise<Attempt> {
  context.log(`running sudo -A ${context.command.join(" ")}`);
  let askpass: Askpass;
  try {
    askpass = await Askpass.open(context.machine, context.askpassPath, askPassword);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new FlamelineError({ kind: "sudo-failed", detail, helperPath: context.helperPath }, error);
  }
  const env = { ...plainEnvironment(context.machine), SUDO_ASKPASS: askpass.shimPath };
  const process = PrivilegedProcess.spawn(["sudo", "-A", "-p", "Password of %p:", "--", ...context.command], env);
  return {
    ...attempt(process, (end) => sudoRefusal(context, end, process.output, askpass)),
    typingMs: () => askpass.askedForMs,
    typing: () => askpass.waiting,
    close: () => {
      askpass.close();
      process.forget();
    },
  };
}

function attempt(process: PrivilegedProcess, whyNot: (end: ProcessEnd) => Refusal): Attempt {
  return { process, typingMs: () => 0, typing: () => false, whyNot, close: () => process.forget() };
}

function sudoRefusal(context: ElevationContext, end: ProcessEnd, output: string, askpass: Askpass | undefined): Refusal {
  const { helperPath } = context;
  const { uid } = context.machine;
  if (end.kind === "not-run") return { kind: "other-program", failure: { kind: "sudo-missing", helperPath, uid } };
  if (askpass?.outcome.cancelled === true) return { kind: "final", failure: { kind: "password-cancelled", helperPath } };
  const answer = readSudoAnswer(output);
  switch (answer) {
    case "ran":
      return { kind: "final", failure: helperEnded(end, output) };
    case "forbidden":
      return { kind: "other-program", failure: { kind: "sudo-forbidden", helperPath, uid } };
    case "needs-terminal":
      return { kind: "other-program", failure: { kind: "sudo-needs-terminal", helperPath } };
    case "wrong-password":
      return { kind: "final", failure: { kind: "sudo-wrong-password", attempts: askpass?.outcome.asked ?? 0, helperPath } };
    case "needs-password":
    case "no-password":
      return { kind: "next", failure: { kind: "sudo-needs-password", helperPath } };
    case "failed":
      return { kind: "other-program", failure: { kind: "sudo-failed", detail: lastLine(output), helperPath } };
  }
}

/** The helper itself ran as root and ended. */
function helperEnded(end: ProcessEnd, output: string): Failure {
  if (end.kind === "not-run") return { kind: "helper-failed", detail: `it could not be run (${end.code})` };
  const said = lastLine(output);
  return { kind: "helper-failed", detail: said === "" ? `status ${end.status ?? "of a signal"}, without a word` : said };
}

/** sudo's messages are read, so they must be English; nothing of the window's own environment is needed. */
function plainEnvironment(machine: Machine): Record<string, string | undefined> {
  const kept = ["PATH", "HOME", "USER", "LOGNAME", "SUDO_UID", "SUDO_GID", "PKEXEC_UID", "XDG_RUNTIME_DIR", "TMPDIR"];
  return { ...Object.fromEntries(kept.map((name) => [name, machine.env[name]])), LC_ALL: "C", LANGUAGE: "C" };
}
