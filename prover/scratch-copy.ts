/** A copy of the workspace in which the user's code may run: nothing of a proof touches the user's own tree. */
import { copyFile, mkdir, mkdtemp, readdir, readlink, realpath, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
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

/** Rejects with {@link ProofRefused} where the folder is too large. */
export async function copyWorkspace(root: string, signal: AbortSignal): Promise<ScratchCopy> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "flameline-proof-")));
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
