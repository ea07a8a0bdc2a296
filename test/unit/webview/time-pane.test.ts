import type { Browser, Page } from "@playwright/test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../../profile/base64.js";
import type { TimeLanes, TimeMap } from "../../../protocol/time-map.js";
import type { FromWebview, ToWebview } from "../../../protocol/webview.js";
import {
  bundle,
  type Harness,
  haveBrowser,
  launch,
  type OpenOptions,
  openGraph,
  type PageParts,
  summaryOf,
} from "../../bench/flame-graph-harness.mjs";
import { findingsOf } from "../../support/axe.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const S = 1e9;
const PICTURES = join(import.meta.dirname, "../../../.test/pictures");

/** A minute of a program: busy from 12 s to 14 s, bursts of 20 ms each five seconds, a little all the time. */
function minute(): TimeMap {
  const [columns, rows] = [60, 50];
  const value = new Float64Array(columns * rows);
  for (let cell = 0; cell < value.length; cell++) {
    const column = Math.floor(cell / rows);
    value[cell] = column >= 12 && column < 14 ? 20e6 : column % 5 === 0 && cell % rows === 7 ? 40e6 : (cell * 7919) % 13 === 0 ? 4e6 : 0;
  }
  const total = value.reduce((sum, each) => sum + each, 0);
  const lanes = lanesOf(value, rows);
  return { fromNs: 0, columnNs: S, rows, columns, event: "cpu", unit: "ns", durationNs: 60 * S, total, value: toBase64(value), lanes };
}

/** Two processes, one of them with two threads, waits, a process that is started, and a loss. */
function lanesOf(value: Float64Array, rows: number): TimeLanes {
  const columns = value.length / rows;
  const sums = Array.from({ length: columns }, (_, column) =>
    value.subarray(column * rows, (column + 1) * rows).reduce((a, b) => a + b, 0),
  );
  const shares = [0.8, 0.5, 0.3, 0.15];
  const lane = { thread: -1, tid: 0, marks: [], restMarks: 0 };
  const total = (share: number): number => share * sums.reduce((a, b) => a + b, 0);
  const wait = (from: number, to: number) => ({ kind: "wait", fromNs: from * S, toNs: to * S, what: "lock" }) as const;
  return {
    lanes: [
      {
        ...lane,
        kind: "process",
        pid: 4012,
        name: "python3",
        total: total(0.8),
        marks: [{ kind: "start", fromNs: 20.5 * S, toNs: 20.5 * S, what: "cc1 (4100)" }],
      },
      {
        ...lane,
        kind: "thread",
        pid: 4012,
        tid: 4012,
        thread: 0,
        name: "main",
        total: total(0.5),
        marks: [wait(30, 33), wait(40, 40.02)],
        restMarks: 7,
      },
      { ...lane, kind: "thread", pid: 4012, tid: 4013, thread: 1, name: "worker", total: total(0.3) },
      { ...lane, kind: "process", pid: 4100, name: "cc1", total: total(0.15) },
    ],
    value: toBase64(Float64Array.from(shares.flatMap((share) => sums.map((sum) => sum * share)))),
    restProcesses: 2,
    restThreads: 5,
    restTotal: total(0.05),
    lost: [{ timeNs: 50 * S, lost: 12 }],
  };
}

