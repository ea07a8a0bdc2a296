/** What a repository is like where a fix was made: it is looked at only. */
import { dirname } from "node:path";
import { SharingError } from "./failures.js";
import { git, gitMaybe, lastLine, runGit } from "./git.js";
import { type ForgeRepository, forgeRepository } from "./remote-url.js";

export interface Repository {
  readonly root: string;
  /** Fixes are committed on it: what the remote has of the branch, so that no other commit goes along; the head where there is no remote. */
  readonly start: string;
  /** Commits below `start` that the remote may not have: more than none only where it was never fetched. */
  readonly unpushed: number;
  readonly remote?: Remote;
}

export interface Remote {
  readonly name: string;
  /** Where it pushes to, without a password. */
  readonly shownUrl: string;
  readonly forge?: ForgeRepository;
  /** The branch of it that fixes are for; undefined where that is not known here. */
  readonly base?: string;
}

/** Of the repository that a file is in. Throws a {@link SharingError} where there is none, or nothing can be committed in it. */
export async function readRepository(file: string): Promise<Repository> {
  const folder = dirname(file);
  const found = await runGit(["rev-parse", "--show-toplevel"], { folder });
  if (found.status !== 0) {
    if (/not a git repository/.test(found.said)) throw new SharingError({ kind: "no-repository", folder });
    throw new SharingError({ kind: "git-failed", command: "rev-parse", said: lastLine(found.said, found.status) });
  }
  const root = found.out.toString("utf8").replace(/\n$/, "");
  const run = { folder: root };
  const head = await gitMaybe(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], run);
  if (head === undefined) throw new SharingError({ kind: "no-commit", root });
  if ((await gitMaybe(["var", "GIT_COMMITTER_IDENT"], run)) === undefined) throw new SharingError({ kind: "no-identity" });

  const branch = await gitMaybe(["symbolic-ref", "--quiet", "--short", "HEAD"], run);
  const name = await remoteOf(root, branch);
  if (name === undefined) return { root, start: head, unpushed: 0 };
  const ref = await baseRef(root, name, branch);
  const url = await git(["remote", "get-url", "--push", name], run);
  const forge = forgeRepository(url);
  const remote = {
    name,
    shownUrl: url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, "$1"),
    ...(forge === undefined ? {} : { forge }),
    ...(ref === undefined ? {} : { base: ref.slice(`refs/remotes/${name}/`.length) }),
  };
  if (ref === undefined) {
    const unpushed = Number(await git(["rev-list", "--count", head, "--not", `--remotes=${name}`], run));
    return { root, start: head, unpushed, remote };
  }
  const start = (await gitMaybe(["merge-base", head, ref], run)) ?? (await git(["rev-parse", "--verify", `${ref}^{commit}`], run));
  return { root, start, unpushed: 0, remote };
}

/** That of the branch, else `origin`, else the only one. One whose name looks like an option is none. */
async function remoteOf(root: string, branch: string | undefined): Promise<string | undefined> {
  const run = { folder: root };
  const names = ((await gitMaybe(["remote"], run)) ?? "").split("\n").filter((name) => /^[\w.][\w./-]*$/.test(name));
  const own = branch === undefined ? undefined : await gitMaybe(["config", "--get", `branch.${branch}.remote`], run);
  if (own !== undefined && names.includes(own)) return own;
  return names.includes("origin") ? "origin" : names.length === 1 ? names[0] : undefined;
}

/** `refs/remotes/REMOTE/…` of what the branch follows, else of the remote's main branch, as far as it was fetched. */
async function baseRef(root: string, remote: string, branch: string | undefined): Promise<string | undefined> {
  const run = { folder: root };
  const prefix = `refs/remotes/${remote}/`;
  const upstream = branch === undefined ? undefined : await gitMaybe(["rev-parse", "--symbolic-full-name", "@{upstream}"], run);
  const main = await gitMaybe(["symbolic-ref", "--quiet", `${prefix}HEAD`], run);
  for (const ref of [upstream, main, `${prefix}main`, `${prefix}master`]) {
    const isThere = ref?.startsWith(prefix) && (await gitMaybe(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], run)) !== undefined;
    if (ref !== undefined && isThere === true) return ref;
  }
  return undefined;
}
