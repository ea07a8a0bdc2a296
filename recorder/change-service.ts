/** Installs or removes the service: runs the helper once as root, by the same ways as for recording. */
import { setTimeout as sleep } from "node:timers/promises";
import { shellQuote } from "./commands.js";
import type { ConnectOptions } from "./connect-helper.js";
import type { Attempt, Tried } from "./attempt.js";
import { tryWaysToRoot } from "./elevation.js";
import { type Failure, FlamelineError } from "./failures.js";
import { checkedDigest } from "./helper-digest.js";
import { checkHelperFile } from "./helper-file.js";
import { thisMachine } from "./machine.js";

/** Copying 20 MB and asking systemd take seconds; ending the old service at most 20. */
const TIMEOUT_MS = 60_000;
const RETRY_MS = 20;

export type ServiceChange = { readonly kind: "install"; readonly start: boolean } | { readonly kind: "uninstall" };

/** Resolves with the sentence that says what was done. Throws `FlamelineError`. */
export async function changeService(change: ServiceChange, options: ConnectOptions): Promise<string> {
  const machine = options.machine ?? thisMachine();
  if (machine.platform !== "linux") throw new FlamelineError({ kind: "unsupported-platform", platform: machine.platform });
  const { helperPath } = options;
  checkHelperFile(helperPath, machine.arch);
  const args = await argumentsOf(change, helperPath);
  const command = [helperPath, ...args] as const;
  try {
    return await tryWaysToRoot(command, options, machine, (attempt) => outcome(attempt, options.signal));
  } catch (error) {
    if (!(error instanceof FlamelineError)) throw error;
    throw new FlamelineError(failureOf(change, command.map(shellQuote).join(" "), error.failure), error);
  }
}

async function argumentsOf(change: ServiceChange, helperPath: string): Promise<readonly string[]> {
  switch (change.kind) {
    case "install":
      // Checked once more by the process that is root, against itself.
      return ["install", "--sha256", await checkedDigest(helperPath), ...(change.start ? ["--start"] : [])];
    case "uninstall":
      return ["uninstall"];
  }
}

async function outcome(attempt: Attempt, signal: AbortSignal | undefined): Promise<Tried<string>> {
  const began = performance.now();
  for (;;) {
    const { end } = attempt.process;
    if (end?.kind === "exited" && end.status === 0) return { kind: "done", value: lastSentence(attempt.process.output) };
    if (end !== undefined) return attempt.whyNot(end);
    if (signal?.aborted === true) throw new FlamelineError({ kind: "cancelled" });
    if (!attempt.typing() && performance.now() - began - attempt.typingMs() > TIMEOUT_MS) {
      return { kind: "final", failure: { kind: "helper-silent", seconds: TIMEOUT_MS / 1_000 } };
    }
    await sleep(RETRY_MS);
  }
}

/** The helper's answer, behind whatever sudo said. */
function lastSentence(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

/** What keeps from being root is told with the command that does this change, not with the one that starts a helper. */
function failureOf(change: ServiceChange, command: string, failure: Failure): Failure {
  const needsRoot = (reason: string, by: string): Failure => ({ kind: "service-needs-root", change: change.kind, reason, command: by });
  const sudo = `sudo ${command}`;
  const su = `su -c ${shellQuote(command)}`;
  switch (failure.kind) {
    case "sudo-missing":
      return needsRoot("sudo is not installed here", su);
    case "sudo-forbidden":
      return needsRoot("your user may not use sudo", su);
    case "sudo-wrong-password":
      return needsRoot("sudo did not accept the password", sudo);
    case "sudo-needs-terminal":
      return needsRoot("sudo on this machine only works from a terminal", sudo);
    case "sudo-failed":
      return needsRoot(`sudo does not work (${failure.detail})`, sudo);
    case "password-cancelled":
      return needsRoot("the password was not given", sudo);
    case "sudo-needs-password":
      return needsRoot("sudo asks for a password that nobody is here to type", sudo);
    case "helper-failed":
      return { kind: "service-failed", change: change.kind, detail: failure.detail };
    default:
      return failure;
  }
}
