/**
 * The catalogue of failures that a user can meet while recording or reading a profile. Programs show a failure
 * only through `describe`, so that each has one sentence and one action wherever it appears.
 */
import { describeContainer, type ContainerEngine } from "./container.js";
import { shellQuote, startCommand, startCommandWithoutSudo } from "./commands.js";

/** Names the processes that a recording was asked for, for sentences. */
export type TargetName =
  | { readonly kind: "workspace"; readonly folders: readonly string[] }
  | { readonly kind: "process"; readonly pid: number }
  | { readonly kind: "command"; readonly name: string }
  | { readonly kind: "user" };

export type Failure =
  // the machine
  | { readonly kind: "unsupported-platform"; readonly platform: string }
  | { readonly kind: "helper-missing"; readonly path: string }
  | { readonly kind: "helper-damaged"; readonly path: string }
  | { readonly kind: "helper-wrong-processor"; readonly path: string; readonly found: string; readonly expected: string }
  | { readonly kind: "container-without-rights"; readonly engine: ContainerEngine }
  | { readonly kind: "no-privilege"; readonly detail: string }
  | { readonly kind: "kernel-unsupported"; readonly detail: string }
  // getting root
  | { readonly kind: "sudo-missing"; readonly helperPath: string; readonly uid: number }
  | { readonly kind: "sudo-forbidden"; readonly helperPath: string; readonly uid: number }
  | { readonly kind: "sudo-wrong-password"; readonly attempts: number; readonly helperPath: string }
  | { readonly kind: "sudo-needs-password"; readonly helperPath: string }
  | { readonly kind: "sudo-needs-terminal"; readonly helperPath: string }
  | { readonly kind: "sudo-failed"; readonly detail: string; readonly helperPath: string }
  | { readonly kind: "password-cancelled"; readonly helperPath: string }
  | { readonly kind: "cancelled" }
  // the helper and its socket
  | { readonly kind: "helper-failed"; readonly detail: string }
  /** `keptBatches` where a recording ran. */
  | { readonly kind: "helper-silent"; readonly seconds: number; readonly keptBatches?: number }
  | { readonly kind: "socket-untrusted"; readonly path: string; readonly reason: string }
  | { readonly kind: "wrong-version"; readonly ours: number; readonly theirs: number; readonly pid: number }
  /** A helper that has as many clients as it serves. */
  | { readonly kind: "helper-busy" }
  // the service for all users
  | { readonly kind: "service-wrong-version"; readonly ours: number; readonly theirs: number }
  | { readonly kind: "service-refuses"; readonly uid: number; readonly detail: string }
  | {
      readonly kind: "service-needs-root";
      readonly change: "install" | "uninstall";
      readonly reason: string;
      /** What root runs. */
      readonly command: string;
    }
  | { readonly kind: "service-failed"; readonly change: "install" | "uninstall"; readonly detail: string }
  | { readonly kind: "helper-nonsense"; readonly detail: string }
  | { readonly kind: "helper-closed"; readonly keptBatches: number; readonly detail: string }
  | { readonly kind: "helper-refused"; readonly detail: string }
  | { readonly kind: "engine-failed"; readonly detail: string }
  | { readonly kind: "too-many-recordings" }
  | { readonly kind: "events-unavailable"; readonly events: readonly string[]; readonly available: readonly string[] }
  // what was to be recorded
  | { readonly kind: "no-such-process"; readonly pid: number }
  | { readonly kind: "not-permitted"; readonly target: TargetName }
  | { readonly kind: "nothing-recorded"; readonly target: TargetName; readonly seconds: number }
  | { readonly kind: "folder-missing"; readonly path: string }
  | { readonly kind: "command-not-started"; readonly command: string; readonly detail: string }
  // files
  | { readonly kind: "file-missing"; readonly path: string }
  | { readonly kind: "file-not-written"; readonly path: string; readonly detail: string }
  | { readonly kind: "file-too-large"; readonly path: string; readonly bytes: number; readonly limit: number }
  | { readonly kind: "profile-unreadable"; readonly path: string; readonly detail: string }
  | { readonly kind: "recording-too-large"; readonly limit: number }
  | { readonly kind: "keep-elsewhere"; readonly folder: string; readonly pid: number }
  | { readonly kind: "no-symbols"; readonly modules: readonly string[] }
  | { readonly kind: "sources-differ"; readonly missing: readonly string[]; readonly changed: readonly string[] };

