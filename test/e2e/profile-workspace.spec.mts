import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { checkHeatAndFlameGraph } from "../../scripts/check-in-browser.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";
import {
  answer,
  clickLens,
  cursorLine,
  findBox,
  goToLine,
  graphFrame,
  hoverText,
  message,
  openFile,
  openSideBar,
  openWorkbench,
  quickInput,
  runCommand,
  statusBar,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { helpersOf, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python" });
const RIGHTS = "Flameline: Administrator Rights";

test("the password is asked in VS Code, a wrong one is said and asked again", async () => {
  const { page, user } = stage;
  stage.run();
  expect(helpersOf(user.uid), "helpers that run before").toEqual([]);
  await runCommand(page, "Profile This Workspace");
  await expect(quickInput(page, RIGHTS)).toContainText(`Password of ${user.name}`);
  await expect(quickInput(page, RIGHTS).locator("input")).toHaveAttribute("type", "password");
  await answer(page, RIGHTS, "wrong");
  await expect(quickInput(page, RIGHTS)).toContainText("That password was wrong (try 2 of 3)");
  await stage.picture("password-again");
  await answer(page, RIGHTS, user.password);
  await expect(statusBar(page)).toContainText(/\d\/s/, { timeout: 90_000 });
  expect(helpersOf(user.uid)).toHaveLength(1);
});

let lines: { hotLine: number; definitionLine: number };

test("the hot line has heat, its lens is true, and its box in the flame graph leads to it", async () => {
  test.setTimeout(300_000);
  const { page, server, example, account } = stage;
  lines = await checkHeatAndFlameGraph({ page, server, example, account, picture: (name: string) => stage.picture(`workspace-${name}`) });
  await takeReadmePicture();
  await page.locator(".tab", { hasText: "Flame Graph" }).click({ button: "middle" });
});

test("the status bar tells time, samples a second, the hottest function and the cost of recording", async () => {
  await expect(statusBar(stage.page)).toContainText(/^\s*\d+:\d\d · \d+\/s · \w+ [\d.]+ % · cost <?[\d.]+ %/);
});

test("a program that starts later is recorded too, and a line's hover tells both apart", async () => {
  const { page } = stage;
  const second = stage.run();
  await expect(async () => {
    const hover = await hoverText(page, lines.hotLine);
    await stage.picture("workspace-hover");
    expect(hover).toMatch(/[\d.]+ % total · [\d.]+ % self — CPU of \d+ processes/);
    expect(hover).toMatch(new RegExp(`Process[^]*python3? ?\\(${second.pid}\\)`));
    expect(hover).toMatch(/Thread/);
    expect(hover).toMatch(/Called from[^]*score, orders\.py:\d+/);
  }).toPass({ timeout: 60_000 });
  await page.keyboard.press("Escape");
});

test("a click on a lens shows callers and callees, and leads to them", async () => {
  const { page } = stage;
  const list = quickInput(page, /^score: [\d.]+ % in all, [\d.]+ % itself/);
  await goToLine(page, lines.definitionLine + 3);
  await expect(async () => {
    await clickLens(page, lines.definitionLine);
    await expect(list).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 30_000 });
  await expect(list.locator(".monaco-list-row", { hasText: "run" })).toContainText("%");
  await stage.picture("workspace-callers");
  await list.locator(".monaco-list-row", { hasText: "similarity" }).click();
  await expect.poll(() => cursorLine(page), { message: "the hottest line of similarity" }).toBe(lines.hotLine);
});

test("stop keeps the recording, which can be named", async () => {
  const { page } = stage;
  await runCommand(page, "Stop");
  await expect(statusBar(page)).toBeHidden({ timeout: 60_000 });
  stage.endPrograms();
  await openSideBar(page);
  const row = viewRows(page, "Recordings").first();
  await expect(row).toContainText(/workspace.*\d+:\d\d · open/);
  await row.hover();
  await row.locator('.action-label[aria-label^="Rename"]').click();
  await answer(page, "Flameline: Rename Recording", "the slow night");
  await expect(viewRows(page, "Recordings", "the slow night")).toHaveCount(1);
  await expect(viewRows(page, "Hottest").first()).toContainText(/[\d.]+ % self · [\d.]+ % total · orders\.py:\d+/);
  await stage.picture("workspace-kept");
});

test("after a reload the recording, its heat and its name are there again", async () => {
  const { page, server, example } = stage;
  await openWorkbench(page, server);
  await openSideBar(page);
  await expect(viewRows(page, "Recordings", "the slow night")).toContainText("open", { timeout: 60_000 });
  await openFile(page, example.main, lines.hotLine);
  await expectHeat(lines.hotLine);
});

test("it is exported as pprof, which Go's own tool reads", async () => {
  const { page, workspace } = stage;
  const file = path.join(workspace, "night.pb.gz");
  await runCommand(page, "Export…");
  await quickInput(page, /Flameline: Export/)
    .locator(".monaco-list-row", { hasText: "pprof" })
    .first()
    .click();
  await answer(page, "Export", file);
  await message(page, "Exported to night.pb.gz.");
  expect(existsSync(file)).toBe(true);
  if (has("go")) {
    const { stdout, stderr } = spawnSync("go", ["tool", "pprof", "-top", "-sample_index=cpu", file], { encoding: "utf8" });
    expect(stdout, stderr).toMatch(/similarity/);
  }
});

test("it can be deleted, and then nothing is hot", async () => {
  const { page } = stage;
  const row = viewRows(page, "Recordings", "the slow night");
  await openSideBar(page);
  await row.hover();
  await row.locator('.action-label[aria-label^="Delete"]').click();
  await page.locator(".monaco-dialog-box .monaco-button", { hasText: "Delete" }).click();
  await expect(row).toHaveCount(0);
  await expect.poll(async () => (await visibleLines(page)).filter(({ heat, lens }) => heat !== null || lens !== null)).toEqual([]);
});

test("a profile opens by a double click, and its boxes lead to the lines", async () => {
  const { page } = stage;
  await page.locator('.activitybar a.action-label[aria-label^="Explorer"]').click();
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "night.pb.gz" }).dblclick();
  await expect(page.locator(".tab.active", { hasText: "night.pb.gz" })).toBeVisible();
  await expect(async () => {
    const box = await findBox(page, "similarity");
    await page.mouse.click(box.x, box.y);
    await expect.poll(() => cursorLine(page), { timeout: 10_000 }).toBe(lines.hotLine);
  }).toPass({ timeout: 60_000 });
  await expectHeat(lines.hotLine);
  await stage.picture("workspace-double-click");
});

