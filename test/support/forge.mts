/**
 * A forge on this machine that answers as GitHub does what a sign-in and a pull request take: OAuth by device code, the REST calls, and Git over HTTP with
 * a real bare repository behind it. What it refuses it refuses for the reasons that GitHub has.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

export interface PullRequestOnForge {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly head: string;
  readonly base: string;
}

export interface Forge {
  /** `http://127.0.0.1:PORT`: a server of GitHub Enterprise. */
  readonly address: string;
  readonly repository: string;
  readonly pulls: PullRequestOnForge[];
  /** `METHOD /path STATUS` of each call. */
  readonly calls: string[];
  /** Those that are taken; a sign-in adds one. */
  readonly tokens: Set<string>;
  /** What a test may change: whether accounts may push, and whether the REST calls are forbidden. */
  readonly rules: { mayPush: boolean; forbidden: boolean };
  /** Runs Git in the bare repository. */
  readonly git: (...args: string[]) => string;
  readonly close: () => void;
}

/** With an empty repository OWNER/NAME, whose main branch is `main`. */
export async function startForge(folder: string, owner: string, name: string): Promise<Forge> {
  const repository = path.join(folder, owner, `${name}.git`);
  mkdirSync(repository, { recursive: true });
  const git = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync("git", ["--git-dir", repository, ...args], { encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  git("init", "--quiet", "--bare", "--initial-branch=main");
  git("config", "http.receivepack", "true");
  const state = {
    repository,
    owner,
    name,
    folder,
    git,
    pulls: [] as PullRequestOnForge[],
    tokens: new Set<string>(),
    rules: { mayPush: true, forbidden: false },
    address: "",
  };
  const calls: string[] = [];
  const server = createServer((request, response) => {
    response.on("finish", () => calls.push(`${request.method} ${(request.url ?? "").replace(/\?.*/, "")} ${response.statusCode}`));
    answer(state, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { address, pulls, tokens, rules } = state;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { address, repository, pulls, calls, tokens, rules, git, close };
}

interface State {
  readonly owner: string;
  readonly name: string;
  readonly folder: string;
  readonly git: Forge["git"];
  readonly pulls: PullRequestOnForge[];
  readonly tokens: Set<string>;
  readonly rules: Forge["rules"];
  readonly address: string;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://forge");
  if (url.pathname.startsWith(`/${state.owner}/`) && /\.git\//.test(url.pathname)) return overGit(state, url, request, response);
  const body = await bodyOf(request);
  const say = (status: number, content: object, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers }).end(JSON.stringify(content));
  };
  if (request.method === "POST" && url.pathname === "/login/device/code") {
    const verification_uri = `${state.address}/login/device`;
    return say(200, { device_code: "d-1", user_code: "ABCD-1234", verification_uri, expires_in: 900, interval: 1 });
  }
  if (request.method === "POST" && url.pathname === "/login/oauth/access_token") {
    const token = `gho_${state.tokens.size + 1}of${"a".repeat(30)}`;
    state.tokens.add(token);
    return say(200, { access_token: token, token_type: "bearer", scope: "repo" });
  }
  if (!url.pathname.startsWith("/api/v3")) {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<title>Forge</title>");
    return;
  }
  const token = /^(?:Bearer|token) (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined || !state.tokens.has(token)) return say(401, { message: "Bad credentials", status: "401" });
  if (state.rules.forbidden) return say(403, { message: "Resource protected by organization SAML enforcement." });
  const route = `${request.method} ${url.pathname.slice("/api/v3".length)}`;
  if (route === "GET /user") return say(200, { id: 7, login: "ann" }, { "X-OAuth-Scopes": "repo" });
  const own = `/repos/${state.owner}/${state.name}`;
  if (route === `GET ${own}`) {
    const permissions = { admin: false, push: state.rules.mayPush, pull: true };
    return say(200, { full_name: `${state.owner}/${state.name}`, default_branch: "main", permissions });
  }
  if (route === `POST ${own}/pulls`) return openPull(state, body, say);
  return say(404, { message: "Not Found", status: "404" });
}

function openPull({ pulls, git, owner, name, address }: State, text: string, say: (status: number, content: object) => void): void {
  const { title, body, head, base } = JSON.parse(text) as Partial<PullRequestOnForge>;
  const fail = (message: string): void => say(422, { message: "Validation Failed", errors: [{ resource: "PullRequest", message }] });
  if (!title || !head || !base) return fail("title, head and base are needed");
  const has = (branch: string): boolean => git("for-each-ref", "--format=%(refname)", `refs/heads/${branch}`) === `refs/heads/${branch}`;
  if (!has(base)) return fail(`base ${base} is invalid`);
  if (!has(head)) return fail(`head ${head} is invalid`);
  if (git("rev-list", "--count", `refs/heads/${base}..refs/heads/${head}`) === "0") return fail(`No commits between ${base} and ${head}`);
  if (pulls.some((each) => each.head === head)) return fail(`A pull request already exists for ${owner}:${head}.`);
  if ((body ?? "").length > 65_536) return fail("body is too long (maximum is 65536 characters)");
  const pull = { number: pulls.length + 1, title, body: body ?? "", head, base };
  pulls.push(pull);
  say(201, { ...pull, html_url: `${address}/${owner}/${name}/pull/${pull.number}`, state: "open" });
}

/** Git's own CGI program; pushing takes a token as a password. */
function overGit({ folder, tokens, rules }: State, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isPush = url.pathname.endsWith("/git-receive-pack") || url.searchParams.get("service") === "git-receive-pack";
  const [, basic = ""] = /^Basic (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  const [user, password = ""] = Buffer.from(basic, "base64").toString("utf8").split(":");
  const isKnown = user === "x-access-token" && tokens.has(password);
  if (isPush && !(isKnown && rules.mayPush)) {
    request.resume();
    response.writeHead(isKnown ? 403 : 401, isKnown ? {} : { "WWW-Authenticate": 'Basic realm="GitHub"' }).end();
    return Promise.resolve();
  }
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_USER: user,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.on("error", reject);
    child.on("close", () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf("\r\n\r\n");
      const headers = Object.fromEntries(
        all
          .subarray(0, end)
          .toString("latin1")
          .split("\r\n")
          .map((line) => line.split(/: (.*)/).slice(0, 2)),
      ) as Record<string, string>;
      const { Status, ...others } = headers;
      response.writeHead(Number(/^\d+/.exec(Status ?? "200")?.[0]), others).end(all.subarray(end + 4));
      resolve();
    });
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
