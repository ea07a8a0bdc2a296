/**
 * Starts a command that waits until it is released, so that not even its first sample is missed: a shell blocks
 * reading descriptor 3 and then becomes the command (same pid). It has its own process group, which is ended as a whole.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { FlamelineError } from "./failures.js";
import { type Identity, identityBehindSudo, setprivArguments } from "./identity.js";
import { thisMachine } from "./machine.js";

/** How long a stopped command may take to end before it is killed. */
const GRACE_MS = 3_000;

/** Reads one byte-free line from the gate, closes it, and becomes the command. End of file without a line: the recording never began. */
const GATE = 'IFS= read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

export interface LaunchOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** "inherit" for the command, "pipe" for a program that shows the output itself. */
  readonly stdio?: "inherit" | "pipe" | "ignore";
  /** The identity to run as; by default the user behind sudo when this process is root through it. */
  readonly identity?: Identity;
}

/** How a command ended. */
export type CommandEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signalled"; readonly signal: string }
  /** It was never released. */
  | { readonly kind: "not-run" };

export interface GatedCommand {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnd>;
  /** Lets the command begin. */
  release(): void;
  /** Ends the whole group: `signal` first, SIGKILL after 3 s. Settles when the command is gone. */
  stop(signal?: "SIGINT" | "SIGTERM"): Promise<CommandEnd>;
}

/** Throws `command-not-started` when the program or the working directory is missing. */
export async function startGated(command: string, args: readonly string[], options: LaunchOptions): Promise<GatedCommand> {
  if (!isFindable(command, options)) throw new FlamelineError({ kind: "command-not-started", command, detail: "there is no such program" });
  const identity = options.identity ?? identityBehindSudo(thisMachine());
  const gated = ["/bin/sh", "-c", GATE, "flameline", command, ...args];
  const [program = "", ...rest] = identity === undefined ? gated : [...setprivArguments(identity), ...gated];
  const stdio = options.stdio ?? "inherit";
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: { ...options.env, ...identity?.env },
    detached: true,
    stdio: [stdio === "pipe" ? "ignore" : stdio, stdio, stdio, "pipe"],
  });
  const ended = new Promise<CommandEnd>((settle) => {
    child.once("exit", (status, signal) =>
      settle(signal === null ? { kind: "exited", status: status ?? 0 } : { kind: "signalled", signal }),
    );
  });
  await new Promise<void>((settle, reject) => {
    child.once("spawn", settle);
    child.once("error", (error) => reject(new FlamelineError({ kind: "command-not-started", command, detail: error.message }, error)));
  });
  return gate(child, ended);
}

/** Looked for before the recording begins; one that may not be run shows as status 126 of the command. */
function isFindable(command: string, { cwd, env }: LaunchOptions): boolean {
  if (command.includes("/")) return existsSync(resolve(cwd, command));
  const folders = (env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  return folders.some((folder) => existsSync(resolve(cwd, folder, command)));
}

function gate(child: ChildProcess, ended: Promise<CommandEnd>): GatedCommand {
  const pipe = child.stdio[3] as Writable;
  pipe.on("error", () => undefined);
  const pid = child.pid ?? 0;
  let released = false;
  const end = ended.then((how): CommandEnd => (released ? how : { kind: "not-run" }));
  return {
    pid,
    child,
    ended: end,
    release: () => {
      released = true;
      pipe.end("go\n");
    },
    stop: async (signal = "SIGTERM") => {
      if (released) signalGroup(pid, signal);
      else pipe.destroy();
      const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), GRACE_MS);
      const how = await end;
      clearTimeout(timer);
      // Children that the command left behind belong to its group still.
      signalGroup(pid, "SIGKILL");
      return how;
    },
  };
}

function signalGroup(pid: number, signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/** For the user and the file: "status 3" or "signal SIGSEGV (11)". */
export function commandEndText(end: CommandEnd): string {
  switch (end.kind) {
    case "exited":
      return `status ${end.status}`;
    case "signalled":
      return `signal ${end.signal} (${constants.signals[end.signal as keyof typeof constants.signals] ?? "?"})`;
    case "not-run":
      return "not run";
  }
}
