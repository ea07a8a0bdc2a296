/** The time heat map in the real VS Code: a range that is dragged decides what the graph, the lenses and the list are of. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  findBox,
  goToLine,
  graphFrame,
  openFile,
  recordedSamples,
  reloadWindow,
  runCommand,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { lineStarting, runProgram } from "../support/programs.mjs";
import { expectAccessible } from "./accessible.mjs";
import { useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

const FIXTURE = path.join(root, "test/fixtures/phases/phases.py");
const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

/** Presses, drags and releases over the plot, from one share of its width to another one, with keys held. */
async function drag(page: Page, from: number, to: number, key?: "Alt"): Promise<void> {
  const box = await graphFrame(page).locator(".time-plot").boundingBox();
  if (!box) throw new Error("no heat map");
  const y = box.y + 60;
  await page.mouse.move(box.x + box.width * from, y);
  if (key) await page.keyboard.down(key);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 8 });
  await page.mouse.up();
  if (key) await page.keyboard.up(key);
}

async function lensOf(page: Page, name: string): Promise<string> {
  const line = lineStarting(FIXTURE, `def ${name}(`);
  await goToLine(page, line);
  return (await visibleLines(page)).find((each) => each.line === line)?.lens ?? "";
}

test("a range is dragged: graph, lenses and status follow; a second one is compared with it; a reload brings all back", async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const { user, workspace } = stage;
  const { uid, gid } = user;
  stage.put("phases.py", readFileSync(FIXTURE));
  program = runProgram(["python3", "-u", "phases.py"], { cwd: workspace, uid, gid });
  const page = await stage.openWindow(browser);
  const graph = graphFrame(page);
  const range = page.locator('.statusbar-item[id$="flameline.range"]');
  const facts = graph.locator(".status-facts");

  await test.step("a program does one thing first, then another", async () => {
    await openFile(page, "phases.py", 1);
    await stage.record(2500);
    const early = await recordedSamples(page);
    stage.put("go", new Uint8Array());
    await expect.poll(() => recordedSamples(page), { timeout: 60_000 }).toBeGreaterThan(early + 2500);
    await stage.stop();
    await runCommand(page, "Open Flame Graph");
    await expect(graph.locator(".time-words")).toContainText("drag over a range", { timeout: 30_000 });
    await expect.poll(() => lensOf(page, "before")).toMatch(/^(3|4|5|6)\d % total/);
  });

  await test.step("the first part is dragged: only what ran then is there", async () => {
    await drag(page, 0.03, 0.25);
    await expect(range).toContainText(/\d s to \d/);
    await expect(facts).toHaveText(/s of CPU time of [\d.]+ s to [\d.]+ s/);
    await expect.poll(() => lensOf(page, "before")).toMatch(/^(9\d|100) % total .* CPU of \d+ process(es)?, [\d.]+ s to [\d.]+ s$/);
    await expect.poll(() => lensOf(page, "after")).not.toMatch(/[1-9]\d % total/);
    await findBox(page, "before");
    await expect(findBox(page, "after")).rejects.toThrow("no box");
    await stage.picture("time-range");
  });

  await test.step("it becomes the baseline, and the last part is compared with it", async () => {
    await graph.locator("vscode-button", { hasText: "Use as baseline" }).click();
    await drag(page, 0.8, 0.97);
    await expect(graph.locator(".comparison")).toContainText(/Compared with [\d.]+ s to [\d.]+ s of/);
    await expect(facts).toHaveText(/CPU time of [\d.]+ s to [\d.]+ s: /);
    const box = await findBox(page, "after");
    await page.mouse.click(box.x, box.y);
    await expect(graph.locator(".details-costs")).toContainText("only in the new one");
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`time-compared-${theme}`);
      await expectAccessible(page, `the heat map in ${theme}`);
    });
  });

  await test.step("after a reload of the window the ranges are there again", async () => {
    // Boxes are counted as too narrow a moment after they were drawn.
    const words = (await facts.innerText()).replace(/ · \d+ boxes too narrow to draw/, "");
    await reloadWindow(page);
    await expect(graph.locator(".comparison")).toContainText(/Compared with [\d.]+ s to [\d.]+ s of/, { timeout: 60_000 });
    await expect(facts).toContainText(words);
    await expect(graph.locator(".details-name")).toHaveText("after");
    await stage.picture("time-reloaded");
    await graph.locator(".comparison vscode-button").click();
    await expect(graph.locator(".comparison")).toBeHidden();
    await range.click();
    await expect(range).toBeHidden();
    await expect(facts).toHaveText(/s of CPU time · over/);
  });
});
