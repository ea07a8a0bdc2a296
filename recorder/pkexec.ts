/**
 * Getting root by polkit, where an agent of the desktop asks for the password. Whether one is registered can't be asked
 * without being its session, so it is tried: without its own agent for terminals, pkexec ends at once where there is none.
 */
import type { Attempt, ElevationContext, Refusal } from "./attempt.js";
import { digestOf } from "./helper-digest.js";
import { findInstalledService } from "./installed-service.js";
import { PrivilegedProcess, type ProcessEnd } from "./privileged-process.js";

/** pkexec becomes the program once it may: until then its name is this, and the user is being asked. */
const ASKING = "pkexec";

/** Runs the context's command by pkexec. */
export async function byPkexec(context: ElevationContext, env: Readonly<Record<string, string | undefined>>): Promise<Attempt> {
  const command = await withPolicy(context);
  context.log(`running pkexec ${command.join(" ")}`);
  const process = PrivilegedProcess.spawn([ASKING, "--disable-internal-agent", ...command], env);
  const began = performance.now();
  let askedUntil = began;
  const typing = (): boolean => {
    const asking = process.end === undefined && context.machine.readText(`/proc/${process.pid}/comm`)?.trim() === ASKING;
    if (asking) askedUntil = performance.now();
    return asking;
  };
  return {
    process,
    typing,
    typingMs: () => askedUntil - began,
    whyNot: (end) => refusalOf(context, end, process.output),
    close: () => process.forget(),
  };
}

/** The installed helper where it is the same, because polkit has a sentence for its path. */
async function withPolicy({ command, machine, helperPath }: ElevationContext): Promise<readonly string[]> {
  const [program, ...args] = command;
  const installed = program === helperPath ? await findInstalledService(machine) : undefined;
  const same = installed !== undefined && installed.sha256 === (await digestOf(helperPath).catch(() => undefined));
  return same ? [installed.path, ...args] : command;
}

/** pkexec(1): 126 where the user dismissed the question, 127 where there is nobody to ask or the answer was no. */
function refusalOf({ helperPath, ended }: ElevationContext, end: ProcessEnd, output: string): Refusal {
  if (end.kind === "exited" && /Request dismissed/.test(output)) {
    return { kind: "final", failure: { kind: "password-cancelled", helperPath } };
  }
  const ran = end.kind === "exited" && end.status !== 126 && end.status !== 127;
  return ran ? { kind: "final", failure: ended(end, output) } : { kind: "unavailable" };
}
