import * as vscode from "vscode";
import type { MadeFix } from "../protocol/fixes.js";
import { type CommittedFix, commitFixes, type FixCommits, planChanges } from "../pull-request/commits.js";
import { SharingError } from "../pull-request/failures.js";
import { defaultBranch, type ForgeAccount, openPullRequest, type PullRequest } from "../pull-request/github.js";
import { pushBranch } from "../pull-request/push.js";
import type { ForgeRepository } from "../pull-request/remote-url.js";
import { readRepository, type Remote, type Repository } from "../pull-request/repository.js";
import { nextCommand, pullRequestBody, pullRequestTitle } from "../pull-request/words.js";
import { WindowError } from "./failures.js";
import type { LanguageServer } from "./language-server-client.js";
import { typeInTerminal } from "./type-in-terminal.js";

/** What GitHub wants for pushing to private repositories and for pull requests. */
const SCOPES = ["repo"];
const PUSH = "Push and Open Pull Request";
const COMMIT = "Commit Only";

interface Forge {
  readonly place: ForgeRepository;
  /** Of VS Code's sign-in. */
  readonly provider: "github" | "github-enterprise";
  readonly api: string;
}

/**
 * The proved fixes that were made in this workspace become a branch with one commit each and, where the user says yes and the remote is on GitHub, a
 * pull request. Nothing leaves the machine before that yes, and no file, index or branch of the user's is changed.
 */
export async function createPullRequest(server: LanguageServer): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new WindowError({ kind: "untrusted-git" });
  }
  const { fixes: all, unproved } = await server.ask("flameline/madeFixes", {});
  if (all.length === 0) {
    throw new WindowError({ kind: "no-fix-made", unproved });
  }
  const chosen = await chooseRepository(all);
  if (chosen === undefined) {
    return;
  }
  const { repository, fixes } = chosen;
  const plan = await planChanges(repository, fixes);
  if (plan.changes.length === 0) {
    throw new SharingError({ kind: "nothing-to-commit", leftOut: plan.leftOut });
  }
  const { remote } = repository;
  const forge = forgeOf(remote);
  const answer = await vscode.window.showInformationMessage(
    questionOf(plan.changes, remote, forge),
    { modal: true, detail: detailOf(repository, plan) },
    ...(forge === undefined ? [] : [PUSH]),
    COMMIT,
  );
  if (answer === COMMIT) {
    // A command ends when its work ends, not when its message is read.
    void tellNext(await commitFixes(repository, fixes), remote);
  } else if (answer === PUSH && forge !== undefined && remote !== undefined) {
    const pushed = { location: vscode.ProgressLocation.Notification, title: "Flameline: Creating the Pull Request" };
    const { number, url } = await vscode.window.withProgress(pushed, () => pushAndOpen({ repository, fixes, remote, forge }));
    void vscode.window.showInformationMessage(`Pull request #${number} is open.`, "Open in Browser").then((button) => {
      if (button !== undefined) void vscode.env.openExternal(vscode.Uri.parse(url));
    });
  }
}

interface Push {
  readonly repository: Repository;
  readonly fixes: readonly MadeFix[];
  readonly remote: Remote;
  readonly forge: Forge;
}

async function pushAndOpen({ repository, fixes, remote, forge }: Push): Promise<PullRequest> {
  const { place } = forge;
  // Before anything is written, so that an account that can't do it leaves nothing behind.
  let account = await signIn(forge, { createIfNone: true });
  let main: string;
  try {
    main = await defaultBranch(account, place);
  } catch (error) {
    if (!(error instanceof SharingError) || error.failure.kind !== "signed-out") throw error;
    account = await signIn(forge, { forceNewSession: { detail: "GitHub doesn't take the sign-in any more." } });
    main = await defaultBranch(account, place);
  }
  const { branch, committed } = await commitFixes(repository, fixes);
  await pushBranch(repository, remote, branch, account.token);
  return openPullRequest(account, place, {
    title: pullRequestTitle(committed),
    body: pullRequestBody(committed),
    head: branch,
    base: remote.base ?? main,
  });
}

