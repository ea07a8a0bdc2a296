// Looks at a running example in the real VS Code: heat on its hot line, a true lens, and the flame graph's way back to the source.
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, chromium as browsers } from "@playwright/test";
import { chromium } from "./vscode-server.mjs";
import {
  cursorLine,
  findBox,
  goToLine,
  graphFrame,
  lensTotal,
  openFile,
  openWorkbench,
  recordedSamples,
  runCommand,
  visibleLines,
} from "./workbench.mjs";

/** How far a lens may be from the program's own account, in percentage points. */
const TOLERANCE = 5;
/** Four standard deviations of a share of 20 % are then within the tolerance; at 99 Hz that takes a busy program ten seconds. */
const SAMPLES = 1000;
/** CPU time between two accounts that are compared; shorter, and their rounding would count. */
const ACCOUNT_SECONDS = 5;

/**
 * @param {{ server: { url: string, token: string, workspace: string }, example: import("./examples.mjs").Example,
 *   account: () => import("./examples.mjs").Account | undefined, pictures: string }} what
 */
export async function checkInBrowser({ server, example, account, pictures }) {
  mkdirSync(pictures, { recursive: true });
  const browser = await browsers.launch(chromium);
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const picture = (name) => page.screenshot({ path: path.join(pictures, `${example.name}-${name}.png`) });
  try {
    await openWorkbench(page, server);
    await checkHeatAndFlameGraph({ page, server, example, account, picture });
  } catch (error) {
    await picture("failure");
    throw error;
  } finally {
    await browser.close();
  }
}

/** The path itself, on a page whose workbench is open and where a recording is on or about to begin. */
export async function checkHeatAndFlameGraph({ page, server, example, account, picture }) {
  const source = readFileSync(path.join(server.workspace, example.main), "utf8").split("\n");
  const hotLine = source.findIndex((text) => text.trimStart().startsWith(example.hot.text)) + 1;
  expect(hotLine, `the line that begins with ${example.hot.text}`).toBeGreaterThan(0);

  await openFile(page, example.main, hotLine);
  await expect
    .poll(async () => (await visibleLines(page)).find(({ line }) => line === hotLine)?.heat ?? 0, {
      message: `heat on line ${hotLine}`,
      timeout: 60_000,
    })
    .toBeGreaterThan(0);
  const first = account();
  await expect
    .poll(() => recordedSamples(page), { message: "samples, as the status bar tells", timeout: 180_000 })
    .toBeGreaterThan(SAMPLES);
  // The program tells its account once a second only.
  await expect
    .poll(() => (account()?.cpuSeconds ?? 0) - (first?.cpuSeconds ?? 0), {
      message: "CPU time in the example's own account",
      timeout: 60_000,
    })
    .toBeGreaterThan(ACCOUNT_SECONDS);
  await picture("heat");

  const definition = new RegExp(`\\b${example.lens.function}\\b.*[({:]`);
  const definitionLine =
    source.findIndex(
      (text) =>
        definition.test(text) && /^\s*(def|func|function|fn|pub fn|private|public|static|\[\[|__attribute__|std::|\w+ fn)/.test(text),
    ) + 1;
  await goToLine(page, Math.max(1, definitionLine));
  let said;
  await expect
    .poll(
      async () => {
        said = lensTotal(
          (await visibleLines(page)).find(({ line, lens }) => lens !== null && Math.abs(line - definitionLine) <= 1)?.lens ?? "",
        );
        return said;
      },
      { message: `a lens on ${example.lens.function} at line ${definitionLine}`, timeout: 20_000 },
    )
    .toBeDefined();
  const own = shareSince(first, account(), example.lens.parts);
  console.log(`the lens of ${example.lens.function} says ${said} %, the program's own account ${own.toFixed(1)} %`);
  expect(Math.abs(said - own), "percentage points between the lens and the program's own account").toBeLessThanOrEqual(TOLERANCE);

  await goToLine(page, 1);
  await runCommand(page, "Open Flame Graph");
  await expect(async () => {
    // The graph follows the recording: a box may move between being found and being clicked.
    const box = await findBox(page, example.hot.function);
    await page.mouse.move(box.x, box.y);
    await expect(graphFrame(page).locator(".tooltip:not(.time-tooltip) .tooltip-name")).toHaveText(example.hot.function, { timeout: 3000 });
    await picture("flame-graph");
    await page.mouse.click(box.x, box.y);
    await expect
      .poll(() => cursorLine(page), { message: `a click on ${example.hot.function} lands on its hottest line`, timeout: 10_000 })
      .toBe(hotLine);
  }).toPass({ timeout: 60_000 });
  await picture("landed");
  return { hotLine, definitionLine };
}

/** Percent of the process's CPU time that parts of its account took between two accounts. */
function shareSince(first, last, parts) {
  expect(last, "the example's own account").toBeDefined();
  const seconds = (account) =>
    account.parts.filter(({ name }) => parts.includes(name)).reduce((sum, { share }) => sum + share, 0) * account.measuredSeconds;
  const cpu = last.cpuSeconds - (first?.cpuSeconds ?? 0);
  expect(cpu, "seconds of CPU time in the example's own account").toBeGreaterThan(0);
  return (100 * (seconds(last) - (first === undefined ? 0 : seconds(first)))) / cpu;
}
