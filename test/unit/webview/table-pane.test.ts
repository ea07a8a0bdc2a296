import type { Browser, Page } from "@playwright/test";
import axe from "axe-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../../profile/base64.js";
import { type Verdict, VERDICTS } from "../../../protocol/queries.js";
import { type ChangeColumns, TABLE_KINDS, type TableColumns, type TableKind } from "../../../protocol/tables.js";
import type { FromWebview } from "../../../protocol/webview.js";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts } from "../../bench/flame-graph-harness.mjs";
import { syntheticCallers, syntheticColumns } from "../../bench/flame-graph-tree.mjs";
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

/** Five functions against a baseline, ms in each second: `parse` is more, `layout` is gone, `render` new. */
function compared(kind: TableKind = "functions"): TableColumns {
  const changes = (base: readonly number[], next: readonly number[], verdicts: readonly Verdict[]): ChangeColumns => {
    const ms = (values: readonly number[]): string => toBase64(Float64Array.from(values, (value) => value * 1e6));
    const sure = verdicts.map((verdict, row) =>
      verdict === "more" || verdict === "less" ? (next[row] ?? 0) - (base[row] ?? 0) : Number.NaN,
    );
    return {
      base: ms(base),
      next: ms(next),
      low: ms(sure.map((change) => change - 1)),
      high: ms(sure.map((change) => change + 1)),
      verdict: toBase64(Int32Array.from(verdicts, (verdict) => VERDICTS.indexOf(verdict))),
    };
  };
  const total = changes([100, 20, 5, 0, 30], [104, 40, 5, 10, 0], ["noise", "more", "few", "more", "less"]);
  const self = changes([1, 15, 5, 0, 30], [1, 12, 5, 10, 0], ["few", "noise", "few", "more", "less"]);
  const [gone, functions] = [Int32Array.from([0, 1, 2, 3, -6]), Int32Array.from([100, 101, 102, 103, -1])];
  return {
    ...columns(kind, 5),
    id: toBase64(gone),
    function: toBase64(functions),
    difference: { measure: "second", untold: null, self, total },
  };
}

const callers = syntheticCallers(300, syntheticColumns(500).functions);

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

  async function open(
    rowCount: number,
    theme: NonNullable<Parameters<typeof openGraph>[2]["theme"]> = "dark",
    kind: TableKind = "functions",
  ): Promise<Page> {
    const state = { view: {}, table: { parts: "both", kind } };
    const { page, problems } = await openGraph(browser, parts, { tree: columnsFromText(SHOP), theme, state, callers });
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

  test("a comparison has before, after, both changes and the word of the interval; what is sure comes first, and all can be sorted", async () => {
    const page = await open(50);
    await answer(page, compared());
    const texts = async (): Promise<string[]> => (await rows(page).allInnerTexts()).map((text) => text.replaceAll(/\s*\n\s*/g, " | "));
    expect(await texts()).toEqual([
      "layout | 30.0 ms/s | 0 ns/s | −30.0 ms/s | gone | ▼ less | layout:4",
      "parse | 20.0 ms/s | 40.0 ms/s | +20.0 ms/s | +100.0 % | ▲ more | parse:1",
      "render | 0 ns/s | 10.0 ms/s | +10.0 ms/s | new | ▲ more | render:3",
      "main | 100 ms/s | 104 ms/s | +4.00 ms/s | +4.0 % | no more than noise | main",
      "read | 5.00 ms/s | 5.00 ms/s | 0 ns/s | +0.0 % | too small to judge | read:2",
    ]);
    expect(await rows(page).nth(1).locator(".table-verdict").getAttribute("title")).toBe("95 % interval +19.0 ms/s to +21.0 ms/s");
    expect(await rows(page).nth(3).locator(".table-verdict").getAttribute("title")).toBe("");
    const names = (): Promise<string[]> => page.locator(".table-body .table-name").allInnerTexts();
    const head = (name: string) => page.getByRole("columnheader", { name }).getByRole("button");
    await head("Change").click();
    expect(await names()).toEqual(["parse", "render", "main", "read", "layout"]);
    await head("Change").click();
    expect(await names()).toEqual(["layout", "read", "main", "render", "parse"]);
    await head("Relative").click();
    expect(await names()).toEqual(["render", "parse", "main", "read", "layout"]);
    await head("Before").click();
    expect(await names()).toEqual(["main", "layout", "parse", "read", "render"]);
    await head("More than noise?").click();
    await page.getByRole("group", { name: "What of the rows is compared" }).getByRole("button", { name: "Self" }).click();
    expect(await names()).toEqual(["layout", "render", "parse", "main", "read"]);
    // What is gone has no box and no source.
    const opened = (await sent(page, "openRow")).length;
    await rows(page).first().click();
    expect(await sent(page, "openRow")).toHaveLength(opened);
    await answer(page, columns("functions", 50));
    expect(await page.getByRole("columnheader").allInnerTexts()).toEqual(["Self ▾", "Total", "Function", "Place"]);
  });

  test.each(["light", "dark", "high-contrast", "high-contrast-light"] as const)("nothing serious keeps anyone out in %s", async (theme) => {
    const page = await open(50, theme);
    await page.evaluate(axe.source);
    const serious = async (what: string): Promise<string[]> => {
      const found = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] });
        return violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id} ${String(target)} ${html.slice(0, 120)}`));
      });
      return found.map((each) => `${what}: ${each}`);
    };
    await rows(page).nth(1).click();
    const found = await serious("functions");
    for (const kind of TABLE_KINDS.slice(1)) {
      await page.getByRole("tab", { name: kind.replace(/^./, (first) => first.toUpperCase()) }).click();
      await answer(page, columns(kind, 50));
      found.push(...(await serious(kind)));
    }
    await answer(page, compared("waits"));
    await rows(page).nth(1).click();
    found.push(...(await serious("the comparison")));
    await page.screenshot({ path: `.test/pictures/table-compared-${theme}.png` });
    await page.locator(".graph").press("+");
    await page.waitForTimeout(300);
    found.push(...(await serious("the map")));
    await page.locator(".graph").press("c");
    await page.locator(".callers").waitFor();
    found.push(...(await serious("callers and callees")));
    expect(found).toEqual([]);
  });
});
