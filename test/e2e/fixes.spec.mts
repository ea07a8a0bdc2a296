/** A fix from profile to proof: by the command, and in the real VS Code from the mark on the line to the changed text. */
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { copyExample, whyNotRunnable } from "../../scripts/examples.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  goToLine,
  hoverText,
  lensTotal,
  message,
  openFile,
  openSideBar,
  runCommand,
  viewPane,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { flameline, freshHelper, scratchFolder, WHY_NOT } from "../support/flameline.mjs";
import { startMcp } from "../support/mcp-client.mjs";
import { type Forge, startForge } from "../support/forge.mjs";
import { lineStarting, runProgram } from "../support/programs.mjs";
import { expectAccessiblePart } from "./accessible.mjs";
import { type Stage, useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

const FIXTURE = path.join(root, "test/fixtures/fixes/words.py");
const LINE = lineStarting(FIXTURE, "        if re.match");

interface Fix {
  readonly rule: string;
  readonly line: number;
  readonly share: number;
  readonly proof?: { readonly verdict: string; readonly speedup?: { readonly low: number } };
  readonly applied?: boolean;
}

test("the command finds the pattern by its heat, proves the change and writes it, and then there is nothing left to find", async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  test.setTimeout(240_000);
  const helper = await freshHelper();
  const scratch = scratchFolder();
  try {
    const program = path.join(scratch.path, "words.py");
    copyFileSync(FIXTURE, program);
    const record = (name: string) =>
      flameline(["record", "-o", name, "--hz", "499", "--", "python3", "words.py", "4"], { cwd: scratch.path });
    const found = async (...args: string[]): Promise<Fix[]> => {
      const { stdout, stderr } = await flameline(["fix", ...args, "--json"], { cwd: scratch.path, env: {} });
      expect(stdout, stderr).not.toBe("");
      return (JSON.parse(stdout) as { findings: Fix[] }).findings;
    };
    expect((await record("before.pb.gz")).status).toBe(0);
    const [fix, ...others] = await found("before.pb.gz", "--prove", "--apply", "--budget", "120");
    expect(others).toEqual([]);
    expect(fix).toMatchObject({ rule: "python-regex-in-hot-code", line: LINE, proof: { verdict: "proved" }, applied: true });
    expect(fix?.proof?.speedup?.low).toBeGreaterThanOrEqual(1.05);
    expect(fix?.share).toBeGreaterThan(0.05);
    expect(readFileSync(program, "utf8")).toContain("if _TOKENS_PATTERN.match(word):");

    // A language model's client gets the same by the protocol that it speaks.
    const client = startMcp(scratch.path);
    try {
      await client.ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } });
      const { tools } = (await client.ask("tools/list", {})) as { tools: { name: string }[] };
      expect(tools.map(({ name }) => name)).toEqual(["profile", "hottest", "explain_line", "prove_change"]);
      const recorded = await client.use("profile", { seconds: 60, command: ["python3", "words.py", "4"] });
      const { profile, rows } = recorded as unknown as { profile: string; rows: { file: string; function: string; selfShare: number }[] };
      expect(rows[0]).toMatchObject({ file: program, function: "tokens" });
      const before = (await client.use("hottest", { profile: "before.pb.gz", by: "function", limit: 3 })) as { total: number };
      const { stdout } = await flameline(["report", "before.pb.gz", "--by", "function", "--json"], { cwd: scratch.path, env: {} });
      expect(before.total).toBe((JSON.parse(stdout) as { total: number }).total);
      expect(
        await client.use("explain_line", { profile, file: "words.py", line: lineStarting(program, "        if _TOKENS") }),
      ).toMatchObject({
        events: [{ event: "cpu", functions: ["tokens"] }],
        fixes: [],
      });
      expect(await found(profile)).toEqual([]);
    } finally {
      client.stop();
    }
  } finally {
    helper.stop();
    scratch.remove();
  }
});

const menuOf = (page: Page) => page.locator(".action-widget:visible");

/** Opens the light bulb of a line (1-based), which offers `choice`. */
async function openBulb(page: Page, line: number, choice: RegExp): Promise<void> {
  await expect(async () => {
    await goToLine(page, line);
    await page.keyboard.press("Control+.");
    await expect(menuOf(page).locator(".monaco-list-row", { hasText: choice })).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 60_000 });
}

const dialog = (page: Page) => page.locator(".monaco-dialog-box:visible");