describe.skipIf(!haveBrowser())("the time heat map", { timeout: 60_000 }, () => {
  let browser: Browser;
  let parts: PageParts;
  let complaints: string[] = [];
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [browser, parts] = await Promise.all([launch(), bundle()]);
  }, 60_000);
  afterAll(() => browser.close());
  afterEach(() => expect(complaints).toEqual([]));

  async function open(options: Partial<OpenOptions> = {}): Promise<Page> {
    const tree = columnsFromText("main 1000000\n  parse 3000000\n    read 2000000");
    const { page, problems } = await openGraph(browser, parts, { tree, timeMap: minute(), ...options });
    complaints = problems;
    await page.locator(".time-plot").waitFor();
    return page;
  }
  const sent = (page: Page): Promise<FromWebview[]> => page.evaluate(() => harness.sent);
  const send = (page: Page, message: ToWebview): Promise<void> => page.evaluate((sending) => harness.send(sending), message);
  /** A point of the plot by column and row, both of them in the middle of their cell. */
  const point = async (page: Page, column: number, row: number): Promise<[number, number]> => {
    const bounds = await page.locator(".time-plot").boundingBox();
    if (!bounds) throw new Error("no plot");
    return [bounds.x + (bounds.width * (column + 0.5)) / 60, bounds.y + 108 * (1 - (row + 0.5) / 50)];
  };
  const drag = async (page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    await page.mouse.move(...(await point(page, ...from)));
    await page.mouse.down();
    await page.mouse.move(...(await point(page, ...to)), { steps: 5 });
    await page.mouse.up();
  };
  const chosen = async (page: Page) => (await sent(page)).filter((message) => message.type === "select").at(-1)?.selection;

  test("a drag chooses from cell to cell, and the range is said with its share", async () => {
    const page = await open();
    expect(await page.locator(".time-words").innerText()).toMatch(/^3\.\d+ s of CPU time in 60 s · drag over a range/);
    await drag(page, [12, 15], [14, 4]);
    expect(await chosen(page)).toEqual({ event: "cpu", fromNs: 12.3 * S, toNs: 14.1 * S });
    expect(await page.locator(".time-words").innerText()).toMatch(/^12\.3 s to 14\.1 s · 1\.7\d s, 5\d\.\d % of all$/);
    // The other way round, it is the same.
    await drag(page, [14, 4], [12, 15]);
    expect(await chosen(page)).toEqual({ event: "cpu", fromNs: 12.3 * S, toNs: 14.1 * S });
    await page.keyboard.down("Shift");
    await drag(page, [20, 49], [18, 3]);
    await page.keyboard.up("Shift");
    expect(await chosen(page)).toEqual({ event: "cpu", fromNs: 18 * S, toNs: 21 * S });
  });

  test("to the last cell the range has the recording's last moment", async () => {
    const page = await open();
    await drag(page, [50, 0], [59, 49]);
    expect(await chosen(page)).toEqual({ event: "cpu", fromNs: 50 * S, toNs: 60 * S + 1 });
  });

  test("a cell tells its time, value and share", async () => {
    const page = await open();
    await page.mouse.move(...(await point(page, 12, 17)));
    expect(await page.locator(".time-tooltip").innerText()).toMatch(/^12\.34 s to 12\.36 s\s+20\.0 ms of CPU time\s+0\.\d+ % of all$/);
    await page.mouse.move(10, 800);
    await expect.poll(() => page.locator(".time-tooltip").isVisible()).toBe(false);
  });

  test("Escape and the button show all of the time again", async () => {
    const page = await open();
    await drag(page, [12, 0], [13, 49]);
    await page.keyboard.press("Escape");
    expect(await chosen(page)).toEqual({ event: "cpu" });
    await drag(page, [12, 0], [13, 49]);
    await page.locator(".time-buttons vscode-button", { hasText: "Show all" }).click();
    expect(await chosen(page)).toEqual({ event: "cpu" });
    // From the graph, too: after the search and the zoom, which are further in.
    await drag(page, [12, 0], [13, 49]);
    await page.locator(".graph").focus();
    await page.keyboard.press("Escape");
    expect(await chosen(page)).toEqual({ event: "cpu" });
  });

  test("keys choose a range, make it the baseline and zoom", async () => {
    const page = await open();
    await page.locator(".time-plot").focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowRight");
    await expect
      .poll(() => page.locator(".time [role=status]").innerText())
      .toMatch(/^12 s to 12\.02 s: 20\.0 ms of CPU time, 0\.\d+ % of all\.$/);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Enter");
    expect(await chosen(page)).toEqual({ event: "cpu", fromNs: 12 * S, toNs: 13.04 * S });
    await page.keyboard.press("+");
    expect(await sent(page)).toContainEqual(expect.objectContaining({ type: "getTimeMap", window: { fromNs: 12 * S, toNs: 13.04 * S } }));
    await page.keyboard.press("b");
    expect((await sent(page)).filter(({ type }) => type === "compareRange")).toEqual([
      { type: "compareRange", range: { fromNs: 12 * S, toNs: 13.04 * S } },
    ]);
    expect(await chosen(page)).toEqual({ event: "cpu" });
  });

  test("an Alt-drag is the baseline of a comparison, and both ranges are drawn", async () => {
    const page = await open({ theme: "light" });
    await drag(page, [30, 10], [40, 20]);
    await page.keyboard.down("Alt");
    await drag(page, [12, 15], [14, 4]);
    await page.keyboard.up("Alt");
    expect(await sent(page)).toContainEqual({ type: "compareRange", range: { fromNs: 12.3 * S, toNs: 14.1 * S } });
    const tree = columnsFromText("main 1000000");
    const baseline = { id: "harness", name: "Harness", durationNs: 60 * S, fromNs: 12.3 * S, toNs: 14.1 * S };
    const selection = { event: "cpu", fromNs: 30.2 * S, toNs: 40.42 * S } as const;
    await send(page, { type: "recording", summary: { ...summaryOf(tree), durationNs: 60 * S, baseline }, selection });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(PICTURES, "time-two-ranges.png") });
  });

  test("another event asks anew, another range does not", async () => {
    const page = await open();
    const asked = async () => (await sent(page)).filter(({ type }) => type === "getTimeMap").length;
    const before = await asked();
    await drag(page, [12, 0], [13, 49]);
    expect(await asked()).toBe(before);
    await page.locator('vscode-dropdown[aria-label="Event"]').click();
    await page.locator("vscode-option:visible", { hasText: "Waiting" }).click();
    await expect.poll(asked).toBe(before + 1);
  });

  test("folded, it stays so after a reload", async () => {
    const page = await open();
    await page.locator(".time-toggle").click();
    expect(await page.locator(".time-plot").isVisible()).toBe(false);
    await expect.poll(() => page.evaluate(() => (harness.state as { timeOpen: boolean }).timeOpen)).toBe(false);
  });

  test.each(["light", "dark", "high-contrast", "high-contrast-light"] as const)(
    "looks right in %s, and holds nothing that axe finds serious",
    async (theme) => {
      const page = await open({ theme });
      await drag(page, [12, 15], [14, 4]);
      await page.mouse.move(...(await point(page, 13, 30)));
      await page.waitForTimeout(200);
      await page.screenshot({ path: join(PICTURES, `time-${theme}.png`) });
      expect(await findingsOf(page.mainFrame())).toEqual([]);
    },
  );
});
