/**
 * Folders for what lives as long as a question: a socket, a pipe, a log. Their names tell whose they are, so that the next start removes
 * what a killed process has left: `.flameline-PID-XXXXXX`.
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStillWriting } from "./writer-process.js";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Makes one that only this user may enter, in the user's run-time folder where there is one, which is in RAM and goes with the last session.
 * `use` fills it and gives what it is for; where that throws, the next place is tried (a folder may be mounted `noexec`, or its name may be too
 * long for a socket). Throws the last reason.
 */
export function makeScratchFolder<T>(env: Environment, use: (folder: string) => T): T {
  const parents = [env["XDG_RUNTIME_DIR"] ?? "", tmpdir(), env["HOME"] ?? "", "/tmp"].filter((parent) => parent !== "");
  let last: unknown;
  for (const parent of new Set(parents)) {
    let folder: string | undefined;
    try {
      if (!isSafe(parent)) throw new Error(`${parent} belongs to another user`);
      removeStale(parent);
      folder = mkdtempSync(join(parent, `.flameline-${process.pid}-`));
      return use(folder);
    } catch (error) {
      last = error;
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw last;
}

/** Whether nobody else can put another folder in the place of ours: under sudo the run-time folder may be the user's, not root's. */
function isSafe(parent: string): boolean {
  const STICKY = 0o1000;
  const { uid, mode } = statSync(parent);
  return uid === process.getuid?.() || (uid === 0 && (mode & STICKY) !== 0);
}

/** Never throws: what can't be read or removed is not ours, or somebody else's start removes it now. */
function removeStale(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      const pid = Number(/^\.flameline-(\d+)-\w{6}$/.exec(name)?.[1] ?? 0);
      if (pid > 0 && pid !== process.pid && isStale(join(parent, name), pid)) rmSync(join(parent, name), { recursive: true, force: true });
    }
  } catch {
    // See above.
  }
}

function isStale(folder: string, pid: number): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && !isStillWriting(pid, found.mtimeMs);
}
