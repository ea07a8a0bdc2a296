/** What this machine can record, what is missing, and the command that mends it. Asks nothing and starts no helper. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { kernelFindings } from "./doctor-kernel.js";
import { startCommand, startCommandWithoutSudo } from "./commands.js";
import { connectRunningHelper } from "./connect-helper.js";
import { describe, failureText, FlamelineError } from "./failures.js";
import { checkHelperFile } from "./helper-file.js";
import { digestOf } from "./helper-digest.js";
import { findInstalledService } from "./installed-service.js";
import { containerAround, type Machine, rootMayRecord, thisMachine } from "./machine.js";
import { socketPaths } from "./socket-trust.js";
import { readSudoAnswer } from "./sudo-answers.js";

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 5_000;

export interface Finding {
  /** What was looked at; stable, for `--json`. */
  readonly id: string;
  readonly ok: boolean;
  /** One sentence. */
  readonly text: string;
  /** What to do, with the command where there is one. */
  readonly mend?: string;
}

export interface DoctorOptions {
  readonly helperPath: string;
  /** "Flameline 0.1.0 in VS Code 1.101", for the report's head. */
  readonly program: string;
  readonly machine?: Machine;
}

export async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const machine = options.machine ?? thisMachine();
  if (machine.platform !== "linux") return [failed("platform", { kind: "unsupported-platform", platform: machine.platform })];
  const running = await lookForHelper(options, machine);
  const served = running.socketPath === socketPaths(machine, machine.uid).service;
  return [
    ...kernelFindings(machine),
    served ? { id: "rights", ok: true, text: "The service records for this user, so no rights are needed here." } : rightsFinding(machine),
    helperFileFinding(options.helperPath, machine),
    await serviceFinding(options.helperPath, machine, served),
    running.finding,
    served ? { id: "root", ok: true, text: "Root is not needed: the service has it." } : await rootFinding(options.helperPath, machine),
    symbolsFinding(machine),
  ];
}

/** The findings as text, to read and to paste into a report. */
export function reportText(program: string, findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.id.length));
  const lines = findings.flatMap((finding) => [
    `${finding.ok ? "  ok  " : "  !!  "}${finding.id.padEnd(width)}  ${finding.text}`,
    ...(finding.mend === undefined ? [] : [`      ${" ".repeat(width)}  → ${finding.mend}`]),
  ]);
  const wrong = findings.filter((finding) => !finding.ok).length;
  const verdict = wrong === 0 ? "Everything needed to record is here." : `${wrong} of ${findings.length} need attention.`;
  return [program, ...lines, verdict, ""].join("\n");
}

function rightsFinding(machine: Machine): Finding {
  const engine = containerAround(machine);
  const place = engine === undefined ? "no container" : `a ${engine} container`;
  if (!rootMayRecord(machine))
    return failed("rights", engine === undefined ? noCapabilities : { kind: "container-without-rights", engine });
  if (engine !== undefined && !machine.inFirstPidNamespace()) {
    const { mend } = failed("rights", { kind: "container-without-rights", engine });
    const text = "This container has its own process numbers, and the kernel's samples carry the host's.";
    return { id: "rights", ok: false, text, ...(mend === undefined ? {} : { mend }) };
  }
  return { id: "rights", ok: true, text: `Root may use BPF here (${place}).` };
}

const noCapabilities = { kind: "no-privilege", detail: "CAP_BPF and CAP_PERFMON are not in the bounding set" } as const;

function helperFileFinding(helperPath: string, machine: Machine): Finding {
  try {
    checkHelperFile(helperPath, machine.arch);
    return { id: "helper", ok: true, text: `The helper ${helperPath} is built for ${machine.arch}.` };
  } catch (error) {
    return fromError("helper", error);
  }
}

