import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MadeFix } from "../../../protocol/fixes.js";
import { commitFixes } from "../../../pull-request/commits.js";
import { defaultBranch, openPullRequest } from "../../../pull-request/github.js";
import { pushBranch } from "../../../pull-request/push.js";
import { forgeRepository } from "../../../pull-request/remote-url.js";
import { readRepository, type Repository } from "../../../pull-request/repository.js";
import { commitMessage, pullRequestBody, pullRequestTitle } from "../../../pull-request/words.js";
import { type Forge, startForge } from "../../support/forge.mjs";

const TEXT = 'import re\n\n\ndef clean(line):\n    return re.sub(" +", " ", line)\n\n\ndef other(line):\n    return line\n';
const PROOF: MadeFix["proof"] = {
  verdict: "proved",
  speedup: { median: 1.5, low: 1.4, high: 1.6 },
  safety: { mutantsCaught: 0.9, tried: ["120 calls of the run", "3 tests of <the> project @all"] },
};

let home: string;
let work: string;
let forge: Forge | undefined;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "flameline-git-")));
  work = join(home, "work");
  mkdirSync(work);
  vi.stubEnv("HOME", home);
  vi.stubEnv("GIT_CONFIG_NOSYSTEM", "1");
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.name", "Ann");
  git("config", "user.email", "ann@example.com");
  put("src/app.py", TEXT);
  git("add", ".");
  git("commit", "--quiet", "-m", "first");
});
afterEach(() => {
  vi.unstubAllEnvs();
  forge?.close();
  forge = undefined;
  rmSync(home, { recursive: true, force: true });
});

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: work, encoding: "utf8", env: process.env });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.trimEnd();
}

