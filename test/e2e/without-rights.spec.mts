import { appendFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { NO_SUDO_USER, TEST_USER } from "../../scripts/machine.mjs";
import { answer, message, openFile, pressButton, quickInput, runCommand, statusBar, visibleLines } from "../../scripts/workbench.mjs";
import { helpersOf, RIGHTS, useStage } from "./stage.mjs";

const REFUSED = "Recording needs root, and your user may not use sudo.";
/** Terminals drawn as text and not on a canvas, so that they can be read. */
const settings = { "terminal.integrated.gpuAcceleration": "off" };

test.describe("a user who may not use sudo", () => {
  const stage = useStage({ user: NO_SUDO_USER, sudo: false, example: "python", settings });

  test("reads so, with the one command for an administrator", async () => {
    const { user, server } = stage;
    stage.run();
    const shown = await refused();
    await stage.picture("without-rights");
    await expect(shown).toContainText("Ask an administrator of this machine to run this command, then record again:");
    await expect(shown).toContainText(
      new RegExp(`su -c '${server.extensions}/flameline\\.flameline-[^ ]*/dist/flameline-helper serve --user ${user.uid}'`),
    );
    await expectResponsive();
    expect(helpersOf(user.uid)).toEqual([]);
  });

  test("finds the command once in one terminal, however often and however slow its shell", async () => {
    const { page, user } = stage;
    // What is typed before a shell is ready stands there twice: as the terminal's echo and at the prompt.
    appendFileSync(path.join(user.home, ".bashrc"), "\nsleep 4\n");
    stage.run();
    await pressButton(await refused(), "Open in Terminal");
    await pressButton(await refused(), "Open in Terminal");
    const command = /flameline-helper serve --user \d+'/g;
    await expect.poll(() => terminalText(page), { message: "the command in the terminal", timeout: 60_000 }).toMatch(command);
    // A shell that comes late draws its prompt anew.
    await page.waitForTimeout(5000);
    await stage.picture("open-in-terminal");
    expect((await terminalText(page)).match(command), "the command in the terminal").toHaveLength(1);
    await expect(page.locator(".terminal-tabs-entry"), "a list of several terminals").toHaveCount(0);
  });

  /** Asks for a recording, which is refused. sudo tells only those who know their password what they may do. */
  async function refused(): Promise<Locator> {
    const { page, user } = stage;
    await runCommand(page, "Profile This Workspace");
    const asked = quickInput(page, RIGHTS);
    const said = page.locator(".notifications-toasts .notification-list-item", { hasText: REFUSED }).first();
    await expect(async () => {
      if (await asked.isVisible()) {
        await answer(page, RIGHTS, user.password);
      }
      await expect(said).toBeVisible({ timeout: 2000 });
    }).toPass({ timeout: 60_000 });
    return said;
  }

  /** The user goes on editing. */
  async function expectResponsive(): Promise<void> {
    const { page, example } = stage;
    await expect(statusBar(page)).toBeHidden();
    await openFile(page, example.main, 1);
    await page.keyboard.type("#");
    await expect.poll(async () => (await visibleLines(page))[0]?.text).toMatch(/^#"""/);
  }
});

test.describe("a user with a password", () => {
  const stage = useStage({ user: TEST_USER, sudo: true, example: "python", settings });

  test("who gives none reads so, and goes on editing", async () => {
    const { page, example, user } = stage;
    stage.run();
    await runCommand(page, "Profile This Workspace");
    await expect(quickInput(page, RIGHTS)).toBeVisible({ timeout: 60_000 });
    await page.keyboard.press("Escape");
    const shown = await message(page, "Recording needs root, and the password was not given.");
    await expect(shown).toContainText(
      /Record again and type the password, or run this in a terminal and leave it running: sudo .*\/flameline-helper serve/,
    );
    await expect(statusBar(page)).toBeHidden();
    await openFile(page, example.main, 1);
    await page.keyboard.type("#");
    await expect.poll(async () => (await visibleLines(page))[0]?.text).toMatch(/^#"""/);
    expect(helpersOf(user.uid)).toEqual([]);
  });

  test("who gives three wrong ones reads so, and finds the command in a terminal", async () => {
    const { page, user } = stage;
    stage.run();
    await runCommand(page, "Profile This Workspace");
    for (const text of [`Password of ${user.name}`, "try 2 of 3", "try 3 of 3"]) {
      await expect(quickInput(page, RIGHTS)).toContainText(text, { timeout: 60_000 });
      await answer(page, RIGHTS, `wrong ${text}`);
    }
    const shown = await message(page, "sudo did not accept the password (3 tries).");
    await stage.picture("wrong-password");
    await pressButton(shown, "Open in Terminal");
    await expect(page.locator(".terminal-outer-container")).toBeVisible();
    await expect.poll(() => terminalText(page), { message: "the command in the terminal" }).toMatch(/sudo .*flameline-helper serve/);
    expect(helpersOf(user.uid)).toEqual([]);
  });
});

async function terminalText(page: Page): Promise<string> {
  const rows = await page.locator(".xterm-rows > div").allTextContents();
  return rows.join("").replaceAll("\u00a0", " ");
}
