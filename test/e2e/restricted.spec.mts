/** A folder that its user does not trust, in VS Code's real Restricted Mode: profiles open, and nothing of the folder's wish is done. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { takeFromQuickOpen } from "../../scripts/quick-open.mjs";
import { startVSCode, workbenchUrl } from "../../scripts/vscode-server.mjs";
import {
  doubleClickFile,
  graphFrame,
  message,
  openFile,
  openSideBar,
  pressButton,
  quickInput,
  runCommand,
  statusBar,
  viewPane,
} from "../../scripts/workbench.mjs";
import { helpersOf, RIGHTS, useStage } from "./stage.mjs";

const stage = useStage({
  user: TEST_USER,
  sudo: true,
  example: "python",
  windowsLater: true,
  settings: { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "always" },
  start: (account, vsix, settings) => startVSCode({ account, vsix, settings, asksForTrust: true }),
});

/** What a stranger's folder would like: to be recorded all day, and to have names fetched from where it says. */
const WISHES = { "flameline.debuginfodUrls": "http://127.0.0.1:9", "flameline.sampleRate": 999 };

/** Nothing asks for rights, nothing is recorded, and no helper runs. */
async function expectNothingStarted(page: Page): Promise<void> {
  await expect(quickInput(page, RIGHTS)).toBeHidden();
  await expect(statusBar(page)).toBeHidden();
  expect(helpersOf(stage.user.uid)).toEqual([]);
}

test("in Restricted Mode profiles open and nothing starts, and trust is all that is missing", async ({ browser }) => {
  test.setTimeout(300_000);
  stage.put(".vscode/settings.json", JSON.stringify(WISHES));
  stage.put("night.perf", readFileSync(path.join(root, "test/fixtures/profiles/perf-srcline.perf")));
  stage.run();
  const dialog = (page: Page) => page.locator(".monaco-dialog-box", { hasText: "Do you trust the authors" });
  const page = await stage.openWindow(browser, async (opened) => {
    await opened.goto(workbenchUrl(stage.server));
    await dialog(opened).locator(".monaco-button", { hasText: "No, I don't trust" }).click({ timeout: 60_000 });
  });
  await expect(page.locator('.statusbar-item[id="status.workspaceTrust"]')).toContainText("Restricted Mode", { timeout: 60_000 });

  await test.step("the side bar says what works, and the commands that need no folder are not offered for it", async () => {
    await openSideBar(page);
    const pane = viewPane(page, "Recordings");
    await expect(pane).toContainText("recording runs programs and needs a trusted workspace");
    await expect(pane.locator(".monaco-button", { hasText: "Profile This Workspace" })).toBeHidden();
    await stage.picture("restricted-side-bar");
  });

  await test.step("whoever asks for a recording is told why not, and nothing starts", async () => {
    await runCommand(page, "Profile This Workspace");
    const told = await message(page, "Recording runs programs with root's rights, so it needs a trusted workspace.");
    await stage.picture("restricted-refused");
    await expectNothingStarted(page);
    await runCommand(page, "Profile Process…");
    await message(page, "Recording runs programs with root's rights, so it needs a trusted workspace.");
    await expectNothingStarted(page);
    await expect(told.locator(".monaco-button", { hasText: "Manage Workspace Trust" })).toBeAttached();
    await takeFromQuickOpen(page, ">Notifications: Clear All Notifications", "Notifications: Clear All Notifications");
    await expect(page.locator(".notification-list-item")).toHaveCount(0);
    await openFile(page, stage.example.main);
    await runCommand(page, "Profile This Test");
    await message(page, "Recording runs programs with root's rights, so it needs a trusted workspace.");
    await expectNothingStarted(page);
  });

  await test.step("a profile opens by a double click, with its graph", async () => {
    await doubleClickFile(page, "night.perf");
    await expect(graphFrame(page).locator(".status-facts")).toContainText("sample", { timeout: 60_000 });
    await stage.picture("restricted-profile");
    await expectNothingStarted(page);
  });

  await test.step("the message leads to where the folder can be trusted", async () => {
    await runCommand(page, "Profile This Workspace");
    await pressButton(await message(page, "needs a trusted workspace"), "Manage Workspace Trust");
    await page
      .locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ })
      .first()
      .click();
    await expect(page.locator('.statusbar-item[id="status.workspaceTrust"]')).toBeHidden({ timeout: 60_000 });
  });
});