/** The workspace as a clone of the forge's repository; answers Git in it. */
function commitAll(stage: Stage, { address, repository }: Forge): (...args: string[]) => string {
  const git = (...args: string[]): string => {
    // The folder is the other user's.
    const env = { ...process.env, GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" };
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: stage.workspace, encoding: "utf8", env });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.name", "Ann");
  git("config", "user.email", "ann@example.com");
  stage.put(".gitignore", ".venv\n.vscode\n*.sqlite*\n__pycache__\n");
  git("add", ".");
  git("commit", "--quiet", "--message", "The shop");
  git("remote", "add", "origin", `${address}/shop/orders.git`);
  git("push", "--quiet", repository, "main");
  git("update-ref", "refs/remotes/origin/main", "main");
  git("branch", "--quiet", "--set-upstream-to=origin/main");
  stage.put(".vscode/settings.json", JSON.stringify({ "github-enterprise.uri": address }));
  return git;
}

/** Says yes, and signs in to the forge by VS Code's own GitHub sign-in. */
async function signIn(page: Page, yes: string): Promise<void> {
  await dialog(page).getByRole("button", { name: yes }).click();
  await dialog(page).getByRole("button", { name: "Allow" }).click();
  const popup = page.waitForEvent("popup", { timeout: 30_000 }).catch(() => undefined);
  await expect(dialog(page)).toContainText("ABCD-1234");
  await dialog(page)
    .getByRole("button", { name: /^Copy & Continue/ })
    .click();
  await (await popup)?.close();
}