/** What the user reads: what happened, what to do next, and where one command mends it, that command. */
export interface Description {
  readonly sentence: string;
  readonly action: string;
  readonly command?: string;
}

/** The only error that this folder throws on purpose; `message` is the sentence. */
export class FlamelineError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(describe(failure).sentence, cause === undefined ? undefined : { cause });
    this.name = "FlamelineError";
    this.failure = failure;
  }
}

const RUN_IN_TERMINAL = "Run this in a terminal, leave it running, and record again";

/** The sentence and the action for a failure. */
export function describe(failure: Failure): Description {
  switch (failure.kind) {
    case "unsupported-platform":
      return {
        sentence: `Recording needs a Linux kernel, and this is ${platformName(failure.platform)}; profiles can be opened here all the same.`,
        action: "Open the folder through Remote SSH, WSL or a dev container and record there.",
      };
    case "helper-missing":
      return {
        sentence: `The recording helper is missing: ${failure.path} does not exist.`,
        action: "Install the Flameline package for this platform; in a checkout, build the helper:",
        command: "npm run build:helper",
      };
    case "helper-damaged":
      return {
        sentence: `The recording helper ${failure.path} is not the one that was built with this package, so it is not run as root.`,
        action: "Install the Flameline package again; in a checkout, build the helper:",
        command: "npm run build:helper",
      };
    case "helper-wrong-processor":
      return {
        sentence: `The recording helper is built for ${failure.found}, and this machine is ${failure.expected}.`,
        action: "Install the Flameline package for this machine's processor; in a checkout, build the helper here:",
        command: "npm run build:helper",
      };
    case "container-without-rights":
      return describeContainer(failure.engine);
    case "no-privilege":
      return {
        sentence: `The helper runs as root but lacks the rights to record (${failure.detail}).`,
        action:
          "Give it CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) and the calls bpf() and perf_event_open(), and record again; the doctor lists what is missing.",
        command: "flameline doctor",
      };
    case "kernel-unsupported":
      return {
        sentence: `This kernel cannot record: ${failure.detail}.`,
        action: "Use Linux 5.10 or newer with BPF and BTF enabled; the doctor lists what is missing.",
        command: "flameline doctor",
      };
    case "sudo-missing":
      return {
        sentence: "Recording needs root, and sudo is not installed here.",
        action: RUN_IN_TERMINAL + ":",
        command: startCommandWithoutSudo(failure.helperPath, failure.uid),
      };
    case "sudo-forbidden":
      return {
        sentence: "Recording needs root, and your user may not use sudo.",
        action: "Ask an administrator of this machine to run this command, then record again:",
        command: startCommandWithoutSudo(failure.helperPath, failure.uid),
      };
    case "sudo-wrong-password":
      return {
        sentence: `sudo did not accept the password (${failure.attempts} ${failure.attempts === 1 ? "try" : "tries"}).`,
        action: "Record again with the right password, or run this in a terminal and leave it running:",
        command: startCommand(failure.helperPath),
      };
    case "sudo-needs-password":
      return {
        sentence: "Recording needs root, and sudo asks for a password that nobody is here to type.",
        action: RUN_IN_TERMINAL + ":",
        command: startCommand(failure.helperPath),
      };
    case "sudo-needs-terminal":
      return {
        sentence: "Recording needs root, and sudo on this machine only works from a terminal.",
        action: RUN_IN_TERMINAL + ":",
        command: startCommand(failure.helperPath),
      };
    case "sudo-failed":
      return {
        sentence: `sudo could not start the helper: ${failure.detail}.`,
        action: RUN_IN_TERMINAL + ":",
        command: startCommand(failure.helperPath),
      };
    case "password-cancelled":
      return {
        sentence: "Recording needs root, and the password was not given.",
        action: "Record again and type the password, or run this in a terminal and leave it running:",
        command: startCommand(failure.helperPath),
      };
    case "cancelled":
      return { sentence: "Cancelled before the recording began.", action: "Record again when you are ready." };
    case "helper-failed":
      return {
        sentence: `The recording helper ended at its start: ${failure.detail}.`,
        action: "Run the doctor to see what this machine lacks.",
        command: "flameline doctor",
      };
    case "helper-silent":
      return {
        sentence: `The recording helper gave no answer for ${failure.seconds} s.`,
        action: `${(failure.keptBatches ?? 0) > 0 ? "What was recorded until then is kept. " : ""}Try again; if it stays silent, end it and record again:`,
        command: "sudo pkill -x flameline-helpe",
      };
    case "socket-untrusted":
      return {
        sentence: `Flameline does not connect to ${failure.path}: ${failure.reason}.`,
        action: "If nobody put it there on purpose, remove it and record again:",
        command: `sudo rm -rf ${shellQuote(failure.path)}`,
      };
    case "wrong-version":
      return {
        sentence: `Another version of the recording helper is running (it speaks protocol ${failure.theirs}, this one speaks ${failure.ours}).`,
        action: "Restart the helper; recordings of other windows end with it:",
        command: failure.pid > 0 ? `sudo kill ${failure.pid}` : "sudo pkill -x flameline-helpe",
      };
    case "helper-busy":
      return {
        sentence: "The recording helper has as many clients as it serves.",
        action: "Close other windows that record, or wait a minute, and record again.",
      };
    case "service-wrong-version":
      return {
        sentence: `Flameline's service on this machine is of another version (it speaks protocol ${failure.theirs}, this one speaks ${failure.ours}).`,
        action:
          failure.theirs > failure.ours
            ? "Update Flameline here, or put this version's service in its place for all users:"
            : "Put this version's service in its place; recordings of other users end with it:",
        command: "flameline helper install",
      };
    case "service-refuses":
      return {
        sentence: `Flameline's service on this machine does not serve user ${failure.uid} (${failure.detail}).`,
        action: "Record as a user whom the machine knows; in a container, as one whose number the host maps, or give root CAP_SYS_PTRACE.",
      };
    case "service-needs-root":
      return {
        sentence: `${failure.change === "install" ? "Installing" : "Removing"} the service needs root, and ${failure.reason}.`,
        action: "Run this in a terminal as someone who may:",
        command: failure.command,
      };
    case "service-failed":
      return {
        sentence: `The service could not be ${failure.change === "install" ? "installed" : "removed"}: ${failure.detail}.`,
        action: "Mend that and try again; the doctor says what is there now.",
        command: "flameline doctor",
      };
    case "helper-nonsense":
      return {
        sentence: `The recording helper sent something that is not of its protocol: ${failure.detail}.`,
        action: "What was taken until then is kept. Record again; if it happens again, report it with the log.",
      };
    case "helper-closed":
      return {
        sentence: `The recording helper ended unexpectedly${failure.detail === "" ? "" : ` (${failure.detail})`}.`,
        action:
          failure.keptBatches > 0
            ? "What was recorded until then is kept. Record again to start a new helper."
            : "Nothing had been recorded yet. Record again to start a new helper.",
      };
    case "helper-refused":
      return { sentence: `The recording helper refused the request: ${failure.detail}.`, action: "Change the request and record again." };
    case "engine-failed":
      return {
        sentence: `The recording engine failed: ${failure.detail}.`,
        action: "What was taken until then is kept. Run the doctor to see what this machine lacks.",
        command: "flameline doctor",
      };
    case "too-many-recordings":
      return {
        sentence: "Too many recordings run at the same time.",
        action: "Stop one of them, in this window or another, and record again.",
      };
    case "events-unavailable":
      return {
        sentence: `${failure.events.join(", ")} cannot be recorded here.`,
        action: `Record ${failure.available.join(", ")} instead, or use a newer helper.`,
      };
    case "no-such-process":
      return { sentence: `There is no process ${failure.pid}.`, action: "Choose a running process; `ps` lists them." };
    case "not-permitted":
      return {
        sentence: `You may not record ${targetName(failure.target)}: it belongs to another user.`,
        action: "Choose one of your own processes, or record as root.",
      };
    case "nothing-recorded":
      return {
        sentence: `No CPU time was used by ${targetName(failure.target)} in ${seconds(failure.seconds)}.`,
        action: "Start the program, or let it work while recording; `flameline record -- COMMAND` starts it under the profiler.",
      };
    case "folder-missing":
      return { sentence: `There is no folder ${failure.path}.`, action: "Name an existing folder." };
    case "command-not-started":
      return { sentence: `${failure.command} could not be started: ${failure.detail}.`, action: "Check the command's name and its PATH." };
    case "file-missing":
      return {
        sentence: `There is no file ${failure.path}.`,
        action: "Check the name; `flameline record` writes ./flameline-<UTC>.pb.gz.",
      };
    case "file-not-written":
      return {
        sentence: `${failure.path} could not be written: ${failure.detail}.`,
        action: "Choose another place with free space that you may write to.",
      };
    case "file-too-large":
      return {
        sentence: `${failure.path} is too large to read: ${megabytes(failure.bytes)} MB of at most ${megabytes(failure.limit)} MB.`,
        action: "Record a shorter time or at a lower rate.",
      };
    case "profile-unreadable":
      return {
        sentence: `${failure.path} is not a profile that Flameline can read: ${failure.detail}.`,
        action: "Open a pprof file (.pb.gz), collapsed stacks, or one of Flameline's own recordings.",
      };
    case "recording-too-large":
      return {
        sentence: `The recording was stopped because it reached ${megabytes(failure.limit)} MB; what was taken is kept.`,
        action: "Record a shorter time, fewer processes, or at a lower rate.",
      };
    case "keep-elsewhere":
      return {
        sentence: `Process ${failure.pid} keeps profiling into ${failure.folder} already.`,
        action: "Stop it there first: in the other window of this workspace, or with Ctrl-C in its terminal.",
      };
    case "no-symbols":
      return {
        sentence: `${list(failure.modules)} ${failure.modules.length === 1 ? "has" : "have"} no symbols, so functions there show as addresses.`,
        action: "Build without stripping (-g), or install the debug symbols of the package.",
      };
    case "sources-differ":
      return {
        sentence: [
          failure.missing.length > 0
            ? `${list(failure.missing)} ${failure.missing.length === 1 ? "is" : "are"} gone since the recording`
            : "",
          failure.changed.length > 0 ? `${list(failure.changed)} changed since the recording` : "",
        ]
          .filter((part) => part !== "")
          .join(", and ")
          .concat("."),
        action: "Line numbers there are those of the text that ran; record again for the text of today.",
      };
  }
}

/** A failure as one line of text: the sentence, the action, and the command after a colon. */
export function failureText(failure: Failure): string {
  const { sentence, action, command } = describe(failure);
  return command === undefined ? `${sentence} ${action}` : `${sentence} ${action.replace(/[.:]$/, "")}: ${command}`;
}

function platformName(platform: string): string {
  const names: Readonly<Record<string, string>> = { darwin: "macOS", win32: "Windows" };
  return names[platform] ?? platform;
}

function targetName(target: TargetName): string {
  switch (target.kind) {
    case "workspace":
      return `a process of ${list(target.folders)}`;
    case "process":
      return `process ${target.pid}`;
    case "command":
      return target.name;
    case "user":
      return "your processes";
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