async function expectHeat(line: number): Promise<void> {
  const heat = async () => (await visibleLines(stage.page)).find((each) => each.line === line)?.heat ?? 0;
  await expect.poll(heat, { message: `heat on line ${line}`, timeout: 60_000 }).toBeGreaterThan(0);
}

/** The README's picture: made when it is missing, or by FLAMELINE_PICTURES=1 when the looks have changed. */
async function takeReadmePicture(): Promise<void> {
  const { page } = stage;
  const file = path.join(root, "docs/pictures/heat.png");
  if (existsSync(file) && process.env["FLAMELINE_PICTURES"] === undefined) {
    return;
  }
  await page.locator(".tab", { hasText: stage.example.main }).click();
  await page.keyboard.press("Control+b");
  await goToLine(page, lines.hotLine);
  await page.mouse.move(700, 5);
  await expect(graphFrame(page).locator(".tooltip")).toBeHidden();
  // A frame for the sizes to settle: the drawing follows its box.
  await expect.poll(async () => (await visibleLines(page)).some(({ lens }) => lens !== null)).toBe(true);
  mkdirSync(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file, clip: { x: 52, y: 35, width: 1348, height: 560 } });
  await page.keyboard.press("Control+b");
  expect(statSync(file).size, "bytes of the README's picture").toBeLessThanOrEqual(150_000);
}
