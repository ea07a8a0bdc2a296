/** A fix from profile to proof: by the command, and in the real VS Code from the mark on the line to the changed text. */
import { copyFileSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { goToLine, message, openFile } from "../../scripts/workbench.mjs";
import { flameline, freshHelper, scratchFolder, WHY_NOT } from "../support/flameline.mjs";
import { lineStarting, runProgram } from "../support/programs.mjs";
import { useStage } from "./stage.mjs";

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
    expect((await record("after.pb.gz")).status).toBe(0);
    expect(await found("after.pb.gz")).toEqual([]);
  } finally {
    helper.stop();
    scratch.remove();
  }
});

test.describe("in VS Code", () => {
  const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
  let program: ReturnType<typeof runProgram> | undefined;
  test.afterEach(() => program?.stop());

  test("a hot line says what it could save, the light bulb proves the change, and takes it", async ({ browser }) => {
    const { user, workspace } = stage;
    const { uid, gid } = user;
    stage.put("words.py", readFileSync(FIXTURE));
    program = runProgram(["python3", "words.py", "600"], { cwd: workspace, uid, gid });
    const page = await stage.openWindow(browser);
    const menu = page.locator(".action-widget:visible");
    const bulb = async (choice: RegExp): Promise<void> => {
      await expect(async () => {
        await goToLine(page, LINE);
        await page.keyboard.press("Control+.");
        await expect(menu.locator(".monaco-list-row", { hasText: choice })).toBeVisible({ timeout: 5000 });
      }).toPass({ timeout: 60_000 });
    };

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
  });
});
