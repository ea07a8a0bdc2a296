import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "@playwright/test";
import { bundle, haveBrowser, launch, openGraph, type PageParts, summaryOf } from "../../bench/flame-graph-harness.mjs";
import { columnsFromText } from "./tree-text.js";

describe.skipIf(!haveBrowser())("the lists above the graph, in Chromium", () => {
  let browser: Browser;
  let parts: PageParts;
  beforeAll(async () => {
    [browser, parts] = [await launch(), await bundle()];
  }, 60_000);
  afterAll(() => browser?.close());

  test.each([510, 1280])("an open one shows its lines whole, inside of a page of %i pixels", async (width) => {
    const tree = columnsFromText("main 5");
    const summary = summaryOf(tree);
    const long = { pid: 7, name: "a-worker-with-a-long-name", commandLine: "", samples: 523_000, role: 7 };
    const processes = [...summary.processes, long, { ...long, pid: 8 }];
    const selection = { event: "cpu" } as const;
    const { page, context } = await openGraph(browser, parts, {
      tree,
      summary: { ...summary, processes },
      size: { width, height: 800 },
      state: { view: { selection } },
    });
    const chooser = page.getByRole("combobox", { name: "Process" });
    await chooser.click();
    const option = page.getByRole("option", { name: "a-worker-with-a-long-name (8), 523,000 samples" });
    const cut = await option.evaluate((element) => {
      const content = element.shadowRoot?.querySelector(".content");
      return (content?.scrollWidth ?? 0) - (content?.clientWidth ?? 0) || element.scrollWidth - element.clientWidth;
    });
    expect(cut).toBe(0);
    const box = await option.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? Number.NaN)).toBeLessThanOrEqual(width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await context.close();
  });
});
