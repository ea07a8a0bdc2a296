/** Two recordings of a program that became slower in between, compared in the real VS Code. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  findBox,
  goToLine,
  graphFrame,
  hoverText,
  openFile,
  openSideBar,
  quickInput,
  runCommand,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { runProgram } from "../support/programs.mjs";
import { expectAccessible } from "./accessible.mjs";
import { inEachTheme } from "./themes.mjs";
import { useStage } from "./stage.mjs";

const SHOP = readFileSync(path.join(root, "test/fixtures/difference/shop.py"), "utf8");
/** What `price` does the second time, as a multiple of the first: enough to be told from what VS Code and a browser do to its pace. */
const FACTOR = 1.5;
/** Of `price` in each order: a sixth of a processor, so that the program keeps its pace beside VS Code and a browser. */
const ROUNDS = 80_000;
/** Some 18 s. */
const SAMPLES = 2400;
/** The line that grows hot stands one lower than before, and `receipt` does a quarter. */
const AFTER = SHOP.replace("import sys\n", "import sys\nimport os\n").replace("range(10000)", "range(2500)");

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true, settings: { "flameline.sampleRate": 499 } });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

test("two recordings are compared: blue and orange boxes, lines, lenses, and the way back", async ({ browser }) => {
  test.setTimeout(300_000);
  const { user, workspace } = stage;
  const run = (rounds: number): void => {
    program?.stop();
    program = runProgram(["python3", "-u", "shop.py", String(rounds)], { cwd: workspace, uid: user.uid, gid: user.gid });
  };
  const lensOf = async (text: string): Promise<string> => {
    const lines = await visibleLines(stage.page);
    return lines.find((each) => each.text.includes(text))?.lens ?? "";
  };
  stage.put("shop.py", SHOP);
  run(ROUNDS);
  const page = await stage.openWindow(browser);

  await test.step("the same program is recorded before and after a change", async () => {
    await openFile(page, "shop.py", 1);
    await stage.record(SAMPLES);
    await stage.stop();
    stage.put("shop.py", AFTER);
    run(ROUNDS * FACTOR);
    await stage.record(SAMPLES);
    await stage.stop();
  });

  await test.step("the graph shows what is more, what is less and what is noise", async () => {
    await runCommand(page, "Compare with…");
    await quickInput(page, "Flameline: Compare").locator(".monaco-list-row").first().click();
    const graph = graphFrame(page);
    await expect(graph.locator(".comparison")).toContainText(/Compared with “.*” · cost in each second of wall time/, { timeout: 60_000 });
    await expect(graph.locator(".comparison")).not.toContainText("Too short");
    await expect(graph.locator(".legend")).toContainText(/▼ Less.*▲ More/, { timeout: 30_000 });
    const { red, blue } = await colourOf(page, "receipt");
    expect(blue, "what is less is blue").toBeGreaterThan(red);
    await expect(graph.locator(".tooltip:not(.time-tooltip)")).toContainText(/: less/);
    const price = await colourOf(page, "price");
    expect(price.red, "what is more is orange").toBeGreaterThan(price.blue);
    await expect(graph.locator(".tooltip:not(.time-tooltip)")).toContainText(/ms\/s → .*ms\/s, \+\d+\.\d % \(95 % interval .*\): more/);
    const [, told = "0"] = /, \+(\d+\.\d) %/.exec((await graph.locator(".tooltip:not(.time-tooltip)").textContent()) ?? "") ?? [];
    expect(Math.abs(Number(told) / 100 - (FACTOR - 1)), `price does ${FACTOR} times as much, and ${told} % more was told`).toBeLessThan(
      0.15,
    );
    await inEachTheme(stage, async (name) => {
      await stage.picture(`compare-graph-${name}`);
      await expectAccessible(page, `the comparison in ${name}`);
      if (name === "dark") {
        await stage.readmePicture("comparison", { x: 0, y: 35, width: 1400, height: 832 });
      }
    });
  });

  await test.step("the table has before, after, the change and whether it is noise", async () => {
    const graph = graphFrame(page);
    const choose = async (label: string): Promise<void> => {
      await graph.getByRole("combobox", { name: /^Show the graph/ }).click();
      await graph.getByRole("option", { name: label, exact: true }).click();
    };
    await choose("Table");
    const rows = graph
      .getByRole("grid")
      .getByRole("row")
      .filter({ has: graph.getByRole("gridcell") });
    const price = rows.filter({ hasText: /^price/ });
    await expect(price).toContainText(/ms\/s.*ms\/s\+.*ms\/s\+\d+\.\d %▲ more/);
    await expect(rows.filter({ hasText: /^receipt/ })).toContainText("▼ less");
    // Among many small changes it may lie below what the table draws.
    await graph.locator(".search input").fill("tax");
    await expect(rows.filter({ hasText: /^tax/ })).toContainText("no more than noise");
    await graph.locator(".search input").fill("");
    await graph.getByRole("columnheader", { name: "Change" }).getByRole("button").click();
    const first = async (): Promise<string[]> => (await rows.locator(".table-name").allTextContents()).slice(0, 8);
    await expect.poll(first).toContain("price");
    await graph.getByRole("columnheader", { name: "Change" }).getByRole("button").click();
    await expect.poll(first).toContain("receipt");
    await graph.getByRole("tab", { name: "Lines" }).click();
    await graph.locator(".search input").fill("shop.py");
    // The line stands one lower than in the recording before.
    await expect(rows.filter({ hasText: "shop.py:24" })).toContainText("▼ less");
    await expect(rows.filter({ hasText: "shop.py:10" })).toContainText(/ms\/s.*ms\/s\+.*\+\d+\.\d %/);
    await inEachTheme(stage, async (name) => {
      await stage.picture(`compare-table-${name}`);
      await expectAccessible(page, `the compared table in ${name}`);
    });
    await graph.locator(".search input").fill("");
    await choose("Graph");
  });

  await test.step("so do the lenses, the lines' ends and the hovers, at the line where each is now", async () => {
    await goToLine(page, 9);
    await expect
      .poll(() => lensOf("def price"), { timeout: 30_000 })
      .toMatch(/▲ \+[\d.]+ % \([+−][\d.]+ % to \+[\d.]+ %\) since “.*” — CPU of/);
    const noteOf = async (line: number) => (await visibleLines(page)).find((each) => each.line === line)?.note;
    await expect.poll(() => noteOf(10)).toMatch(/^▲ \+[\d.]+ %$/);
    expect(await hoverText(page, 10)).toMatch(/Since “.*”: [\d.]+ ms\/s → [\d.]+ ms\/s/);
    await stage.picture("compare-lines");
    await page.keyboard.press("Escape");
  });

  await test.step("the list of functions begins with what changed", async () => {
    await openSideBar(page);
    await expect(viewRows(page, "Hottest", /price.*▲ \+[\d.]+ %/).first()).toBeVisible({ timeout: 20_000 });
    await stage.picture("compare-list");
  });

  await test.step("a recording that runs is compared as it grows", async () => {
    await stage.record(300);
    const graph = graphFrame(page);
    await expect(graph.locator(".comparison")).toContainText("Compared with");
    await expect(graph.locator(".status")).toContainText(/on both sides, .*ms\/s → .*recording for/, { timeout: 30_000 });
    await stage.picture("compare-live");
    await stage.stop();
  });

  await test.step("a click leads back", async () => {
    await graphFrame(page).locator(".comparison vscode-button").click();
    await expect(graphFrame(page).locator(".comparison")).toBeHidden();
    await expect(graphFrame(page).locator(".legend")).toContainText("Your code");
    await expect.poll(() => lensOf("def price")).not.toContain("since");
    await stage.picture("compare-left");
  });
});

/** Puts the mouse on a function's box, and reads the box's colour from the drawing. */
async function colourOf(page: Page, name: string): Promise<{ red: number; blue: number }> {
  const point = await findBox(page, name);
  await page.mouse.move(point.x, point.y);
  const canvas = graphFrame(page).locator(".graph canvas");
  const box = await canvas.boundingBox();
  if (box === null) throw new Error("the flame graph is not drawn");
  return canvas.evaluate(
    (element: HTMLCanvasElement, { left, top }) => {
      const scale = element.width / element.clientWidth;
      const [red = 0, , blue = 0] =
        element.getContext("2d")?.getImageData(Math.round(left * scale), Math.round(top * scale), 1, 1).data ?? [];
      return { red, blue };
    },
    { left: point.x - box.x, top: point.y - box.y },
  );
}
