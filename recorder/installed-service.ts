/** The service as it lies on the disk: `flameline helper install` has put it there, for all users of the machine. */
import { execFile } from "node:child_process";
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { digestOf } from "./helper-digest.js";
import type { Machine } from "./machine.js";

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 5_000;

export interface InstalledService {
  readonly path: string;
  /** "?" where the binary does not say it. */
  readonly version: string;
  readonly sha256: string;
}

/** The installed helper; undefined where there is none. A file that others than root could have put there is none. */
export async function findInstalledService(machine: Machine): Promise<InstalledService | undefined> {
  for (const path of machine.servicePrograms) {
    if (!isRoots(path, machine.socketFolderOwner)) continue;
    try {
      return { path, sha256: await digestOf(path), version: await versionOf(path) };
    } catch {
      // It is being removed or replaced.
    }
  }
  return undefined;
}

/** Whether the file, its folder and all folders above are root's alone, without a symbolic link on the way. */
function isRoots(path: string, owner: number): boolean {
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined || stats.isSymbolicLink()) return false;
    if (at === path ? !stats.isFile() : !stats.isDirectory()) return false;
    const STICKY = 0o1000;
    // In a folder like /tmp nobody else can replace what is root's; ours are never there, those of tests are.
    const writable = (stats.mode & 0o022) !== 0 && (at === path || (stats.mode & STICKY) === 0);
    if ((stats.uid !== owner && stats.uid !== 0) || writable) return false;
  }
  return true;
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await run(path, ["version"], { timeout: VERSION_TIMEOUT_MS, env: {} });
    return stdout.trim().slice(0, 40) || "?";
  } catch {
    return "?";
  }
}
