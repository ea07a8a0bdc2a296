import type { Browser, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../../protocol/findings.js";
import type { FromWebview } from "../../../protocol/webview.js";
import { nodeOfFinding } from "../../../webview/finding-marks.js";
import { decodeTree, nodeName } from "../../../webview/graph-tree.js";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts } from "../../bench/flame-graph-harness.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

const SHOP = `
  main 1000000
    parse 3000000
      read 2000000
    render 0
      read 4000000
`;
const tree = decodeTree(columnsFromText(SHOP));
/** A finding on the box at the end of a way; ids are those of the tree's functions. */
function finding(way: string, share = 0.5): Finding {
  const frames = way.split(" ").map((name) => tree.functions.id[tree.functions.name.indexOf(name)] ?? -1);
  return {
    id: way,
    kind: "test",
    title: `main calls ${way}`,
    event: "cpu",
    share,
    places: [{ location: { file: "/w/app.py", line: 7 }, functionName: "main" }],
    frames,
    advice: "Call it less often.",
  };
}

test("a finding is on the box of its frames, else on the widest of its function, else on none", () => {
  const boxOf = (frames: readonly number[]) => nodeOfFinding(tree, { ...finding("main"), frames });
  const { frames } = finding("main parse read");
  expect(tree.depth[boxOf(frames)]).toBe(3);
  expect(nodeName(tree, tree.parent[boxOf(frames)] ?? 0)).toBe("parse");
  // In a graph that is turned the way is another: the wider of the two is below render.
  expect(nodeName(tree, tree.parent[boxOf(frames.slice(1))] ?? 0)).toBe("render");
  expect(boxOf([12_345])).toBe(-1);
  expect(boxOf([])).toBe(-1);
});

/** The real page in a real browser. */
describe.skipIf(!haveBrowser())("the page with findings", { timeout: 60_000 }, () => {
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

  const sent = (page: Page): Promise<FromWebview[]> => page.evaluate(() => harness.sent);
  /** The drawing as a picture. */
  const drawn = (page: Page): Promise<string> => page.locator(".graph canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

  test("numbers them on their boxes, offers them in a list, and says the chosen one in full with its line", async () => {
    const { page, problems } = await openGraph(browser, parts, { tree: columnsFromText(SHOP) });
    complaints = problems;
    const before = await drawn(page);
    const request = (await sent(page)).findLast((message) => message.type === "getFindings")?.request ?? 0;
    const findings = [finding("main render read", 0.4), finding("main parse", 0.25)];
    await page.evaluate((message) => harness.send(message), { type: "findings" as const, request, findings });
    await page.locator(".findings").waitFor();
    expect(await page.locator(".findings-list button").allInnerTexts()).toEqual([
      expect.stringMatching(/^1\s+40\.0 % from app\.py:7$/),
      expect.stringMatching(/^2\s+25\.0 % from app\.py:7$/),
    ]);
    await expect.poll(() => drawn(page)).not.toBe(before);

    await page.locator(".findings-list button").nth(1).click();
    expect(await page.locator(".details-name").innerText()).toBe("parse");
    expect(await page.locator(".findings-text").innerText()).toBe("25.0 %: main calls main parse. Call it less often.");
    await page.locator(".findings-chosen vscode-button").click();
    expect(await sent(page)).toContainEqual({ type: "openFinding", id: "main parse" });

    // The box leads to it, too; another box to none.
    await page.locator(".graph").focus();
    await page.locator(".graph").press("ArrowUp");
    expect(await page.locator(".details-name").innerText()).toBe("main");
    expect(await page.locator(".findings-chosen").isVisible()).toBe(false);
    await page.locator(".graph").press("ArrowDown");
    await page.locator(".graph").press("ArrowRight");
  });
});
