import { expect, type Page, test } from "@playwright/test";
import { NO_SUDO_USER, TEST_USER } from "../../scripts/machine.mjs";
import { answer, message, openFile, pressButton, quickInput, runCommand, statusBar, visibleLines } from "../../scripts/workbench.mjs";
import { helpersOf, useStage } from "./stage.mjs";

const RIGHTS = "Flameline: Administrator Rights";

test.describe("a user who may not use sudo", () => {
  const stage = useStage({ user: NO_SUDO_USER, sudo: false, example: "python" });

  test("reads so, with the one command for an administrator", async () => {
    const { page, user, server } = stage;
    stage.run();
    await runCommand(page, "Profile This Workspace");
    // sudo tells only those who know their password what they may do.
    const asked = quickInput(page, RIGHTS);
    const said = message(page, "Recording needs root, and your user may not use sudo.", { timeout: 60_000 });
    await expect(asked.or(page.locator(".notifications-toasts .notification-list-item")).first()).toBeVisible({ timeout: 60_000 });
    if (await asked.isVisible()) {
      await answer(page, RIGHTS, user.password);
    }
    const shown = await said;
    await stage.picture("without-rights");
    await expect(shown).toContainText("Ask an administrator of this machine to run this command, then record again:");
    await expect(shown).toContainText(
      new RegExp(`su -c '${server.extensions}/flameline\\.flameline-[^ ]*/dist/flameline-helper serve --user ${user.uid}'`),
    );
    await expectResponsive();
    expect(helpersOf(user.uid)).toEqual([]);
  });

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
  // Drawn as text and not on a canvas, so that it can be read.
  const settings = { "terminal.integrated.gpuAcceleration": "off" };
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
