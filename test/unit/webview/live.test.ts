import type { Browser, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { FromWebview } from "../../../protocol/webview.js";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts, summaryOf } from "../../bench/flame-graph-harness.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const SHOP = `
  main 1000000
    parse 3000000
    render 4000000
`;

/** The real page in a real browser. */
describe.skipIf(!haveBrowser())("the page of a recording that runs", { timeout: 60_000 }, () => {
  let browser: Browser;
  let parts: PageParts;
  let complaints: string[] = [];

  beforeAll(async () => {
    [browser, parts] = await Promise.all([launch(), bundle()]);
  }, 60_000);
  afterAll(() => browser.close());
  afterEach(() => {
    expect(complaints).toEqual([]);
  });

  const asked = async (page: Page, type: FromWebview["type"]): Promise<number> =>
    (await page.evaluate(() => harness.sent)).filter((message) => message.type === type).length;
  const button = (page: Page, label: string) => page.locator(".pause vscode-button", { hasText: label });

  test("can be paused: nothing is asked for while it grows, and everything once it is followed again", async () => {
    const tree = columnsFromText(SHOP);
    const summary = summaryOf(tree, true);
    const { page, problems } = await openGraph(browser, parts, { tree, summary });
    complaints = problems;
    const grow = (durationNs: number, live = true): Promise<void> =>
      page.evaluate((message) => harness.send(message), {
        type: "recording" as const,
        summary: { ...summary, durationNs, live },
        selection: { event: "cpu" as const },
      });
    await grow(14e9);
    await expect.poll(() => asked(page, "getTree"), { timeout: 5000 }).toBe(2);

    await button(page, "Pause").click();
    expect(await page.locator(".pause-words").innerText()).toBe("as it was after 14.0 s; the recording goes on");
    const questions = async (): Promise<number[]> =>
      Promise.all((["getTree", "getTimeMap", "getFindings", "getTable"] as const).map((type) => asked(page, type)));
    const before = await questions();
    for (const seconds of [16, 18, 20]) {
      await grow(seconds * 1e9);
      await page.waitForTimeout(1100);
    }
    expect(await questions()).toEqual(before);
    expect(await page.locator(".status-facts").innerText()).toContain("recording for 20.0 s");

    await button(page, "Resume").click();
    await expect.poll(() => asked(page, "getTree")).toBe((before[0] ?? 0) + 1);
    await expect.poll(() => asked(page, "getTimeMap")).toBe((before[1] ?? 0) + 1);
    expect(await page.locator(".pause-words").innerText()).toBe("");

    // The end of the recording is the end of the pause.
    await button(page, "Pause").click();
    await grow(21e9, false);
    await expect.poll(() => asked(page, "getTree")).toBe((before[0] ?? 0) + 2);
    expect(await page.locator(".pause").isVisible()).toBe(false);
  });
});
