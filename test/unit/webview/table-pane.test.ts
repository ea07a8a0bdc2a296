import type { Browser, Page } from "@playwright/test";
import axe from "axe-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../../profile/base64.js";
import type { TableColumns, TableKind } from "../../../protocol/tables.js";
import type { FromWebview } from "../../../protocol/webview.js";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts } from "../../bench/flame-graph-harness.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const SHOP = `
  main 1000000
    parse 3000000
      read 2000000
    render 0
      layout 3000000
`;
const NAMES = ["main", "parse", "read", "render", "layout"];
const ROWS = 100_000;

/** So many rows; the first five are the functions of the graph, and each costs less than the one before. */
function columns(kind: TableKind, rows: number): TableColumns {
  const index = toBase64(Int32Array.from({ length: rows }, (_, row) => row));
  const cost = toBase64(Float64Array.from({ length: rows }, (_, row) => (rows - row) * 10));
  return {
    kind,
    event: "cpu",
    unit: "ns",
    total: 9e6,
    durationNs: 1e9,
    leftOut: 0,
    rows,
    texts: Array.from({ length: rows }, (_, row) => NAMES[row] ?? `f${row}`),
    id: index,
    function: toBase64(Int32Array.from({ length: rows }, (_, row) => row + 100)),
    name: index,
    place: index,
    line: index,
    selfOf: cost,
    totalOf: cost,
  };
}

/** The real page in a real browser. */
describe.skipIf(!haveBrowser())("the tables' page", { timeout: 60_000 }, () => {
  let browser: Browser;
  let parts: PageParts;
  let complaints: string[] = [];

  beforeAll(async () => {
    [browser, parts] = await Promise.all([launch(), bundle()]);
  }, 60_000);
  afterAll(() => browser.close());
  afterEach(() => {
    // Nothing on the way may have broken the security policy or thrown.
    expect(complaints).toEqual([]);
  });

  const sent = <T extends FromWebview["type"]>(page: Page, type: T): Promise<Extract<FromWebview, { type: T }>[]> =>
    page.evaluate((wanted) => harness.sent.filter((message) => message.type === wanted) as never, type);
  const rows = (page: Page) => page.locator(".table-body [role=row]");

  async function open(rowCount: number, theme: "light" | "dark" | "high-contrast" = "dark", kind: TableKind = "functions"): Promise<Page> {
    const state = { view: {}, table: { parts: "both", kind } };
    const { page, problems } = await openGraph(browser, parts, { tree: columnsFromText(SHOP), theme, state });
    complaints = problems;
    await expect.poll(() => sent(page, "getTable")).not.toEqual([]);
    await answer(page, columns(kind, rowCount));
    return page;
  }
  async function answer(page: Page, table: TableColumns | null): Promise<void> {
    const request = (await sent(page, "getTable")).at(-1)?.request ?? 0;
    await page.evaluate((message) => harness.send(message), { type: "table" as const, request, table });
    await expect.poll(() => page.locator(".table-count").innerText()).toBe(`${(table?.rows ?? 0).toLocaleString("en-US")} rows`);
  }

  test("100,000 rows are in the page only where they are seen, and keys go through all of them", async () => {
    const page = await open(ROWS);
    const grid = page.getByRole("grid");
    expect(await grid.getAttribute("aria-rowcount")).toBe(String(ROWS + 1));
    expect(await rows(page).count()).toBeLessThan(80);
    await grid.press("End");
    await expect.poll(() => page.locator("[aria-selected=true][role=row]").innerText()).toContain(`f${ROWS - 1}`);
    expect(await page.locator("[aria-selected=true][role=row]").getAttribute("aria-rowindex")).toBe(String(ROWS + 1));
    expect(await grid.getAttribute("aria-activedescendant")).toBe(await page.locator("[aria-selected=true][role=row]").getAttribute("id"));
    await grid.press("PageUp");
    await grid.press("Enter");
    const [opened] = (await sent(page, "openRow")).slice(-1);
    expect(opened).toMatchObject({ kind: "functions", preserveFocus: false });
    expect(opened?.id).toBeLessThan(ROWS - 1);
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await expect.poll(() => rows(page).first().innerText()).toMatch(/f4\d{4}|f5\d{4}/);
    expect(await rows(page).count()).toBeLessThan(80);
  });

  test("a row selects its box, a box its row; a filter keeps the selection", async () => {
    const page = await open(50);
    await rows(page).filter({ hasText: "parse" }).click();
    expect(await page.locator(".details-name").innerText()).toBe("parse");
    expect((await sent(page, "openRow")).at(-1)).toMatchObject({ kind: "functions", id: 1, preserveFocus: true });
    const graph = page.locator(".graph");
    await graph.focus();
    await graph.press("ArrowDown");
    expect(await page.locator(".details-name").innerText()).toBe("read");
    await expect.poll(() => page.locator("[aria-selected=true][role=row]").innerText()).toContain("read");
    await page.locator(".search").click();
    await page.keyboard.type("rea");
    await expect.poll(() => page.locator(".table-count").innerText()).toBe("1 row of 50 rows");
    expect(await page.locator("[aria-selected=true][role=row]").innerText()).toContain("read");
  });

  test("the selected row is kept when the recording grows, wherever it is then", async () => {
    const page = await open(50);
    await rows(page).filter({ hasText: "layout" }).click();
    const { request } = (await sent(page, "getTable")).at(-1) ?? { request: 0 };
    const grown = columns("functions", 50);
    const cost = toBase64(Float64Array.from({ length: 50 }, (_, row) => (row === 4 ? 1e6 : row)));
    await page.evaluate((message) => harness.send(message), { type: "table" as const, request, table: { ...grown, selfOf: cost } });
    await expect.poll(() => rows(page).first().innerText()).toContain("layout");
    expect(await rows(page).first().getAttribute("aria-selected")).toBe("true");
  });

  test("nothing is a sentence, and an answer that is no table another", async () => {
    const page = await open(50);
    await answer(page, null);
    expect(await rows(page).count()).toBe(0);
    const { request } = (await sent(page, "getTable")).at(-1) ?? { request: 0 };
    await page.evaluate((message) => harness.send(message), {
      type: "table" as const,
      request,
      table: { ...columns("functions", 5), rows: 4 },
    });
    await expect.poll(() => page.locator(".notice").innerText()).toContain("not a table");
  });

  test.each(["light", "dark", "high-contrast"] as const)("nothing serious keeps anyone out in %s", async (theme) => {
    const page = await open(50, theme);
    await rows(page).nth(1).click();
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id} ${String(target)} ${html.slice(0, 120)}`));
    });
    expect(found).toEqual([]);
  });
});