function put(path: string, text: string | Uint8Array): string {
  const file = join(work, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function made(old: string, from: string, to: string, more: Partial<MadeFix> = {}): MadeFix {
  const start = old.indexOf(from);
  const edits = [{ start, end: start + from.length, text: to }];
  const file = join(work, "src/app.py");
  const title = `Write ${to.split("\n")[0]}`;
  return { file, rule: "python-some-rule", title, subject: "clean", event: "cpu", oldText: old, edits, proof: PROOF, ...more };
}

const SUB = 're.sub(" +", " ", line)';
const FIX = (old = TEXT): MadeFix => made(old, SUB, '" ".join(line.split(" "))', { before: { share: 0.4, perSecond: 4e8, graph: [] } });

/** What nothing of it may change. */
const state = (): unknown => [
  git("status", "--porcelain=v2", "--branch"),
  git("diff"),
  git("diff", "--cached"),
  git("stash", "list"),
  readFileSync(join(work, "src/app.py"), "utf8"),
];

/** As a clone of a forge has it. */
async function pushed(): Promise<Forge> {
  forge = await startForge(join(home, "forge"), "shop", "orders");
  git("remote", "add", "origin", `${forge.address}/shop/orders.git`);
  git("push", "--quiet", forge.repository, "main");
  // The server answers from this process, so nothing here may wait for it without yielding.
  git("update-ref", "refs/remotes/origin/main", "main");
  git("branch", "--quiet", "--set-upstream-to=origin/main");
  forge.tokens.add("t-1");
  return forge;
}

const read = (): Promise<Repository> => readRepository(join(work, "src/app.py"));

describe("commits", () => {
  test("each fix is a commit with its record; files, index and branches stay as they are, whatever is in them", async () => {
    const dirty = `# mine\n${TEXT.replace("return line\n", "return line * 2\n")}`;
    put("src/app.py", dirty);
    put("src/new.py", "x = 1\n");
    git("add", "src/new.py");
    const before = state();
    const second = made(dirty, "return line * 2", "return 2 * line", { title: "Mine is not committed" });
    const third = made(dirty, "def other(line):", "def other(line: str):", { title: "Name a type" });
    const { branch, committed, leftOut } = await commitFixes(await read(), [third, FIX(dirty), second]);
    expect(state()).toEqual(before);
    expect(branch).toBe("flameline/3-fixes");
    expect(leftOut).toEqual(["“Mine is not committed” in src/app.py changes lines that are not committed, or not pushed"]);
    expect(committed.map(({ besideOthers }) => besideOthers)).toEqual([true, true]);
    expect(git("log", "--format=%s|%an", `main..${branch}`)).toBe('Write " ".join(line.split(" "))|Ann\nName a type|Ann');
    expect(git("diff", "--stat", `main..${branch}`)).toMatch(/src\/app\.py \| 4 \+\+--\n 1 file changed/);
    expect(git("show", `${branch}:src/app.py`)).toBe(
      TEXT.replace(SUB, '" ".join(line.split(" "))').replace("other(line)", "other(line: str)").trimEnd(),
    );
    expect(git("log", "-1", "--format=%B", branch)).toBe(
      `Write " ".join(line.split(" "))

In clean of src/app.py, 40 % of cpu in the profile.
Proved: it behaves the same in all that was tried, and is 1.50 (1.40 to
1.60) times as fast. It was proved beside other changes of this file,
which this commit doesn't have.

- 120 calls of the run
- 3 tests of <the> project @all

Flameline-Rule: python-some-rule
Flameline-Proof: proved, 1.50 (1.40 to 1.60)`,
    );
    git("fsck", "--strict");
    expect(readdirSync(join(work, ".git")).filter((name) => name.startsWith("flameline"))).toEqual([]);
  });

  test("a second time it is another branch; what is committed already says so", async () => {
    const repository = await read();
    expect((await commitFixes(repository, [FIX()])).branch).toBe("flameline/python-some-rule-clean");
    expect((await commitFixes(repository, [FIX()])).branch).toBe("flameline/python-some-rule-clean-2");
    put("src/app.py", TEXT.replace(SUB, '" ".join(line.split(" "))'));
    git("commit", "--quiet", "-am", "by hand");
    await expect(read().then((now) => commitFixes(now, [FIX()]))).rejects.toThrow(/“Write .* is committed already/);
  });

  test("a fix that stands on one that is left out waits, too", async () => {
    const first = FIX(
      TEXT.replace("import re\n", "import re  # mine\n").replace("(line):\n", "(line):  # mine\n").replace(SUB, `${SUB} # mine`),
    );
    const then = made(TEXT, "def other(line):", "def other(row):");
    await expect(commitFixes(await read(), [first, then])).rejects.toThrow(/No fix could be committed: .*; .*def other/);
  });

  test.each([
    ["a detached head", () => git("checkout", "--quiet", "--detach")],
    ["a name that begins with a dash", () => git("config", "remote.--upload-pack=touch x.url", "/nowhere")],
    ["line ends of Windows", () => git("config", "core.autocrlf", "true")],
    ["an environment of another repository", () => vi.stubEnv("GIT_DIR", "/nowhere/.git")],
  ])("it works with %s", async (what, prepare) => {
    prepare();
    const old = what.startsWith("line") ? TEXT.replaceAll("\n", "\r\n") : TEXT;
    const { branch } = await commitFixes(await read(), [FIX(old)]);
    vi.unstubAllEnvs();
    expect(git("show", `${branch}:src/app.py`)).toBe(TEXT.replace(SUB, '" ".join(line.split(" "))').trimEnd());
  });

  test("files that can't be committed say why", async () => {
    put("src/latin.py", Buffer.from("# caf\xe9\n", "latin1"));
    git("add", ".");
    git("commit", "--quiet", "-m", "latin");
    const none = made("# café\n", "# ", "#  ", { file: join(work, "src/latin.py") });
    const gone = made("x\n", "x", "y", { file: put("-new.py", "x\n") });
    await expect(commitFixes(await read(), [none, gone])).rejects.toThrow(
      "No fix could be committed: src/latin.py is not written in UTF-8; -new.py is not committed, or not pushed.",
    );
  });

  test("without a repository, a commit or a name each is one sentence", async () => {
    const outside = join(home, "outside.py");
    await expect(readRepository(outside)).rejects.toThrow(/is in no Git repository: make one/);
    git("config", "user.useConfigOnly", "true");
    git("config", "--unset", "user.name");
    git("config", "--unset", "user.email");
    await expect(read()).rejects.toThrow(/Git doesn't know who you are/);
    rmSync(join(work, ".git"), { recursive: true });
    git("init", "--quiet");
    await expect(read()).rejects.toThrow(/has no commit yet/);
    vi.stubEnv("PATH", "/nowhere");
    await expect(read()).rejects.toThrow(/Git was not found/);
  });
});

describe("pull requests", () => {
  test("only the fix is pushed, with its record: commits that were not pushed stay here", async () => {
    const { address, pulls, git: there } = await pushed();
    put("src/secret.py", "x = 1\n");
    git("add", ".");
    git("commit", "--quiet", "-m", "not pushed");
    const repository = await read();
    const { remote } = repository;
    expect(remote).toMatchObject({ name: "origin", base: "main", forge: { owner: "shop", name: "orders", web: address } });
    if (remote?.forge === undefined) throw new Error("no forge");
    const account = { api: `${address}/api/v3`, token: "t-1" };
    expect(await defaultBranch(account, remote.forge)).toBe("main");
    const { branch, committed } = await commitFixes(repository, [FIX()]);
    await pushBranch(repository, remote, branch, "t-1");
    const wish = { title: pullRequestTitle(committed), body: pullRequestBody(committed), head: branch, base: "main" };
    expect(await openPullRequest(account, remote.forge, wish)).toEqual({ number: 1, url: `${address}/shop/orders/pull/1` });
    expect(pulls).toMatchObject([{ title: 'Write " ".join(line.split(" "))', head: branch, base: "main" }]);
    expect(there("log", "--format=%s", `main..${branch}`)).toBe('Write " ".join(line.split(" "))');
    expect(there("for-each-ref", "--format=%(refname)").split("\n")).toEqual([`refs/heads/${branch}`, "refs/heads/main"]);
    await expect(openPullRequest(account, remote.forge, wish)).rejects.toThrow(
      /A pull request already exists for shop:flameline.*status 422/,
    );
    await expect(openPullRequest(account, remote.forge, { ...wish, head: "main" })).rejects.toThrow(/No commits between main and main/);
  });

  test("what a forge or a remote refuses is one sentence with what to do next", async () => {
    const { address, rules } = await pushed();
    const repository = await read();
    const { remote } = repository;
    if (remote?.forge === undefined) throw new Error("no forge");
    const account = { api: `${address}/api/v3`, token: "t-1" };
    const { branch } = await commitFixes(repository, [FIX()]);
    await expect(defaultBranch({ ...account, token: "old" }, remote.forge)).rejects.toThrow(/doesn't take your sign-in any more/);
    await expect(defaultBranch(account, { ...remote.forge, name: "other" })).rejects.toThrow(/doesn't show shop\/other to your account/);
    await expect(pushBranch(repository, remote, branch, "old")).rejects.toThrow(/doesn't let you push .*git push origin flameline/);
    rules.mayPush = false;
    await expect(defaultBranch(account, remote.forge)).rejects.toThrow(/may not push to shop\/orders: fork it/);
    await expect(pushBranch(repository, remote, branch, "t-1")).rejects.toThrow(/doesn't let you push/);
    rules.forbidden = true;
    await expect(defaultBranch(account, remote.forge)).rejects.toThrow(/GitHub forbids it \(Resource protected by organization SAML/);
    forge?.close();
    await expect(defaultBranch(account, remote.forge)).rejects.toThrow(/\/api\/v3 was not reached \(.+\): check the network/);
    await expect(pushBranch(repository, remote, branch, "t-1")).rejects.toThrow(/origin was not reached/);
  });

  test("a server's rule that rejects a push is told in its words", async () => {
    const { repository: bare } = await pushed();
    writeFileSync(join(bare, "hooks/pre-receive"), "#!/bin/sh\necho no >&2\nexit 1\n", { mode: 0o755 });
    const repository = await read();
    const { branch } = await commitFixes(repository, [FIX()]);
    if (repository.remote === undefined) throw new Error("no remote");
    await expect(pushBranch(repository, repository.remote, branch, "t-1")).rejects.toThrow(
      /rejected the push \(.*pre-receive hook declined/,
    );
  });

  test("the body holds whatever names there are, and fits", () => {
    const graph = Array.from({ length: 41 }, (_, n) => `  ${n} %  \`\`\`</details>@ann${"x".repeat(200)}`);
    const fix = made(TEXT, SUB, "x", {
      subject: "a`b|c",
      before: { share: 0.5, perSecond: 1, graph },
      after: { share: 0.1, perSecond: 1, graph },
    });
    const body = pullRequestBody(Array.from({ length: 20 }, () => ({ fix, path: "src/app.py", besideOthers: false })));
    expect(body.length).toBeLessThan(65_536);
    expect(body).toContain("| share of cpu | 50 % before, 10 % after |");
    expect(body).toContain("- 3 tests of \\<the\\> project @\u200ball");
    expect(body).toContain("````text\n  0 %  ```</details>@ann");
    expect(body).toContain("``a`b\\|c``".replace("``a", "`` a").replace("c``", "c ``"));
    expect(body).toMatch(/\d+ more: see the messages of their commits/);
    expect(commitMessage(fix, "src/app.py", false)).toContain("Flameline-Proof: proved");
  });
});

test.each([
  ["https://github.com/shop/orders.git", "github.com shop/orders https://github.com"],
  ["https://ann:secret@github.com/shop/orders", "github.com shop/orders https://github.com"],
  ["git@github.com:shop/orders.git", "github.com shop/orders https://github.com"],
  ["ssh://git@ssh.github.com:443/shop/orders.git", "github.com shop/orders https://github.com"],
  ["http://forge.example:8080/shop/orders.git", "forge.example:8080 shop/orders http://forge.example:8080"],
  ["/srv/git/shop/orders.git", undefined],
  ["file:///srv/shop/orders.git", undefined],
  ["https://gitlab.com/group/sub/orders.git", undefined],
  ["ext::sh -c touch% x", undefined],
  ["https://github.com/../orders", undefined],
])("the address %s is %s", (url, told) => {
  const found = forgeRepository(url);
  expect(found && `${found.host} ${found.owner}/${found.name} ${found.web}`).toBe(told);
});
