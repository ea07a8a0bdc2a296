/** Profiles of other tools, opened as a user does: by double click, by Open With… and by a drag onto the editor. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { takeFromQuickOpen } from "../../scripts/quick-open.mjs";
import { doubleClickFile, findBox, graphFrame } from "../../scripts/workbench.mjs";
import { flameline } from "../support/flameline.mjs";
import { useStage } from "./stage.mjs";

/** 1 s of CPU time: 60 % in work, 30 % in rest, 10 % in a function with a Hebrew name. */
const HEBREW = "\u05d7\u05d9\u05e9\u05d5\u05d1";
const FOLDED = `# flameline event=cpu unit=ns\nmain;work 600000000\nmain;rest 300000000\nmain;${HEBREW} 100000000\n`;
/** The same as `perf script` tells it: ten samples of cpu-clock, each 100 ms. */
const PERF = ["work", "work", "work", "work", "work", "work", "rest", "rest", "rest", HEBREW]
  .map(
    (name, index) =>
      `shop  77/77  ${(10 + index / 10).toFixed(6)}:  100000000 cpu-clock:\n\t401000 ${name} (/srv/shop)\n\t400000 main (/srv/shop)\n`,
  )
  .join("\n");
const DEEP = 3000;

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });

/** The share of a box, as its tooltip tells it. */
async function shareOf(page: Page, name: string): Promise<number> {
  const { x, y } = await findBox(page, name);
  await page.mouse.move(x, y);
  const words = (await graphFrame(page).locator(".tooltip-costs").textContent()) ?? "";
  return Number(/\((\d+(?:\.\d+)?) %\)/.exec(words)?.[1]);
}

async function expectShares(page: Page, facts: RegExp): Promise<void> {
  await expect(graphFrame(page).locator(".status-facts")).toHaveText(facts, { timeout: 20_000 });
  expect(await shareOf(page, "work")).toBe(60);
  expect(await shareOf(page, HEBREW)).toBe(10);
}

const closeAll = (page: Page) => takeFromQuickOpen(page, ">View: Close All Editors", "View: Close All Editors");

test("profiles of five formats open as a user opens files, and what can't be read says why", async ({ browser }) => {
  test.setTimeout(240_000);
  const { workspace } = stage;
  stage.put("collapsed.folded", FOLDED);
  stage.put("linux.perf", PERF);
  for (const [to, name] of [
    ["pprof", "go.pb.gz"],
    ["speedscope", "spy.speedscope.json"],
    ["cpuprofile", "node.cpuprofile"],
  ] as const) {
    const { status, stderr } = await flameline(
      ["export", path.join(workspace, "collapsed.folded"), "--to", to, "-o", path.join(workspace, name)],
      { env: {} },
    );
    expect(`${status} ${stderr}`).toMatch(/^0 /);
  }
  stage.put("deep.folded", `# flameline event=cpu unit=ns\n${Array.from({ length: DEEP }, (_, depth) => `f${depth}`).join(";")} 1000000\n`);
  stage.put("cut.pb.gz", new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]));
  writeFileSync(path.join(workspace, "empty.folded"), "");
  const page = await stage.openWindow(browser);

  for (const name of ["go.pb.gz", "collapsed.folded", "spy.speedscope.json", "linux.perf"]) {
    await test.step(`${name}, by a double click`, async () => {
      await doubleClickFile(page, name);
      await expectShares(page, / samples, 1\.00 s of CPU time/);
      await closeAll(page);
    });
  }

  await test.step("a .cpuprofile by Open With…, beside VS Code's own table", async () => {
    const ours = page.locator(".quick-input-widget:visible .monaco-list-row", { hasText: "Flameline Profile" });
    // A menu takes no click in the moment in which it opens.
    await expect(async () => {
      await page.keyboard.press("Escape");
      await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "node.cpuprofile" }).click({ button: "right" });
      await page.waitForTimeout(300);
      await page.locator(".monaco-menu .action-label", { hasText: "Open With..." }).click({ timeout: 3000 });
      await expect(ours).toBeVisible({ timeout: 3000 });
    }).toPass({ timeout: 30_000 });
    await ours.click();
    await expectShares(page, / samples, 1\.00 s of CPU time/);
    await closeAll(page);
  });

  await test.step("a file that is dragged from the Explorer onto the editor; names from right to left keep their place", async () => {
    await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "collapsed.folded" }).hover();
    await page.mouse.down();
    await page.mouse.move(800, 400, { steps: 10 });
    await expect(page.locator(".editor-group-overlay-indicator")).toBeVisible();
    await page.mouse.move(820, 420, { steps: 5 });
    await page.mouse.up();
    await expectShares(page, / samples, 1\.00 s of CPU time/);
    const { x, y } = await findBox(page, HEBREW);
    await page.mouse.click(x, y);
    await expect(graphFrame(page).locator(".details-name")).toHaveText(HEBREW);
    await stage.picture("files-right-to-left");
    await closeAll(page);
  });

  await test.step(`a stack ${DEEP} rows deep is drawn to its last row`, async () => {
    await doubleClickFile(page, "deep.folded");
    await expect(graphFrame(page).locator(".legend")).toBeVisible();
    const tree = graphFrame(page).getByRole("tree", { name: "Flame graph" });
    await tree.evaluate((element) => (element.scrollTop = element.scrollHeight));
    const { x, y, height } = (await tree.boundingBox()) ?? { x: 0, y: 0, height: 0 };
    const last = graphFrame(page).locator(".tooltip:not(.time-tooltip) .tooltip-name");
    // From below: the first box that is met is the last one of the stack.
    for (let up = 4; up < height && !(await last.isVisible()); up += 8) await page.mouse.move(x + 50, y + height - up);
    await expect(last).toHaveText(`f${DEEP - 1}`);
    await stage.picture("files-deep");
    await closeAll(page);
  });

  await test.step("a damaged and an empty file say one sentence each", async () => {
    for (const [name, why] of [
      ["cut.pb.gz", /cut\.pb\.gz is damaged: its compressed data cannot be unpacked\. Copy it again/],
      ["empty.folded", /empty\.folded is neither .*, or it has no sample: choose another file/],
    ] as const) {
      await doubleClickFile(page, name);
      await expect(graphFrame(page).getByRole("alert")).toHaveText(why);
      await stage.picture(`files-${name}`);
      await closeAll(page);
    }
  });
});
