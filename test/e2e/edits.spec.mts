import { expect, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { goToLine, openFile, recordedSamples, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python", settings: { "flameline.heat.endOfLine": true } });
/** Hot lines of the example's edit distance, by how they begin. */
const HOT = "current.append(min(";
const INNER_LOOP = "for column, b in enumerate(right";
/** Enough for shares to be told apart from their noise. */
const SAMPLES = 600;

test("lines that are inserted above move the numbers with their lines, and a rewritten line shows nothing", async () => {
  const { page, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await stage.record(SAMPLES);
  await expectHeat(HOT);
  await expect.poll(async () => (await shown(HOT)).note).toMatch(/^[\d.]+ %$/);

  const before = stage.lineOf(HOT);
  await goToLine(page, stage.lineOf("def similarity"));
  await page.keyboard.press("Home");
  await page.keyboard.type("\n\n\n");
  await expect.poll(() => shown(HOT)).toMatchObject({ line: before + 3, heat: expect.any(Number) });
  await expect.poll(() => shown("def similarity")).toMatchObject({ lens: expect.stringContaining("total") });
  await expect.poll(async () => (await visibleLines(page)).filter(({ text, heat }) => text.trim() === "" && heat !== null)).toEqual([]);
  // The recording goes on, and its numbers go on landing on the right lines.
  const soFar = await recordedSamples(page);
  await expect.poll(() => recordedSamples(page), { timeout: 60_000 }).toBeGreaterThan(soFar + 100);
  expect(await shown(HOT)).toMatchObject({ line: before + 3, heat: expect.any(Number) });

  await replaceLine(INNER_LOOP, "for column in range(1, len(right) + 1):");
  await expect.poll(() => shown("for column in range")).toMatchObject({ heat: null });
  expect(await shown(HOT)).toMatchObject({ heat: expect.any(Number) });
  await stage.picture("edits-rewritten");
  await stage.stop();
  await expect.poll(() => shown("for column in range")).toMatchObject({ heat: null });
  await expect.poll(() => shown(HOT)).toMatchObject({ heat: expect.any(Number) });
  // With its old text the line has its numbers again.
  await replaceLine("for column in range", "for column, b in enumerate(right, start=1):");
  await expect.poll(() => shown(INNER_LOOP)).toMatchObject({ heat: expect.any(Number) });
});

test("after an edit and another run, a line says before and after by itself", async () => {
  const { page, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await stage.record(SAMPLES);
  await stage.stop();
  await expectHeat(HOT);
  // Less work: only the first two letters are compared.
  await replaceLine("for row, a in enumerate(left", "for row, a in enumerate(left[:2], start=1):");
  await runCommand(page, "Show or Hide Percentages at the Ends of Lines");
  await page.keyboard.press("Control+s");
  await expect.poll(() => stage.lineOf("for row, a in enumerate(left[:2]")).toBeGreaterThan(0);
  stage.endPrograms();
  stage.run();
  await stage.record(SAMPLES);
  await goToLine(page, stage.lineOf(HOT));
  let note = "";
  await expect.poll(async () => (note = (await shown(HOT)).note), { timeout: 60_000 }).toMatch(/[\d.]+ % → [\d.]+ %/);
  const [, was, is] = /([\d.]+) % → ([\d.]+) %/.exec(note) ?? [];
  expect(Number(is)).toBeLessThan(Number(was));
  await expect.poll(async () => (await shown("def similarity")).lens).toMatch(/[\d.]+ % total \(was [\d.]+ %\)/);
  await stage.picture("edits-before-after");
});

test("the setting takes all marks away and brings them back, and Clear Heat ends it", async () => {
  const { page, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await stage.record(SAMPLES);
  await stage.stop();
  await expectHeat(HOT);
  await runCommand(page, "Turn Heat On or Off");
  await expect.poll(async () => (await visibleLines(page)).filter(({ heat, note }) => heat !== null || note !== "")).toEqual([]);
  await expect.poll(async () => (await shown("def similarity")).lens).toContain("total");
  await runCommand(page, "Turn Heat On or Off");
  await expectHeat(HOT);
  await runCommand(page, "Clear Heat");
  await expect.poll(async () => (await visibleLines(page)).filter(({ heat, lens }) => heat !== null || lens !== null)).toEqual([]);
});

/** What the editor shows on the first visible line that begins with a text. */
async function shown(begin: string) {
  const found = (await visibleLines(stage.page)).find(({ text }) => text.trimStart().startsWith(begin));
  return found ?? { line: 0, top: 0, text: "", note: "", lens: null, heat: null };
}

async function expectHeat(begin: string): Promise<void> {
  await expect.poll(async () => (await shown(begin)).heat, { timeout: 60_000 }).toBeGreaterThan(0);
}

async function replaceLine(begin: string, text: string): Promise<void> {
  const { page } = stage;
  await goToLine(page, (await shown(begin)).line);
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.type(text);
}
