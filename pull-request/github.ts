/** The calls of GitHub's REST API that a pull request takes. */
import { SharingError } from "./failures.js";
import type { ForgeRepository } from "./remote-url.js";

export interface ForgeAccount {
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly api: string;
  readonly token: string;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
}

const SECONDS = 30;

/** The branch that pull requests are for. Throws a {@link SharingError} also where the account may not push. */
export async function defaultBranch(account: ForgeAccount, { owner, name }: ForgeRepository): Promise<string> {
  const { status, body } = await call(account, "GET", `/repos/${owner}/${name}`);
  if (status === 404) throw new SharingError({ kind: "repository-hidden", name: `${owner}/${name}` });
  const { default_branch: branch, permissions } = body as { default_branch?: unknown; permissions?: { push?: unknown } };
  if (status !== 200 || typeof branch !== "string") throw new SharingError({ kind: "forge-refuses", status, said: saidBy(body) });
  if (permissions?.push === false) throw new SharingError({ kind: "may-not-push", name: `${owner}/${name}` });
  return branch;
}

export interface PullRequestWish {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly head: string;
  readonly base: string;
}

/** Throws a {@link SharingError}. */
export async function openPullRequest(
  account: ForgeAccount,
  { owner, name }: ForgeRepository,
  wish: PullRequestWish,
): Promise<PullRequest> {
  const { status, body } = await call(account, "POST", `/repos/${owner}/${name}/pulls`, wish);
  if (status === 404) throw new SharingError({ kind: "repository-hidden", name: `${owner}/${name}` });
  const { number, html_url: url } = body as { number?: unknown; html_url?: unknown };
  if (status === 201 && typeof number === "number" && typeof url === "string" && /^https?:\/\//.test(url)) return { number, url };
  throw new SharingError({ kind: "forge-refuses", status, said: saidBy(body) });
}

async function call(
  { api, token }: ForgeAccount,
  method: "GET" | "POST",
  path: string,
  content?: PullRequestWish,
): Promise<{ status: number; body: object }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${api}${path}`, {
      method,
      headers: {
        Accept: "application/vnd.github+json",
        Authorization: `Bearer ${token}`,
        "User-Agent": "flameline",
        "X-GitHub-Api-Version": "2022-11-28",
        ...(content === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
    text = await response.text();
  } catch (error) {
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    throw new SharingError({ kind: "forge-unreachable", address: api, said: reason });
  }
  const body = parsed(text);
  if (response.status === 401) throw new SharingError({ kind: "signed-out", address: api });
  if (response.status === 403 || response.status === 429) throw new SharingError({ kind: "forge-forbids", said: saidBy(body) });
  return { status: response.status, body };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What GitHub says is wrong: its list of errors has more than its message. */
function saidBy(body: object): string {
  const { message, errors } = body as { message?: unknown; errors?: unknown };
  const all = Array.isArray(errors) ? (errors as unknown[]) : [];
  const told = all.flatMap((each) => {
    const text = typeof each === "string" ? each : (each as { message?: unknown } | null)?.message;
    return typeof text === "string" ? [text] : [];
  });
  const text = told.length > 0 ? told.join("; ") : typeof message === "string" ? message : "it answered something else than expected";
  return text.slice(0, 300).replace(/\.$/, "");
}
