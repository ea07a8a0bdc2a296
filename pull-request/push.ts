import { SharingError } from "./failures.js";
import { lastLine, runGit } from "./git.js";
import type { Remote, Repository } from "./repository.js";

/** A hook of the user's may run their tests. */
const SECONDS = 300;

/**
 * Pushes one branch and nothing else, as a branch that the remote doesn't have. `token` is given to the forge's own server over HTTP only, by the
 * environment and not by the command line, which others can read. Throws a {@link SharingError}.
 */
export async function pushBranch({ root }: Repository, remote: Remote, branch: string, token: string | undefined): Promise<void> {
  const { name, forge, shownUrl } = remote;
  const withToken = token !== undefined && forge !== undefined && shownUrl.startsWith(`${forge.web}/`);
  const environment: Record<string, string> = !withToken
    ? {}
    : {
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: `http.${forge.web}/.extraHeader`,
        GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`,
      };
  const ref = `refs/heads/${branch}`;
  const { status, said, out } = await runGit(["push", "--porcelain", "--set-upstream", name, `${ref}:${ref}`], {
    folder: root,
    environment,
    seconds: SECONDS,
  });
  if (status === 0) return;
  const rejected = /^!\t.*\t(.*)$/m.exec(out.toString("utf8"))?.[1];
  const told = { remote: name, branch, said: rejected ?? lastLine(said, status) };
  if (rejected !== undefined) throw new SharingError({ kind: "push-rejected", ...told });
  if (/authentication failed|could not read (username|password)|permission.*denied|access denied|error: 40[13]|not found/i.test(said)) {
    throw new SharingError({ kind: "push-refused", ...told });
  }
  if (/could not resolve|unable to (access|connect|look up)|connection|timed out|could not read from remote/i.test(said)) {
    throw new SharingError({ kind: "push-unreachable", ...told });
  }
  throw new SharingError({ kind: "git-failed", command: "push", said: told.said });
}
