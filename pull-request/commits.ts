/**
 * Fixes as commits on a branch of their own, made in the object store alone: the working tree, the index, the head and every other branch stay as
 * they are. A fix is made in the text that the repository has, not in that of the working tree, so what the user has changed beside it is
 * neither committed nor needed to be stashed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { applyEdits } from "../analysis/optimize/finding.js";
import type { MadeFix } from "../protocol/fixes.js";
import { carryEdits, inverseEdits } from "../source/carry-edits.js";
import { SharingError } from "./failures.js";
import { git, gitMaybe, runGit } from "./git.js";
import type { Repository } from "./repository.js";
import { branchName, commitMessage } from "./words.js";

export interface CommittedFix {
  readonly fix: MadeFix;
  /** As Git names it: below the root, with slashes. */
  readonly path: string;
  readonly message: string;
  /** The working tree's text has other changes, which the proof saw and the commit has not. */
  readonly besideOthers: boolean;
}

export interface FixCommits {
  /** Undefined as long as it is only a plan. */
  readonly branch: string;
  readonly commit: string;
  readonly committed: readonly CommittedFix[];
  /** A sentence's clause for each fix that can't be committed. */
  readonly leftOut: readonly string[];
}

interface Change extends CommittedFix {
  readonly mode: string;
  readonly text: string;
}

/** Makes one commit for each fix that the repository's text takes, and the branch. Throws a {@link SharingError} where none does. */
export async function commitFixes(repository: Repository, fixes: readonly MadeFix[]): Promise<FixCommits> {
  const { root, start } = repository;
  const { changes, leftOut } = await planChanges(repository, fixes);
  if (changes.length === 0) throw new SharingError({ kind: "nothing-to-commit", leftOut });
  const isSigned = (await gitMaybe(["config", "--type=bool", "--get", "commit.gpgsign"], { folder: root })) === "true";
  // Beside Git's own index: who may commit may write there, which can't be said of every folder for temporary files.
  const gitFolder = await git(["rev-parse", "--absolute-git-dir"], { folder: root });
  const scratch = await mkdtemp(join(gitFolder, "flameline-index-"));
  try {
    const run = { folder: root, environment: { GIT_INDEX_FILE: join(scratch, "index") } };
    await git(["read-tree", start], run);
    let commit = start;
    for (const { path, mode, text, message } of changes) {
      const blob = await git(["hash-object", "-w", "--stdin", `--path=${path}`], { ...run, input: text });
      await git(["update-index", "-z", "--index-info"], { ...run, input: `${mode} ${blob}\t${path}\0` });
      const tree = await git(["write-tree"], run);
      commit = await git(["commit-tree", tree, "-p", commit, ...(isSigned ? ["-S"] : []), "-F", "-"], { ...run, input: message });
    }
    return { branch: await makeBranch(root, branchName(fixes), commit), commit, committed: changes, leftOut };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What {@link commitFixes} would commit; nothing is written. */
export async function planChanges(
  { root, start }: Repository,
  fixes: readonly MadeFix[],
): Promise<{ changes: Change[]; leftOut: string[] }> {
  const changes: Change[] = [];
  const leftOut: string[] = [];
  const texts = new Map<string, { mode: string; text: string } | string>();
  const broken = new Set<string>();
  for (const fix of fixes) {
    const path = relative(root, fix.file).split(sep).join("/");
    const before = texts.get(path) ?? (await committedText(root, start, path));
    texts.set(path, before);
    if (typeof before === "string") {
      leftOut.push(`${path} ${before}`);
      continue;
    }
    const newText = applyEdits(fix.oldText, fix.edits);
    const carried = broken.has(path) ? undefined : carryEdits(fix.oldText, fix.edits, before.text);
    if (carried === undefined) {
      const isThere = carryEdits(newText, inverseEdits(fix.oldText, fix.edits), before.text) !== undefined;
      // Those that came later may stand on it.
      if (!isThere) broken.add(path);
      leftOut.push(`“${fix.title}” in ${path} ${isThere ? "is committed already" : "changes lines that are not committed, or not pushed"}`);
      continue;
    }
    const text = applyEdits(before.text, carried.edits);
    texts.set(path, { mode: before.mode, text });
    const besideOthers = before.text !== fix.oldText;
    changes.push({ fix, path, mode: before.mode, text, besideOthers, message: commitMessage(fix, path, besideOthers) });
  }
  return { changes, leftOut };
}

/** A file's text as a checkout would write it; a clause where it has none. */
async function committedText(root: string, commit: string, path: string): Promise<{ mode: string; text: string } | string> {
  const run = { folder: root };
  const listed = await git(["--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path], run);
  const mode = /^(\d+) blob /.exec(listed)?.[1];
  if (mode === undefined) return "is not committed, or not pushed";
  if (!mode.startsWith("100")) return "is a link";
  const { status, out } = await runGit(["cat-file", "--filters", `${commit}:${path}`], run);
  const text = out.toString("utf8");
  return status === 0 && Buffer.from(text, "utf8").equals(out) ? { mode, text } : "is not written in UTF-8";
}

/** A branch that was not there before; answers its name. */
async function makeBranch(root: string, name: string, commit: string): Promise<string> {
  for (let count = 1; count <= 100; count++) {
    const branch = count === 1 ? name : `${name}-${count}`;
    const ref = `refs/heads/${branch}`;
    if ((await gitMaybe(["rev-parse", "--verify", "--quiet", ref], { folder: root })) !== undefined) continue;
    await git(["update-ref", "-m", "flameline: fixes", ref, commit, "0".repeat(commit.length)], { folder: root });
    return branch;
  }
  throw new SharingError({ kind: "branch-taken", branch: name });
}
