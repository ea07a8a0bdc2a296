import type { Browser, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts } from "../../bench/flame-graph-harness.mjs";
import { syntheticColumns, toWire } from "../../bench/flame-graph-tree.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const SHOP = `
  main 1000000
    parse 3000000
      read 2000000
    render 4000000
`;

/** The real page in a real browser. */
describe.skipIf(!haveBrowser())("the map of the graph", { timeout: 60_000 }, () => {
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

  const open = async (tree: Parameters<typeof openGraph>[2]["tree"], size = { width: 1000, height: 700 }): Promise<Page> => {
    const { page, problems } = await openGraph(browser, parts, { tree, size });
    complaints = problems;
    return page;
  };
  const map = (page: Page) => page.getByRole("slider", { name: /^Map of the whole graph/ });
  /** What is seen, as shares of the width and rows. */
  const seen = async (page: Page): Promise<number[]> => {
    await page.waitForTimeout(500);
    const words = (await map(page).getAttribute("aria-valuetext")) ?? "";
    return [...words.matchAll(/[\d.]+/g)].map(([number]) => Number(number));
  };
  const at = async (page: Page, share: number, y = 0.5): Promise<[number, number]> => {
    const box = await map(page).boundingBox();
    if (!box) throw new Error("no map");
    return [box.x + box.width * share, box.y + box.height * y];
  };
  const drag = async (page: Page, from: number, to: number): Promise<void> => {
    await page.mouse.move(...(await at(page, from)));
    await page.mouse.down();
    await page.mouse.move(...(await at(page, to)), { steps: 5 });
    await page.mouse.up();
  };

  test("is not there while all of the graph is seen; a zoom brings it, without moving a box, and Escape takes it away", async () => {
    const page = await open(columnsFromText(SHOP));
    expect(await map(page).isVisible()).toBe(false);
    const top = async () => (await page.locator(".graph").boundingBox())?.y;
    const before = await top();
    await page.locator(".graph").press("+");
    await expect.poll(() => map(page).isVisible()).toBe(true);
    expect(await top()).toBe(before);
    expect(await seen(page)).toEqual([15, 85, 1, 4, 4]);
    await map(page).focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => map(page).isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("graph");
  });

  test("what is seen is dragged, by its edges, too; a click goes there; the wheel zooms there", async () => {
    const page = await open(columnsFromText(SHOP));
    for (let i = 0; i < 4; i++) await page.locator(".graph").press("+");
    expect(await seen(page)).toEqual([38, 62, 1, 4, 4]);
    await drag(page, 0.5, 0.7);
    expect((await seen(page)).slice(0, 2)).toEqual([58, 82]);
    await drag(page, 0.58, 0.3);
    expect((await seen(page)).slice(0, 2)).toEqual([expect.closeTo(30, 0), expect.closeTo(82, 0)]);
    await drag(page, 0.82, 0.5);
    expect((await seen(page)).slice(0, 2)).toEqual([expect.closeTo(30, 0), expect.closeTo(50, 0)]);
    await page.mouse.click(...(await at(page, 0.85)));
    expect((await seen(page)).slice(0, 2)).toEqual([expect.closeTo(75, 0), expect.closeTo(95, 0)]);
    await page.mouse.move(...(await at(page, 0.75)));
    await page.mouse.wheel(0, -200);
    const [start = 0, end = 0] = await seen(page);
    expect(start).toBeCloseTo(75, 0);
    expect(end).toBeLessThan(90);
  });

  test("keys move and zoom; a graph that is higher than its room has a map, too, and is scrolled on it", async () => {
    const tree = toWire(syntheticColumns(20_000));
    const page = await open(tree);
    await expect.poll(() => map(page).isVisible()).toBe(true);
    const [, , first, last, rows] = await seen(page);
    expect([first, rows]).toEqual([1, 52]);
    expect(last).toBeLessThan(40);
    await page.mouse.click(...(await at(page, 0.5, 0.95)));
    expect((await seen(page)).slice(3)).toEqual([52, 52]);
    await map(page).focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("PageUp");
    await page.keyboard.press("PageUp");
    expect((await seen(page))[2]).toBe(1);
    for (const key of ["+", "+", "ArrowRight"]) await page.keyboard.press(key);
    expect((await seen(page)).slice(0, 2)).toEqual([35.3, 84.3]);
    await page.keyboard.press("End");
    expect((await seen(page)).slice(0, 2)).toEqual([51, 100]);
    await page.keyboard.press("Home");
    expect((await seen(page)).slice(0, 2)).toEqual([0, 49]);
  });

  test("shows each part of the graph in its colours, and another tree's after it came", async () => {
    const page = await open(columnsFromText(SHOP));
    await page.locator(".graph").press("+");
    await page.waitForTimeout(400);
    /** Colours of the row of the leaves, at shares of the width. */
    const colours = (): Promise<number> =>
      page.locator(".map canvas").evaluate((canvas: HTMLCanvasElement) => {
        const y = Math.round(canvas.height * 0.6);
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        copy?.drawImage(canvas, 0, 0);
        const row = copy?.getImageData(0, y, canvas.width, 1).data ?? new Uint8ClampedArray();
        const distinct = new Set<string>();
        for (let i = 0; i < row.length; i += 4) distinct.add(`${row[i]} ${row[i + 1]} ${row[i + 2]}`);
        return distinct.size;
      });
    const before = await colours();
    expect(before).toBeGreaterThan(3);
    await page.evaluate((columns) => (harness.columns = columns), columnsFromText("main 10000000"));
    await page.getByRole("combobox", { name: /^Direction/ }).click();
    await page.getByRole("option", { name: "Bottom-up" }).click();
    // The other tree is shown whole: a zoom before it came would be of the one that goes.
    await expect.poll(() => page.locator("[role=treeitem]").last().textContent()).toContain("self 10.0 ms (100 %)");
    await page.locator(".graph").press("+");
    await expect.poll(colours).not.toBe(before);
  });
});

describe.skipIf(!haveBrowser())("a small panel", { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser.close());

  test("leaves more than half of 600 × 700 to the graph, and what takes several lines one and a button", async () => {
    const { page, problems } = await openGraph(browser, await bundle(), {
      tree: toWire(syntheticColumns(5000)),
      size: { width: 600, height: 700 },
    });
    const more = page.getByRole("button", { name: "All of the colours" });
    await expect.poll(() => more.isVisible()).toBe(true);
    const height = async (selector: string): Promise<number> => (await page.locator(selector).boundingBox())?.height ?? 0;
    expect(await height(".stage")).toBeGreaterThan(350);
    const folded = await height(".legend-row");
    await more.click();
    await expect.poll(() => height(".legend-row")).toBeGreaterThan(folded + 10);
    expect(await page.getByRole("button", { name: "One line of the colours" }).getAttribute("aria-expanded")).toBe("true");
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
