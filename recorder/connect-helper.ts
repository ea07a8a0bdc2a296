/** Finds a running helper or starts one: service socket, per-user socket, then the ways to root. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt, Tried } from "./attempt.js";
import { type Elevation, tryWaysToRoot } from "./elevation.js";
import { FlamelineError } from "./failures.js";
import { HelperConnection } from "./helper-connection.js";
import { checkHelperFile } from "./helper-file.js";
import { lockHolder } from "./lock-holder.js";
import { containerAround, helperUid, type Machine, rootMayRecord, thisMachine } from "./machine.js";
import { inspectSocket, socketPaths } from "./socket-trust.js";

/** How long a started helper may take until it listens, the user's typing apart. It loads the engine only for a recording. */
const START_TIMEOUT_MS = 20_000;
const RETRY_MS = 50;
/** Two windows may start a helper at the same time: the loser's ends, and both use the winner's, which may need this long. */
const RACE_MS = 1_500;

export interface ConnectOptions {
  readonly elevation: Elevation;
  /** Path of `flameline-helper`, as `programFiles` gives it. */
  readonly helperPath: string;
  /** Path of the askpass bundle; by default beside the helper. */
  readonly askpassPath?: string;
  /** Name and version of the program, for the helper's log. */
  readonly client?: string;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
  /** Arguments after `serve`, for the idle rule's tests. */
  readonly serveArguments?: readonly string[];
  readonly machine?: Machine;
}

/** Connects to the helper of this user. Throws `FlamelineError`. */
export async function connectHelper(options: ConnectOptions): Promise<HelperConnection> {
  const machine = options.machine ?? thisMachine();
  if (machine.platform !== "linux") throw new FlamelineError({ kind: "unsupported-platform", platform: machine.platform });
  const running = await connectRunningHelper(options);
  if (running !== undefined) return running;
  checkHelperFile(options.helperPath, machine.arch);
  checkRights(machine);
  const command = [options.helperPath, "serve", ...(options.serveArguments ?? [])] as const;
  return tryWaysToRoot(command, options, machine, (attempt) => waitForHelper(attempt, options));
}

/** A helper that runs already; undefined when there is none. Never starts one and never asks. */
export async function connectRunningHelper(
  options: Pick<ConnectOptions, "client" | "machine" | "log">,
): Promise<HelperConnection | undefined> {
  const machine = options.machine ?? thisMachine();
  const uid = helperUid(machine);
  const paths = socketPaths(machine, uid);
  for (const path of [paths.service, paths.user]) {
    const state = inspectSocket(machine, path, uid);
    if (state.kind === "absent") continue;
    if (state.kind === "untrusted") throw new FlamelineError({ kind: "socket-untrusted", path: state.path, reason: state.reason });
    const isService = path === paths.service;
    const opened = await openOrNamePid(path, options.client ?? "flameline", machine, isService);
    if (opened instanceof HelperConnection) {
      options.log?.(`connected to helper ${opened.hello.helper} (process ${opened.hello.pid}) at ${path}`);
      return opened;
    }
    if (opened.kind === "silent") throw new FlamelineError({ kind: "helper-silent", seconds: opened.seconds });
    if (opened.kind === "refused") {
      if (opened.status === 503) throw new FlamelineError({ kind: "helper-busy" });
      if (isService) throw new FlamelineError({ kind: "service-refuses", uid: machine.uid, detail: opened.detail });
      throw new FlamelineError({ kind: "socket-untrusted", path, reason: `it does not let this user in (${opened.detail})` });
    }
  }
  return undefined;
}

/** A helper of another version does not always say its pid, which the command that ends it needs. */
async function openOrNamePid(path: string, client: string, machine: Machine, isService: boolean): ReturnType<typeof HelperConnection.open> {
  try {
    return await HelperConnection.open(path, client);
  } catch (error) {
    if (!(error instanceof FlamelineError) || error.failure.kind !== "wrong-version") throw error;
    if (isService) {
      const { ours, theirs } = error.failure;
      throw new FlamelineError({ kind: "service-wrong-version", ours, theirs }, error);
    }
    throw new FlamelineError({ ...error.failure, pid: lockHolder(machine, path) || error.failure.pid }, error);
  }
}

async function waitForHelper(attempt: Attempt, options: ConnectOptions): Promise<Tried<HelperConnection>> {
  const began = performance.now();
  const waited = (): number => performance.now() - began - attempt.typingMs();
  let deadline = START_TIMEOUT_MS;
  for (;;) {
    if (options.signal?.aborted === true) throw new FlamelineError({ kind: "cancelled" });
    const connection = await connectOrWait(options);
    if (connection instanceof HelperConnection) return { kind: "done", value: connection };
    const { end } = attempt.process;
    if (end !== undefined) {
      const refusal = attempt.whyNot(end);
      // Only a helper that ran and ended can have lost a race; sudo's refusals are final at once.
      if (refusal.kind === "unavailable" || refusal.failure.kind !== "helper-failed") return refusal;
      deadline = Math.min(deadline, waited() + RACE_MS);
    }
    if (!attempt.typing() && waited() > deadline) {
      if (connection !== undefined) throw connection;
      return end === undefined
        ? { kind: "final", failure: { kind: "helper-silent", seconds: START_TIMEOUT_MS / 1_000 } }
        : attempt.whyNot(end);
    }
    await sleep(RETRY_MS);
  }
}

/** A helper that is starting owns its socket before it has given it to the user: that is no failure until time is up. */
async function connectOrWait(options: ConnectOptions): Promise<HelperConnection | FlamelineError | undefined> {
  try {
    return await connectRunningHelper(options);
  } catch (error) {
    if (error instanceof FlamelineError && error.failure.kind === "socket-untrusted") return error;
    throw error;
  }
}

function checkRights(machine: Machine): void {
  if (rootMayRecord(machine)) return;
  const engine = containerAround(machine);
  throw new FlamelineError(
    engine === undefined
      ? { kind: "no-privilege", detail: "CAP_BPF and CAP_PERFMON are not in this process's bounding set" }
      : { kind: "container-without-rights", engine },
  );
}