/** The service needs not be installed; one of another version is named, as everything is recorded by it. */
async function serviceFinding(helperPath: string, machine: Machine, serves: boolean): Promise<Finding> {
  const installed = await findInstalledService(machine);
  if (installed === undefined) {
    // In a container its socket is here and its program is not.
    const text = serves
      ? "The service of this machine's host serves this user."
      : "The service for all users is not installed; recording starts a helper by sudo.";
    return { id: "service", ok: true, text, ...(serves ? {} : { mend: "To record without a password: flameline helper install" }) };
  }
  const same = installed.sha256 === (await digestOf(helperPath).catch(() => installed.sha256));
  const where = `The service is installed (${installed.path}, version ${installed.version})`;
  const mend = "flameline helper install";
  if (!same) return { id: "service", ok: true, text: `${where}; it is not this package's helper.`, mend };
  return serves
    ? { id: "service", ok: true, text: `${where} and serves this user.` }
    : { id: "service", ok: true, text: `${where}, but does not run.`, mend: "flameline helper install --start" };
}

/** A running helper is asked what it can record; none running is fine. */
async function lookForHelper(options: DoctorOptions, machine: Machine): Promise<{ finding: Finding; socketPath?: string }> {
  try {
    const connection = await connectRunningHelper({ machine, client: options.program });
    if (connection === undefined)
      return { finding: { id: "running", ok: true, text: "No helper is running; one starts with a recording." } };
    const { helper, pid, events } = connection.hello;
    connection.close();
    const recordable = Array.isArray(events) ? events.join(", ") : "?";
    const text = `Helper ${helper} is running (${pid > 0 ? `process ${pid}` : "outside this container"}) and can record: ${recordable}.`;
    return { finding: { id: "running", ok: true, text }, socketPath: connection.socketPath };
  } catch (error) {
    return { finding: fromError("running", error) };
  }
}

async function rootFinding(helperPath: string, machine: Machine): Promise<Finding> {
  if (machine.uid === 0) return { id: "root", ok: true, text: "This process is root." };
  try {
    await run("sudo", ["-n", "true"], { timeout: COMMAND_TIMEOUT_MS, env: { ...machine.env, LC_ALL: "C" } });
    return { id: "root", ok: true, text: "sudo gives root without a password." };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: unknown };
    if (code === "ENOENT") return failed("root", { kind: "sudo-missing", helperPath, uid: machine.uid });
    switch (readSudoAnswer(String(stderr))) {
      case "needs-password":
        return { id: "root", ok: true, text: "sudo asks for a password, which is asked for when a recording starts." };
      case "forbidden":
        return { id: "root", ok: false, text: "Your user may not use sudo.", mend: startCommandWithoutSudo(helperPath, machine.uid) };
      case "needs-terminal":
        return { id: "root", ok: false, text: "sudo only works from a terminal here.", mend: startCommand(helperPath) };
      case "wrong-password":
      case "no-password":
      case "failed":
      case "ran":
        return {
          id: "root",
          ok: false,
          text: `sudo does not work: ${String(stderr).trim().slice(0, 200)}`,
          mend: startCommand(helperPath),
        };
    }
  }
}

function symbolsFinding(machine: Machine): Finding {
  const here = machine.exists("/usr/lib/debug/.build-id");
  return here
    ? { id: "symbols", ok: true, text: "Debug symbols of system packages are installed (/usr/lib/debug)." }
    : {
        id: "symbols",
        ok: true,
        text: "No debug symbols of system packages are installed; functions of stripped libraries show by their exported names or addresses.",
        mend: "For lines inside system libraries install their -dbgsym or -debuginfo packages, for example: sudo apt install libc6-dbg",
      };
}

function fromError(id: string, error: unknown): Finding {
  if (error instanceof FlamelineError) return failed(id, error.failure);
  return { id, ok: false, text: error instanceof Error ? error.message : String(error) };
}

function failed(id: string, failure: Parameters<typeof describe>[0]): Finding {
  const { sentence } = describe(failure);
  return { id, ok: false, text: sentence, mend: failureText(failure).slice(sentence.length + 1) };
}
