import type { Browser, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../../profile/base64.js";
import {
  type CallersAndCallees,
  type SmallNode,
  type TreeColumns,
  type TreeDifference,
  type Verdict,
  VERDICTS,
} from "../../../protocol/queries.js";
import type { FromWebview, ToWebview } from "../../../protocol/webview.js";
import { benchTable, runFlameGraphBench } from "../../bench/flame-graph-bench.mjs";
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
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const SHOP = `
  main 1000000
    parse 3000000
      read 2000000
    render 0
      layout 3000000
      paint 1000000
`;

/** The real page in a real browser. Rows are 20 px high; the graph is as wide as the window, but for its scroll bar. */
describe.skipIf(!haveBrowser())("the flame graph's page", { timeout: 60_000 }, () => {
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

  async function open(tree: TreeColumns | null, options: Partial<OpenOptions> = {}): Promise<Page> {
    const { page, problems } = await openGraph(browser, parts, { tree, ...options });
    complaints = problems;
    return page;
  }
  const sent = (page: Page): Promise<FromWebview[]> => page.evaluate(() => harness.sent);
  const send = (page: Page, message: ToWebview): Promise<void> => page.evaluate((sending) => harness.send(sending), message);
  const details = (page: Page): Promise<string> => page.locator(".details-name").innerText();
  const kept = async (page: Page): Promise<{ anchor: { path: string[]; from: number; to: number }; scrollTop: number }> => {
    await page.waitForTimeout(500); // the view rests, then it is kept
    return page.evaluate(() => harness.state as never);
  };
  /** Middle of a box by its row and its place in the full width. */
  const boxAt = async (page: Page, row: number, share: number): Promise<[number, number]> => {
    const bounds = await page.locator(".graph").boundingBox();
    if (!bounds) throw new Error("no graph");
    return [bounds.x + bounds.width * share, bounds.y + row * 20 + 10];
  };

  test("a comparison says with what, is blue and orange with words for it, and can be left", async () => {
    const columns = columnsFromText(SHOP);
    // Halves of what both sides have together: parse was 2 and is 8, render is as it was, layout was 6 and is gone, paint is new.
    const base = [10, 10, 2, 1, 8, 6, 0];
    const value = [10, 10, 5, 2, 4, 3, 1];
    const nodes = (values: readonly number[]) =>
      toBase64(Float64Array.from({ length: columns.nodes }, (_, node) => (values[node] ?? 0) * 1e6));
    const verdicts: readonly Verdict[] = ["noise", "noise", "more", "few", "noise", "less", "more"];
    const difference: TreeDifference = {
      measure: "second",
      scale: 2,
      untold: null,
      base: nodes(base),
      low: nodes([-1, -1, 4, Number.NaN, -1, -7, 1]),
      high: nodes([1, 1, 7, Number.NaN, 1, -5, 3]),
      verdict: toBase64(Int32Array.from(verdicts, (verdict) => VERDICTS.indexOf(verdict))),
    };
    const tree = { ...columns, value: nodes(value), self: nodes([0, 0, 3, 2, 0, 3, 1]), difference };
    const page = await open(tree);
    const summary = { ...summaryOf(tree), baseline: { id: "before", name: "before, 08:14", durationNs: 4e9 } };
    await send(page, { type: "recording", summary, selection: { event: "cpu" } });
    await page.locator(".comparison").waitFor();
    expect(await page.locator(".comparison").innerText()).toContain(
      "Compared with “before, 08:14” · cost in each second of wall time · ▲ more, ▼ less",
    );
    expect(await page.locator(".legend").innerText()).toMatch(/▼ Less, by half or more[^]*▲ More, by half or more[^]*Too small to judge/);
    await page.mouse.move(...(await boxAt(page, 2, 0.1)));
    await expect
      .poll(() => page.locator(".tooltip-costs").innerText())
      .toMatch(/1\.00 ms\/s → 4\.00 ms\/s, \+300\.0 % \(95 % interval \+200\.0 % to \+350\.0 %\): more/);
    await page.mouse.click(...(await boxAt(page, 3, 0.6)));
    expect(await page.locator(".details-costs").innerText()).toMatch(/^3\.00 ms\/s → 0 ns\/s, only in the base .*: less · of /);
    await page.locator(".comparison vscode-button").click();
    expect(await sent(page)).toContainEqual({ type: "stopComparing" });
  });

  test("a click selects the box and opens its source without taking the focus; a second one zooms in", async () => {
    const page = await open(columnsFromText(SHOP));
    await page.mouse.click(...(await boxAt(page, 2, 0.1)));
    expect(await details(page)).toBe("parse");
    expect(await sent(page)).toContainEqual({ type: "openSource", function: 101, selection: { event: "cpu" }, preserveFocus: true });
    const opened = async () => (await sent(page)).filter((message) => message.type === "openSource").length;
    const before = await opened();
    await page.waitForTimeout(450);
    await page.mouse.dblclick(...(await boxAt(page, 2, 0.1)));
    expect((await kept(page)).anchor).toMatchObject({
      path: [expect.stringContaining("main"), expect.stringContaining("parse")],
      from: 0,
      to: 1,
    });
    expect(await opened()).toBe(before + 1);
    await page.locator(".graph").press("Escape");
    expect((await kept(page)).anchor.path).toEqual([expect.stringContaining("main")]);
  });

  test("everything can be reached with the keyboard, and a screen reader is told where it is", async () => {
    const page = await open(columnsFromText(SHOP));
    const graph = page.locator(".graph");
    for (const key of ["Home", "ArrowDown", "ArrowDown", "ArrowDown"]) await graph.press(key);
    expect(await details(page)).toBe("read");
    const active = (await graph.getAttribute("aria-activedescendant")) ?? "";
    expect(await page.locator(`#${active}`).textContent()).toContain(
      "read, total 2.00 ms (20.0 %), self 2.00 ms (20.0 %), Your code · Python, /src/read.py:3",
    );
    await graph.press("ArrowRight");
    expect(await details(page)).toBe("layout");
    await graph.press("ArrowUp");
    expect(await page.locator("[role=treeitem]").allTextContents()).toEqual(
      ["main", "render", "layout", "paint"].map((name) => expect.stringContaining(`${name}, total`)),
    );
    await graph.press("o");
    await graph.press("c");
    expect((await sent(page)).slice(-2)).toMatchObject([
      { type: "openSource", function: 103, preserveFocus: false },
      { type: "getCallers", function: 103 },
    ]);
    await graph.press("/");
    await page.keyboard.type("layout");
    expect(await page.locator(".matches").innerText()).toBe("30.0 % in 1 box");
    await page.keyboard.press("Enter");
    expect(await details(page)).toBe("layout");
    await page.keyboard.press("Escape");
    expect(await page.locator(".matches").innerText()).toBe("");
    await page.keyboard.press("z");
    expect((await kept(page)).anchor.path.at(-1)).toContain("layout");
  });

  test("Ctrl and the wheel zoom at the pointer, a drag moves, the wheel alone does neither", async () => {
    const page = await open(columnsFromText(SHOP));
    await page.mouse.move(...(await boxAt(page, 1, 0.5)));
    await page.mouse.wheel(0, 120);
    expect((await kept(page)).anchor).toMatchObject({ from: 0, to: 1 });
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -200);
    await page.keyboard.up("Control");
    const zoomed = (await kept(page)).anchor;
    expect(zoomed.from).toBeGreaterThan(0.1);
    expect(zoomed.from + zoomed.to).toBeCloseTo(1, 1);
    const asked = (await sent(page)).length;
    await page.mouse.down();
    await page.mouse.move(...(await boxAt(page, 1, 0.6)), { steps: 4 });
    await page.mouse.up();
    const moved = (await kept(page)).anchor;
    expect(moved.from).toBeLessThan(zoomed.from);
    expect(moved.to - moved.from).toBeCloseTo(zoomed.to - zoomed.from, 6);
    expect(await sent(page)).toHaveLength(asked); // a drag is no click
  });

  test("zoom, selection and search stay while a live recording grows, and come back after a reload", async () => {
    const live = { ...summaryOf(columnsFromText(SHOP)), live: true };
    const page = await open(columnsFromText(SHOP), { summary: live });
    await page.mouse.click(...(await boxAt(page, 2, 0.1)));
    await page.locator(".graph").press("z");
    await page.locator("vscode-text-field input").fill("read");
    const before = await kept(page);
    const grown = columnsFromText(`boot 9000000\n${SHOP.replaceAll(/^ {2}/gm, "")}`);
    await page.evaluate((columns) => (harness.columns = columns), grown);
    await send(page, { type: "recording", summary: { ...live, durationNs: 99e9 }, selection: { event: "cpu" } });
    await page.locator(".matches", { hasText: "10.5 %" }).waitFor();
    expect((await kept(page)).anchor).toEqual(before.anchor);
    expect(await details(page)).toBe("parse");
    const again = await open(grown, { state: await page.evaluate(() => harness.state) });
    expect((await kept(again)).anchor).toEqual(before.anchor);
    expect(await details(again)).toBe("parse");
    expect(await again.locator(".matches").innerText()).toBe("10.5 % in 1 box");
  });

  test("names from a hostile program are text and nothing else", async () => {
    const columns = columnsFromText("main 1\n  evil 5");
    const evil = `<img src=x onerror="document.title='pwned'">\u202Ecod.exe`;
    const callers = { ...answerOf("evil"), callers: { ...box("evil"), name: evil, children: [{ ...box("b"), name: evil }] } };
    const page = await open({ ...columns, functions: { ...columns.functions, name: ["main", evil] } }, { callers });
    const [x, y] = await boxAt(page, 2, 0.3);
    await page.mouse.click(x, y);
    await page.locator(".graph").press("c");
    await page.mouse.move(x + 9, y);
    expect(await page.locator(".tooltip-name").innerText()).toContain("<img src=x");
    await page.locator(".callers-name", { hasText: "<img" }).first().waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe("Flame Graph");
    expect(await page.locator("body").innerHTML()).not.toContain("\u202E");
  });

  test("a box of the callers' graph asks for that function, from its list too, and back again", async () => {
    const page = await open(columnsFromText(SHOP), { callers: answerOf("parse") });
    await page.mouse.click(...(await boxAt(page, 2, 0.1)));
    await page.locator("vscode-button", { hasText: "Callers and callees" }).click();
    await page.locator(".callers-title", { hasText: "parse" }).waitFor();
    expect(await page.locator(".chart g").count()).toBe(4);
    await page.locator(".chart g", { hasText: "callee" }).click();
    await page.locator(".callers-lists button", { hasText: "caller" }).click();
    const asked = (await sent(page)).flatMap((message) => (message.type === "getCallers" ? [message.function] : []));
    expect(asked).toEqual([101, 71, 70]);
    await page.locator(".callers").press("Escape");
    expect(await page.locator(".callers").isVisible()).toBe(false);
  });

  test("the callers' graph is drawn at once: each box with its name, as wide as its share, over or under the one that it calls", async () => {
    const answer = answerOf("parse");
    const callers = {
      ...box("parse", 101),
      children: [
        { ...box("often", 72), value: 3e6 },
        { ...box("rarely", 73), value: 2e6 },
      ],
    };
    const page = await open(columnsFromText(SHOP), { callers: { ...answer, callers } });
    await page.mouse.click(...(await boxAt(page, 2, 0.1)));
    await page.locator("vscode-button", { hasText: "Callers and callees" }).click();
    const chart = page.locator(".chart").first();
    await chart.locator("g").first().waitFor();
    const boxes = await chart.locator("g").evaluateAll((groups) =>
      groups.map((group) => {
        const { x, y, width, height } = group.querySelector("rect")?.getBoundingClientRect() ?? new DOMRect();
        const text = group.querySelector(".d3-flame-graph-label")?.textContent;
        return { text, x, y, width, height, title: group.querySelector("title")?.textContent };
      }),
    );
    const [parse, often, rarely] = ["parse", "often", "rarely"].map((name) => boxes.find(({ text }) => text === name));
    if (!parse || !often || !rarely) throw new Error(`not all boxes are there: ${JSON.stringify(boxes)}`);
    expect(boxes).toHaveLength(3);
    const whole = await chart.locator("svg").boundingBox();
    expect([parse.x, parse.width]).toEqual([whole?.x, whole?.width]);
    expect(parse.width).toBeGreaterThan(100);
    expect([often.width, rarely.width].map((width) => Math.round((100 * width) / parse.width))).toEqual([60, 40]);
    expect([often.x, rarely.x].map((x) => Math.round(x))).toEqual([parse.x, parse.x + often.width].map((x) => Math.round(x)));
    expect([often.y, rarely.y]).toEqual([parse.y - 20, parse.y - 20]);
    expect(boxes.map(({ height }) => height)).toEqual([20, 20, 20]);
    expect(often.title).toContain("often");
  });

  test("a process that is chosen is asked for, and told to all views", async () => {
    const page = await open(columnsFromText(SHOP));
    const processes = page.locator("vscode-dropdown[aria-label=Process]");
    await processes.click();
    await processes.locator("vscode-option", { hasText: "node (4100)" }).click();
    expect((await sent(page)).filter(({ type }) => type !== "getFindings").slice(-3)).toMatchObject([
      { type: "select", selection: { event: "cpu", pids: [4100] } },
      { type: "getTree", selection: { pids: [4100] } },
      { type: "getTimeMap", selection: { pids: [4100] } },
    ]);
  });

  test("nothing to show is said in words, and so is a failure", async () => {
    const none = await open(null, { summary: null });
    expect(await none.locator(".empty").innerText()).toContain("No recording is open");
    const columns = columnsFromText("main 0", { samples: 0 });
    const empty = await open(columns, { summary: summaryOf(columns) });
    expect(await empty.locator(".empty").innerText()).toContain("No samples of CPU time");
    await send(empty, { type: "failed", request: 0, message: "The source was not found." });
    await empty.locator("[role=alert]", { hasText: "The source was not found." }).waitFor();
  });

  test("colours follow the theme", async () => {
    const page = await open(columnsFromText(SHOP), { theme: "dark" });
    const corner = () =>
      page.evaluate(() => {
        const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const canvas = document.querySelector<HTMLCanvasElement>(".graph canvas");
        if (canvas) copy?.drawImage(canvas, 0, 0);
        return [...(copy?.getImageData(3, 25, 1, 1).data ?? [])].slice(0, 3);
      });
    const dark = await corner();
    await page.evaluate(() => (document.body.className = "vscode-light"));
    await page.waitForTimeout(100);
    const light = await corner();
    expect(Math.max(...dark)).toBeLessThan(200);
    expect(Math.min(light[0] ?? 0, light[1] ?? 0)).toBeGreaterThan(150);
  });

  test("3,000 rows can be scrolled to the last, and the view comes back there", async () => {
    const rows = Array.from({ length: 3000 }, (_, row) => `${"  ".repeat(row)}f${row} 0`);
    const columns = columnsFromText(`${rows.join("\n")}\n${"  ".repeat(3000)}leaf 5000000`);
    const page = await open(columns);
    await page.locator(".graph").evaluate((graph) => graph.scrollTo(0, 1e9));
    await page.waitForTimeout(100);
    const { height = 0 } = (await page.locator(".graph").boundingBox()) ?? {};
    const top = (await kept(page)).scrollTop;
    await page.mouse.click(...(await boxAt(page, 3001 - top / 20, 0.5)));
    expect(await details(page)).toBe("leaf");
    expect(top).toBeGreaterThan(60_000 - height);
    const again = await open(columns, { state: await page.evaluate(() => harness.state) });
    expect((await kept(again)).scrollTop).toBe(top);
  });

  test("the bench runs, at a thousandth of its size", async () => {
    const rows = await runFlameGraphBench(0.001);
    expect(rows.map((row) => row.action)).toEqual(["zoom", "pan", "scroll", "search", "click zoom"]);
    expect(rows.every((row) => row.nodes === 1000 && row.median > 0 && row.work >= 0)).toBe(true);
    expect(benchTable(rows).split("\n")).toHaveLength(7);
  });
});

function box(name: string, fn = 70): SmallNode {
  return { name, value: 5e6, function: fn, owner: "mine", children: [] };
}

function answerOf(name: string): CallersAndCallees {
  return {
    function: { function: 101, name, language: "python", owner: "mine", file: null, line: null, self: 3e6, total: 5e6 },
    total: 10e6,
    callers: { ...box(name, 101), children: [box("caller", 70)] },
    callees: { ...box(name, 101), children: [box("callee", 71)] },
    folded: 0,
  };
}
