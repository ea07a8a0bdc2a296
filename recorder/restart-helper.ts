/** Replaces a running helper of another version: ends it as root, and starts ours. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectOptions, connectHelper } from "./connect-helper.js";
import type { Tried } from "./attempt.js";
import { tryWaysToRoot } from "./elevation.js";
import { FlamelineError } from "./failures.js";
import type { HelperConnection } from "./helper-connection.js";
import { helperUid, type Machine, thisMachine } from "./machine.js";
import { lockHolder } from "./lock-holder.js";
import { socketPaths } from "./socket-trust.js";

/** The helper ends its recordings in order before it exits. */
const STOP_TIMEOUT_MS = 10_000;
const RETRY_MS = 50;
/** The kernel's name of the helper's process: 15 characters. */
const PROCESS_NAME = "flameline-helpe";

/** Ends the helper of this user, whatever its version, and connects to a new one. Recordings of other windows end. */
export async function restartHelper(options: ConnectOptions): Promise<HelperConnection> {
  const machine = options.machine ?? thisMachine();
  const path = socketPaths(machine, helperUid(machine)).user;
  const pid = lockHolder(machine, path);
  // Its lock says who it is; its name is looked at all the same before root ends it.
  if (pid > 1 && machine.readText(`/proc/${pid}/comm`)?.trim() === PROCESS_NAME) await endAsRoot(pid, path, options, machine);
  return connectHelper(options);
}

async function endAsRoot(pid: number, path: string, options: ConnectOptions, machine: Machine): Promise<void> {
  await tryWaysToRoot(["kill", "-TERM", String(pid)], options, machine, async (attempt): Promise<Tried<undefined>> => {
    const began = performance.now();
    while (performance.now() - began - attempt.typingMs() < STOP_TIMEOUT_MS || attempt.typing()) {
      if (options.signal?.aborted === true) throw new FlamelineError({ kind: "cancelled" });
      if (lockHolder(machine, path) !== pid) return { kind: "done", value: undefined };
      const { end } = attempt.process;
      if (end !== undefined && (end.kind === "not-run" || end.status !== 0)) return attempt.whyNot(end);
      await sleep(RETRY_MS);
    }
    return { kind: "final", failure: { kind: "helper-silent", seconds: STOP_TIMEOUT_MS / 1_000 } };
  });
}
