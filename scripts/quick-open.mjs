// VS Code's box at the top of the window, used as a person does who looks before pressing Enter.
import { expect } from "@playwright/test";

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {import("@playwright/test").Locator} Locator */

/**
 * Types into Quick Open and takes what stands first, once that is the row that was meant: until the typed text is looked up, the list
 * still shows what was opened lately, and Enter would take the first of that.
 * @param {Page} page
 * @param {string} text with its prefix, say `>` for commands
 * @param {string} name how the row begins
 */
export async function takeFromQuickOpen(page, text, name) {
  const widget = page.locator(".quick-input-widget:visible");
  const input = widget.locator("input").first();
  const first = widget.locator(`.monaco-list-row.focused[aria-label^=${JSON.stringify(name)}]`);
  await expect(async () => {
    if (await widget.isVisible()) {
      await page.keyboard.press("Escape");
      await expect(widget).toBeHidden({ timeout: 2000 });
    }
    // By the mouse: a page inside the window that is being loaded has the keyboard, and keys are lost.
    await page.locator(".command-center-quick-pick").click({ timeout: 5000 });
    await input.fill(text, { timeout: 5000 });
    // The commands are those of when the list opened: one that opened before the extensions were read is opened again.
    await expect(first).toBeVisible({ timeout: 5000 });
    await input.press("Enter", { timeout: 2000 });
    await expect(first).toBeHidden({ timeout: 5000 });
  }).toPass({ timeout: 60_000 });
}

/**
 * Types an answer and sends it, again where it did not arrive.
 * @param {Locator} input the box
 * @param {string} text
 */
export async function sendAnswer(input, text) {
  const holds = async () => ((await input.isVisible()) ? input.inputValue({ timeout: 1000 }).catch(() => "") : "");
  await expect(async () => {
    // A dialog for a path puts its own proposal in when it has read the folder, maybe over what was typed.
    await input.fill(text, { timeout: 5000 });
    await input.page().waitForTimeout(500);
    expect(await holds()).toBe(text);
    await input.press("Enter", { timeout: 2000 });
    // It goes, or asks anew.
    await expect.poll(holds, { timeout: 5000 }).not.toBe(text);
  }).toPass({ timeout: 40_000 });
}
