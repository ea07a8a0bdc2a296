import { defineConfig } from "@playwright/test";
import { chromium } from "../../scripts/vscode-server.mjs";

// biome-ignore lint: Playwright reads the default export.
export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.mts",
  outputDir: "../../.test/e2e-output",
  timeout: 120_000,
  expect: { timeout: 20_000 },
  workers: 1,
  fullyParallel: false,
  // Once, and said: a browser, an editor and a kernel under load have hiccups that are not ours.
  retries: 1,
  reporter: [["list"], ["json"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1400, height: 900 },
    launchOptions: chromium,
    trace: "off",
    screenshot: "only-on-failure",
  },
});
