/** A view in the light, the high contrast and the dark theme: for pictures that are looked at, and for axe. */
import { expect } from "@playwright/test";
import { graphFrame } from "../../scripts/workbench.mjs";
import type { Stage } from "./stage.mjs";

/** The dark one last: a window begins with it. */
const THEMES = [
  { name: "light", theme: "Default Light Modern", workbench: "vs", page: "vscode-light" },
  { name: "high-contrast", theme: "Default High Contrast", workbench: "hc-black", page: "vscode-high-contrast" },
  { name: "dark", theme: "Default Dark Modern", workbench: "vs-dark", page: "vscode-dark" },
] as const;

/** Runs something in each theme, chosen as by a user who types into the settings; all pages of the window have taken it by then. */
export async function inEachTheme({ page, put }: Stage, look: (name: string) => Promise<void>): Promise<void> {
  for (const { name, theme, workbench, page: ofPage } of THEMES) {
    put(".vscode/settings.json", JSON.stringify({ "workbench.colorTheme": theme }));
    await expect(page.locator(`.monaco-workbench.${workbench}`)).toBeVisible();
    if ((await page.locator("iframe.webview.ready").count()) > 0) {
      await expect(graphFrame(page).locator(`body.${ofPage}`)).toBeAttached();
    }
    // Colours fade over in the workbench, and the marks of the theme before are there for another second.
    await page.waitForTimeout(1200);
    await look(name);
  }
}
