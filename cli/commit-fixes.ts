import type { MadeFix } from "../protocol/fixes.js";
import { commitFixes } from "../pull-request/commits.js";
import { SharingError } from "../pull-request/failures.js";
import { readRepository } from "../pull-request/repository.js";
import { nextCommand } from "../pull-request/words.js";
import type { World } from "./command.js";
import { nodeFiles } from "./node-files.js";
import type { FixRow } from "./run-fix.js";

/**
 * A commit for each proved fix, of a file the first one only as with `--apply`, on a branch of their own; the working tree, the index and other
 * branches stay as they are. What is in the way is said, and nothing is committed then.
 */
export async function commitProved(rows: readonly FixRow[], world: World): Promise<FixRow[]> {
  const fixes = new Map<FixRow, MadeFix>();
  for (const row of rows) {
    const { finding, proof, file } = row;
    if (proof?.verdict !== "proved" || [...fixes.keys()].some((other) => other.file.file === file.file)) continue;
    const { rule, title, edits, share, event, subject = "" } = finding;
    const before = { share, perSecond: 0, graph: [] };
    fixes.set(row, { file: await nodeFiles.realpath(file.file), rule, title, subject, event, oldText: file.text, edits, proof, before });
  }
  const [first] = fixes.values();
  if (first === undefined) return [...rows];
  try {
    const repository = await readRepository(first.file);
    const { branch, committed, leftOut } = await commitFixes(repository, [...fixes.values()]);
    for (const clause of leftOut) world.err(`flameline: ${clause}.\n`);
    world.err(`Next: ${nextCommand(branch, repository.remote?.name)}\n`);
    return rows.map((row) => (committed.some(({ fix }) => fix === fixes.get(row)) ? { ...row, committed: branch } : row));
  } catch (error) {
    if (!(error instanceof SharingError)) throw error;
    world.err(`flameline: ${error.message}\n`);
    return [...rows];
  }
}