async function signIn({ provider, api }: Forge, how: vscode.AuthenticationGetSessionOptions): Promise<ForgeAccount> {
  try {
    const session = await vscode.authentication.getSession(provider, SCOPES, how);
    if (session !== undefined) return { api, token: session.accessToken };
  } catch (error) {
    throw new SharingError({ kind: "not-signed-in", said: error instanceof Error ? error.message.replace(/\.$/, "") : String(error) });
  }
  throw new SharingError({ kind: "not-signed-in", said: "no session" });
}

/** GitHub, or the server of VS Code's own setting for GitHub Enterprise; undefined for all others. */
function forgeOf(remote: Remote | undefined): Forge | undefined {
  const place = remote?.forge;
  if (place === undefined) return undefined;
  if (place.host === "github.com") return { place, provider: "github", api: "https://api.github.com" };
  const address = vscode.workspace.getConfiguration("github-enterprise").get<string>("uri") ?? "";
  if (!URL.canParse(address)) return undefined;
  const own = new URL(address);
  if (own.host !== place.host && own.hostname !== place.host) return undefined;
  const api = own.hostname.endsWith(".ghe.com") ? `${own.protocol}//api.${own.host}` : `${own.origin}/api/v3`;
  return { place, provider: "github-enterprise", api };
}

/** Fixes of several repositories are several pull requests. */
async function chooseRepository(fixes: readonly MadeFix[]): Promise<{ repository: Repository; fixes: readonly MadeFix[] } | undefined> {
  const found = new Map<string, { repository: Repository; fixes: MadeFix[] }>();
  for (const fix of fixes) {
    const repository = await readRepository(fix.file);
    const known = found.get(repository.root) ?? { repository, fixes: [] };
    known.fixes.push(fix);
    found.set(repository.root, known);
  }
  if (found.size <= 1) return [...found.values()][0];
  const rows = [...found].map(([label, each]) => ({ label, description: `${each.fixes.length} fixes`, each }));
  return (await vscode.window.showQuickPick(rows, { title: "Repository of the Pull Request" }))?.each;
}

function questionOf(changes: readonly CommittedFix[], remote: Remote | undefined, forge: Forge | undefined): string {
  const what = changes.length === 1 ? "1 proved fix" : `${changes.length} proved fixes`;
  if (remote === undefined) return `Commit ${what} on a new branch?`;
  const where = remote.forge === undefined ? remote.shownUrl : `${remote.forge.owner}/${remote.forge.name} on ${remote.forge.host}`;
  if (forge === undefined) return `Commit ${what} on a new branch? ${where} is not on GitHub, so the push is yours.`;
  return `Push ${what} to ${where} and open a pull request${remote.base === undefined ? "" : ` into ${remote.base}`}?`;
}

function detailOf(
  { start, unpushed, remote }: Repository,
  { changes, leftOut }: { changes: readonly CommittedFix[]; leftOut: readonly string[] },
): string {
  const beside = changes.filter(({ besideOthers }) => besideOthers).map(({ path }) => path);
  return [
    `One commit for each, on ${remote?.base === undefined ? "commit" : `${remote.name}/${remote.base} at`} ${start.slice(0, 10)}, on a branch of its own:`,
    ...changes.map(({ fix, path }) => `• ${fix.title} (${path})`),
    ...leftOut.map((clause) => `Left out: ${clause}.`),
    ...(beside.length === 0
      ? []
      : [`Your other changes of ${[...new Set(beside)].join(", ")} stay out of it: look whether it is right without them.`]),
    ...(unpushed === 0 ? [] : [`${unpushed} commits of yours that ${remote?.name} may not have go along.`]),
    "Your files, index and branches stay as they are. The pull request shows names of functions and their shares.",
  ].join("\n");
}

async function tellNext({ branch, committed }: FixCommits, remote: Remote | undefined): Promise<void> {
  const count = committed.length === 1 ? "1 commit is" : `${committed.length} commits are`;
  const next = nextCommand(branch, remote?.name);
  const told = `${count} on the branch ${branch}. Next: ${next}`;
  const button = await vscode.window.showInformationMessage(told, "Copy Command", "Open in Terminal");
  if (button === "Copy Command") await vscode.env.clipboard.writeText(next);
  if (button === "Open in Terminal") await typeInTerminal(next);
}