test.describe("in VS Code", () => {
  const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
  let program: ReturnType<typeof runProgram> | undefined;
  let forge: Forge | undefined;
  test.afterEach(() => {
    program?.stop();
    forge?.close();
  });

  test("a hot line says what it could save, the light bulb proves the change, and takes it", async ({ browser }) => {
    const { user, workspace } = stage;
    const { uid, gid } = user;
    stage.put("words.py", readFileSync(FIXTURE));
    program = runProgram(["python3", "words.py", "600"], { cwd: workspace, uid, gid });
    const page = await stage.openWindow(browser);
    const menu = menuOf(page);
    const bulb = (choice: RegExp): Promise<void> => openBulb(page, LINE, choice);

    await openFile(page, "words.py", LINE);
    await stage.record(600);
    await stage.stop();
    await expect(page.locator(".squiggly-info").first()).toBeVisible({ timeout: 30_000 });
    await bulb(/Prove that this fix is equal and faster/);
    await expect(menu.locator(".monaco-list-row", { hasText: "Compile the pattern once, as _TOKENS_PATTERN (unproved)" })).toBeVisible();
    await stage.picture("fixes-unproved");
    await menu.locator(".monaco-list-row", { hasText: "Prove that" }).click();
    await message(page, /Proving the Fix/);
    await stage.picture("fixes-proving");
    await message(page, /Proved: it behaves the same and is \d+\.\d\d times as fast \(\d+\.\d\d to \d+\.\d\d\)/, { timeout: 150_000 });
    await bulb(/_TOKENS_PATTERN \(proved: tokens \d+\.\d\d times as fast/);
    await stage.picture("fixes-proved");
    await stage.readmePicture("proved-fix", { x: 52, y: 35, width: 1348, height: 560 });
    await menu.locator(".monaco-list-row", { hasText: "_TOKENS_PATTERN (proved" }).click();
    await expect(page.locator(".view-line", { hasText: "_TOKENS_PATTERN.match(word)" })).toBeVisible();
    await expect(page.locator(".squiggly-info")).toHaveCount(0, { timeout: 20_000 });
    await stage.picture("fixes-applied");
    // Nothing but the copy was touched before.
    expect(readFileSync(path.join(workspace, "words.py"), "utf8")).toBe(readFileSync(FIXTURE, "utf8"));

    // Taken back it is proved still: listed so, and taken with all that are.
    await page.keyboard.press("Control+z");
    await expect(page.locator(".squiggly-info").first()).toBeVisible({ timeout: 20_000 });
    await openSideBar(page);
    await viewPane(page, "Fixes").locator(".pane-header").click();
    await expect(viewRows(page, "Fixes", /words\.py:\d+.* % · proved, \d+\.\d\d times as fast.*_TOKENS_PATTERN/)).toBeVisible({
      timeout: 20_000,
    });
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`fixes-listed-${theme}`);
      await expectAccessiblePart(
        page,
        ".part.sidebar .pane-body .monaco-list-row",
        `the lists of fixes, hot functions and recordings in ${theme}`,
      );
      await expectAccessiblePart(page, ".editor-group-container.active .view-lines", `the marked line in ${theme}`);
    });
    await goToLine(page, LINE);
    await runCommand(page, "Fix All Proved in This File");
    await expect(page.locator(".view-line", { hasText: "_TOKENS_PATTERN.match(word)" })).toBeVisible();
  });

  test("an N+1 query goes from profile to heat, proof and change, is profiled again with its gain, becomes a pull request, and is rolled back", async ({
    browser,
  }) => {
    const reason = whyNotRunnable("orders");
    test.skip(reason !== undefined, reason);
    test.setTimeout(400_000);
    const { user, workspace } = stage;
    const { run } = copyExample("orders", workspace, user);
    const start = (): void => {
      program = runProgram(run, { cwd: workspace, uid: user.uid, gid: user.gid });
    };
    const file = path.join(workspace, "shop.py");
    const text = readFileSync(file, "utf8");
    const line = lineStarting(file, "        cents = sum(");
    const choose = (choice: RegExp) => menuOf(page).locator(".monaco-list-row", { hasText: choice }).click();
    forge = await startForge(path.join(stage.server.folder, "forge"), "shop", "orders");
    const git = commitAll(stage, forge);
    start();
    const page = await stage.openWindow(browser);
    await openFile(page, "shop.py", line);
    await stage.record(600);
    await stage.stop();
    const shown = async (begin: string) => (await visibleLines(page)).find((each) => each.text.trimStart().startsWith(begin));
    await expect.poll(async () => (await shown("cents = sum("))?.heat, { timeout: 20_000 }).toBeGreaterThan(2);
    await openBulb(page, line, /Prove that this fix is equal and faster/);
    await stage.picture("fixes-n-plus-one");
    await choose(/Prove that/);
    await message(page, /Proved: it behaves the same and is \d+\.\d\d times as fast .* SQL statements in the calls of the run before/, {
      timeout: 190_000,
    });
    await openBulb(page, line, /Load items of all rows with one query, with selectinload \(proved: newest_orders/);
    await stage.picture("fixes-n-plus-one-proved");
    await choose(/Load items of all rows/);
    await expect(page.locator(".view-line", { hasText: "select(Order).options(selectinload(Order.items))" })).toBeVisible();
    expect(readFileSync(file, "utf8")).toBe(text);
    await page.keyboard.press("Control+s");
    await expect.poll(() => readFileSync(file, "utf8")).toContain("selectinload");

    program?.stop();
    start();
    await stage.record(400);
    await stage.stop();
    await expect
      .poll(async () => (await shown("def newest_orders"))?.lens, { timeout: 30_000 })
      .toMatch(/ % total \(was [\d.]+ % before the fix\)/);
    const lens = (await shown("def newest_orders"))?.lens ?? "";
    const was = Number(/was ([\d.]+) % before/.exec(lens)?.[1]);
    expect(lensTotal(lens)).toBeLessThan(was - 5);
    const changed = lineStarting(file, "    query = select(Order)");
    expect(await hoverText(page, changed)).toMatch(
      /Fixed: Load items of all rows.* newest_orders was [\d.]+ % of CPU.*, is now [\d.]+ %.*Roll back/s,
    );
    await stage.picture("fixes-n-plus-one-gain");

    const state = () => [git("status", "--porcelain"), git("rev-parse", "HEAD"), git("diff")];
    const before = state();
    await runCommand(page, "Create Pull Request");
    await expect(dialog(page)).toContainText("Push 1 proved fix to shop/orders");
    await stage.picture("fixes-pull-request-question");
    expect(forge.calls).toEqual([]);
    await signIn(page, "Push and Open Pull Request");
    await message(page, "Pull request #1 is open.", { timeout: 60_000 });
    await stage.picture("fixes-pull-request");
    expect(forge.pulls).toMatchObject([{ number: 1, base: "main" }]);
    const [pull] = forge.pulls;
    expect(pull?.title).toMatch(/^Load items of all rows with one query/);
    expect(pull?.body).toMatch(/\| as fast \| \d+\.\d\d \(\d+\.\d\d to \d+\.\d\d\) \|/);
    expect(pull?.body).toMatch(/\| share of cpu \| [\d.]+ % before, [\d.]+ % after \|/);
    for (const when of ["before", "after"])
      expect(pull?.body).toMatch(new RegExp(`Flame graph ${when}.*\\n\\n\`\`\`text\\n +\\d+ %  newest_orders\\n +[\\d.]+ %    \\S`));
    expect(forge.git("log", "--format=%s", `main..${pull?.head}`)).toMatch(/^Load items of all rows with one query.*$/);
    expect(forge.git("diff", "--stat", `main..${pull?.head}`)).toMatch(/^shop\.py \| .*\n 1 file changed/);
    expect(forge.git("show", `${pull?.head}:shop.py`)).toBe(readFileSync(file, "utf8").trimEnd());
    expect(state()).toEqual(before);
    await goToLine(page, changed);
    await runCommand(page, "Roll Back This Fix");
    await message(page, /Rolled back: Load items of all rows/);
    await expect(page.locator(".view-line", { hasText: "select(Order).where(" })).toBeVisible();
    await expect(page.locator(".view-line", { hasText: "selectinload" })).toHaveCount(0);
  });
});
