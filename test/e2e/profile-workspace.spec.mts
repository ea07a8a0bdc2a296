import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { checkHeatAndFlameGraph } from "../../scripts/check-in-browser.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { has } from "../../scripts/shell.mjs";
import {
  answer,
  clickLens,
  cursorLine,
  doubleClickFile,
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
import { endHelpersOf, helpersOf, RIGHTS, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python" });
/** How the example's hottest line and the definition of its costly function begin. */
const HOT = "current.append(min(";
const DEFINITION = "def score";

test("the password is asked in VS Code, a wrong one is said and asked again", async () => {
  const { page, user } = stage;
  await endHelpersOf(user.uid);
  stage.run();
  await runCommand(page, "Profile This Workspace");
  await expect(quickInput(page, RIGHTS)).toContainText(`Password of ${user.name}`, { timeout: 60_000 });
  await expect(quickInput(page, RIGHTS).locator("input")).toHaveAttribute("type", "password");
  await answer(page, RIGHTS, "wrong");
  await expect(quickInput(page, RIGHTS)).toContainText("That password was wrong (try 2 of 3)", { timeout: 60_000 });
  await stage.picture("password-again");
  await answer(page, RIGHTS, user.password);
  await expect(statusBar(page)).toContainText(/\d\/s/, { timeout: 90_000 });
  expect(helpersOf(user.uid)).toHaveLength(1);
});

test("the hot line has heat, its lens is true, its box in the flame graph leads to it, and the status bar sums up", async () => {
  test.setTimeout(360_000);
  const { page, server, example, account } = stage;
  stage.run();
  await stage.record();
  const { hotLine } = await checkHeatAndFlameGraph({
    page,
    server,
    example,
    account,
    picture: (name: string) => stage.picture(`workspace-${name}`),
  });
  expect(hotLine).toBe(stage.lineOf(HOT));
  await takeReadmePicture();
  // Time, samples a second, the hottest function, the cost of recording.
  await expect(statusBar(page)).toContainText(/^\s*\d+:\d\d · \d+\/s · \w+ [\d.]+ % · cost <?[\d.]+ %/);
});

test("a program that starts later is recorded too, a line's hover tells both apart, and a lens leads to callers and callees", async () => {
  test.setTimeout(300_000);
  const { page, example } = stage;
  const [hotLine, definitionLine] = [stage.lineOf(HOT), stage.lineOf(DEFINITION)];
  stage.run();
  await stage.record(200);
  await openFile(page, example.main, hotLine);
  const second = stage.run();
  await expect(async () => {
    const hover = await hoverText(page, hotLine);
    await stage.picture("workspace-hover");
    expect(hover).toMatch(/[\d.]+ % total · [\d.]+ % self — CPU of \d+ processes/);
    expect(hover).toMatch(new RegExp(`Process[^]*python3? ?\\(${second.pid}\\)`));
    expect(hover).toMatch(/Thread/);
    expect(hover).toMatch(/Called from[^]*score, orders\.py:\d+/);
  }).toPass({ timeout: 90_000 });
  await page.keyboard.press("Escape");

  const list = quickInput(page, /^score: [\d.]+ % in all, [\d.]+ % itself/);
  await goToLine(page, definitionLine + 3);
  await expect(async () => {
    await clickLens(page, definitionLine);
    await expect(list).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 60_000 });
  await expect(list.locator(".monaco-list-row", { hasText: "run" })).toContainText("%");
  await stage.picture("workspace-callers");
  await list.locator(".monaco-list-row", { hasText: "similarity" }).click();
  await expect.poll(() => cursorLine(page), { message: "the hottest line of similarity" }).toBe(hotLine);
});

test("a stopped recording is kept, can be named, is there again after a reload, and can be deleted", async () => {
  const { page, server, example } = stage;
  const hotLine = stage.lineOf(HOT);
  stage.run();
  await stage.record(300);
  await stage.stop();
  stage.endPrograms();
  await openSideBar(page);
  const newest = viewRows(page, "Recordings").first();
  await expect(newest).toContainText(/workspace.*\d+:\d\d · open/);
  await expect(async () => {
    await newest.hover();
    await newest.locator('.action-label[aria-label^="Rename"]').click({ timeout: 3000 });
    await expect(quickInput(page, "Flameline: Rename Recording")).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 30_000 });
  await answer(page, "Flameline: Rename Recording", "the slow night");
  const row = viewRows(page, "Recordings", "the slow night");
  await expect(row).toHaveCount(1);
  await expect(viewRows(page, "Hottest").first()).toContainText(/[\d.]+ % self · [\d.]+ % total · orders\.py:\d+/);
  await stage.picture("workspace-kept");

  await openWorkbench(page, server);
  await openSideBar(page);
  await expect(row).toContainText("open", { timeout: 60_000 });
  await openFile(page, example.main, hotLine);
  await expectHeat(hotLine);

  await openSideBar(page);
  await expect(async () => {
    await row.hover();
    await row.locator('.action-label[aria-label^="Delete"]').click({ timeout: 3000 });
    await page.locator(".monaco-dialog-box .monaco-button", { hasText: "Delete" }).click({ timeout: 5000 });
  }).toPass({ timeout: 30_000 });
  await expect(row).toHaveCount(0);
  await expect.poll(async () => (await visibleLines(page)).filter(({ heat, lens }) => heat !== null || lens !== null)).toEqual([]);
});

test("a recording is exported as pprof, which Go's own tool reads, and which opens by a double click", async () => {
  const { page, workspace, example } = stage;
  const hotLine = stage.lineOf(HOT);
  stage.run();
  await stage.record(300);
  await stage.stop();
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

  await openFile(page, example.main, hotLine);
  await expectHeat(hotLine);
  await runCommand(page, "Clear Heat");
  await expect.poll(async () => (await visibleLines(page)).filter(({ heat, lens }) => heat !== null || lens !== null)).toEqual([]);
  await doubleClickFile(page, "night.pb.gz");
  await expect(async () => {
    const box = await findBox(page, "similarity");
    await page.mouse.click(box.x, box.y);
    await expect.poll(() => cursorLine(page), { timeout: 10_000 }).toBe(hotLine);
  }).toPass({ timeout: 60_000 });
  await expectHeat(hotLine);
  await stage.picture("workspace-double-click");
});

test("a flame graph that a reload brings back brings the recording and its heat back too", async () => {
  const { page, server, example } = stage;
  const hotLine = stage.lineOf(HOT);
  stage.run();
  await stage.record(300);
  await stage.stop();
  await openFile(page, example.main, hotLine);
  await runCommand(page, "Open Flame Graph");
  const graph = graphFrame(page).locator('[role="tree"][aria-label="Flame graph"]');
  await expect(graph).toBeVisible();
  await expectHeat(hotLine);
  await expect(async () => {
    // In a browser VS Code writes down what is open every five seconds only.
    await page.waitForTimeout(7000);
    await openWorkbench(page, server);
    await expect(page.locator(".tab", { hasText: "Flame Graph" })).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 60_000 });
  // Nothing of ours is clicked from here on, and no view of ours but the graph is there.
  await expectHeat(hotLine);
  await expect(graph).toBeVisible();
  await stage.picture("workspace-restored");
});

async function expectHeat(line: number): Promise<void> {
  const heat = async () => (await visibleLines(stage.page)).find((each) => each.line === line)?.heat ?? 0;
  await expect.poll(heat, { message: `heat on line ${line}`, timeout: 60_000 }).toBeGreaterThan(0);
}

/** Heat and lenses alone, without the side bar. */
async function takeReadmePicture(): Promise<void> {
  const { page } = stage;
  await page.locator(".tab", { hasText: stage.example.main }).click();
  await page.keyboard.press("Control+b");
  await goToLine(page, stage.lineOf(HOT));
  await page.mouse.move(700, 5);
  await expect(graphFrame(page).locator(".tooltip:not(.time-tooltip)")).toBeHidden();
  // A frame for the sizes to settle: the drawing follows its box.
  await expect.poll(async () => (await visibleLines(page)).some(({ lens }) => lens !== null)).toBe(true);
  await stage.readmePicture("heat", { x: 52, y: 35, width: 1348, height: 560 });
  await page.keyboard.press("Control+b");
}
