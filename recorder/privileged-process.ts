/**
 * One attempt to run the helper as root. It is detached (its own session), because one helper serves all windows and
 * outlives the one that started it; it ends by its own idle rule. Its log goes to a file, since a pipe would break with us.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeScratchFolder } from "./scratch-folder.js";

/** Enough for sudo's answer and for the last words of a helper. */
const LOG_TAIL_BYTES = 16_384;

export type ProcessEnd =
  /** The program does not exist or may not be run. */
  { readonly kind: "not-run"; readonly code: string } | { readonly kind: "exited"; readonly status: number | null };

export class PrivilegedProcess {
  /** Undefined while it runs. */
  end: ProcessEnd | undefined;
  /** 0 where it could not be started. */
  pid = 0;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    process.once("exit", this.#remove);
  }

  static spawn(command: readonly string[], env: Readonly<Record<string, string | undefined>>): PrivilegedProcess {
    const started = makeScratchFolder(env, (folder) => new PrivilegedProcess(folder));
    const log = openSync(started.#logPath, "wx", 0o600);
    const [program = "", ...args] = command;
    try {
      const child = spawn(program, args, { cwd: "/", env, detached: true, stdio: ["ignore", log, log] });
      started.pid = child.pid ?? 0;
      child.on("error", (error: NodeJS.ErrnoException) => (started.end ??= { kind: "not-run", code: error.code ?? error.message }));
      child.on("exit", (status) => (started.end ??= { kind: "exited", status }));
      child.unref();
    } finally {
      closeSync(log);
    }
    return started;
  }

  /** The end of what it printed so far. */
  get output(): string {
    let file: number | undefined;
    try {
      file = openSync(this.#logPath, "r");
      const text = Buffer.alloc(LOG_TAIL_BYTES);
      return text.toString("utf8", 0, readSync(file, text, 0, LOG_TAIL_BYTES, 0));
    } catch {
      return "";
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Removes the log; a helper that runs on keeps writing to the nameless file. */
  forget(): void {
    process.off("exit", this.#remove);
    this.#remove();
  }

  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true });

  get #logPath(): string {
    return join(this.#folder, "helper.log");
  }
}
