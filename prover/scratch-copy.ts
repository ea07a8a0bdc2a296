/** A copy of the workspace in which the user's code may run: nothing of a proof touches the user's own tree. */
import { copyFile, mkdir, mkdtemp, readdir, readlink, realpath, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ProofRefused } from "../analysis/optimize/proof/trial.js";

/** Not copied: what the code under proof doesn't need, or makes anew. */
const LEFT_OUT = new Set([
  ".git",
  ".hg",
  ".svn",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".tox",
  ".venv",
  "venv",
  "node_modules",
  "target",
]);
/** Larger files are recordings, dumps and the like. */
const LARGEST_FILE = 32e6;
const MOST_BYTES = 500e6;
const MOST_FILES = 30_000;

export interface ScratchCopy {
  /** Real path of the whole; the user's only. */
  readonly folder: string;
  /** The copied workspace in it. */
  readonly workspace: string;
  /** Whether a file has the name of a test of pytest's. */
  readonly hasTests: boolean;
  dispose(): Promise<void>;
}

/**
 * Copies `root` into a new folder of `parent`. Rejects with {@link ProofRefused} where that can't be made or what is to be copied is too large. What
 * processes that were killed have left there goes.
 */
export async function copyWorkspace(root: string, parent: string, signal: AbortSignal): Promise<ScratchCopy> {
  const folder = await newFolder(parent);
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const workspace = join(folder, "workspace");
  const sum: Sum = { bytes: 0, files: 0, tests: false };
  try {
    await copyFolder(root, workspace, sum, signal);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { folder, workspace, hasTests: sum.tests, dispose };
}

async function newFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    for (const name of await readdir(parent)) {
      const pid = /^flameline-proof-(\d+)-/.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
    }
    return await realpath(await mkdtemp(join(parent, `flameline-proof-${process.pid}-`)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProofRefused(`There is no room for a copy of the workspace in ${parent} (${reason}).`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's is none of ours.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

interface Sum {
  bytes: number;
  files: number;
  tests: boolean;
}

async function copyFolder(from: string, to: string, sum: Sum, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (LEFT_OUT.has(entry.name)) continue;
    if (entry.isDirectory()) await copyFolder(source, copy, sum, signal);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), copy);
    else if (entry.isFile()) {
      const { size } = await stat(source);
      if (size > LARGEST_FILE) continue;
      sum.bytes += size;
      sum.files++;
      sum.tests ||= /^test_.*\.py$|_test\.py$/.test(entry.name);
      if (sum.bytes > MOST_BYTES || sum.files > MOST_FILES) {
        throw new ProofRefused(
          `The folder ${from} has more than ${MOST_FILES} files or 500 MB, too much to be copied for a proof; open a smaller folder.`,
        );
      }
      // Where the file system can, the copy shares its blocks until one side is written.
      await copyFile(source, copy, 0x2);
    }
  }
}
