import type { Browser, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CodeOwner, TreeColumns } from "../../../protocol/queries.js";
import type { FromWebview, GraphShape } from "../../../protocol/webview.js";
import { at, decodeTree, type GraphTree, nodeName } from "../../../webview/graph-tree.js";
import { NO_SHAPE, shapeTree } from "../../../webview/shape.js";
import { shapedWords } from "../../../webview/words.js";
import { bundle, type Harness, haveBrowser, launch, openGraph, type PageParts } from "../../bench/flame-graph-harness.mjs";
import { findingsOf } from "../../support/axe.mjs";
import { columnsFromText } from "./tree-text.js";

declare const harness: Harness;

/** lib_ is a library's, py_ the runtime's, sys_ the kernel's. */
const owned = (columns: TreeColumns): TreeColumns => {
  const ownerOf = (name: string): CodeOwner =>
    name.startsWith("lib_") ? "library" : name.startsWith("py_") ? "runtime" : name.startsWith("sys_") ? "kernel" : "mine";
  return { ...columns, functions: { ...columns.functions, owner: columns.functions.name.map(ownerOf) } };
};
const PROGRAM = `
  main 1
    py_eval 2
      parse 3
        lib_json 4
          py_alloc 5
            sys_brk 6
          hook 7
    render 10
      parse 8
`;

/** A line a box: name, total, own. */
function format(tree: GraphTree): string {
  return Array.from({ length: tree.count }, (_, node) => {
    expect(at(tree.left, node)).toBeGreaterThanOrEqual(node === 0 ? 0 : at(tree.left, at(tree.parent, node)));
    return `${"  ".repeat(at(tree.depth, node))}${nodeName(tree, node)} ${at(tree.value, node)} ${at(tree.self, node)}`;
  }).join("\n");
}
const shaped = (change: Partial<GraphShape>, text = PROGRAM): GraphTree =>
  shapeTree(decodeTree(owned(columnsFromText(text))), { ...NO_SHAPE, ...change }, "top-down");

describe("boxes taken into others", () => {
  test("other code is folded into its callers, with what it took, and is counted", () => {
    const tree = shaped({ fold: "libraries" });
    expect(format(tree)).toBe(
      ["all 46 0", "  main 46 3", "    parse 25 18", "      hook 7 7", "    render 18 10", "      parse 8 8"].join("\n"),
    );
    expect(shapedWords(tree)).toBe("4 boxes of other code folded into their callers");
  });

  test("the kernel alone", () => {
    const tree = shaped({ fold: "kernel" });
    expect(format(tree)).toContain("py_alloc 11 11");
    expect(tree.shaped).toEqual({ folded: 1, recursive: 0, hidden: 0 });
  });

  test("recursion becomes one box, directly and by way of others", () => {
    const tree = shaped({ recursion: true }, "walk 1\n  walk 2\n    visit 3\n      walk 4\n        leaf 5\n  visit 6");
    expect(format(tree)).toBe(["all 21 0", "  walk 21 7", "    visit 9 9", "    leaf 5 5"].join("\n"));
    expect(shapedWords(tree)).toBe("2 recursive calls merged");
  });

  test("a hidden function's cost is its callers'", () => {
    const tree = shaped({ hidden: ["parse\n/src/parse.py\n"] });
    expect(format(tree)).toContain("render 18 18");
    expect(format(tree)).not.toContain("parse");
    expect(shapedWords(tree)).toBe("2 boxes of hidden functions, too");
  });

  test("from the leaves each cost stays in the first row that is left", () => {
    const up = decodeTree(owned(columnsFromText("sys_read 4\n  lib_io 0\n    main 0\nmain 6")));
    const tree = shapeTree({ ...up, value: Float64Array.of(10, 4, 4, 4, 6) }, { ...NO_SHAPE, fold: "libraries" }, "bottom-up");
    expect(format(tree)).toContain("main 10 10");
  });

  test("what the server left out stays in its caller; the whole stays the whole", () => {
    const columns = owned(columnsFromText(PROGRAM));
    const tree = decodeTree(columns);
    tree.value[0] = 50;
    const after = shapeTree({ ...tree, total: 50 }, { ...NO_SHAPE, fold: "kernel" }, "top-down");
    expect([at(after.value, 0), at(after.value, 1)]).toEqual([50, 46]);
  });

  test("nothing chosen is the very same tree", () => {
    const tree = decodeTree(columnsFromText(PROGRAM));
    expect(shapeTree(tree, NO_SHAPE, "top-down")).toBe(tree);
  });
});

describe.skipIf(!haveBrowser())("the menu of a box", { timeout: 60_000 }, () => {
  let browser: Browser;
  let parts: PageParts;
  let complaints: string[] = [];
  beforeAll(async () => {
    [browser, parts] = await Promise.all([launch(), bundle()]);
  }, 60_000);
  afterAll(() => browser.close());
  afterEach(() => expect(complaints).toEqual([]));

  async function open(): Promise<Page> {
    const tree = owned(columnsFromText(PROGRAM.replace(/\d+/g, "$&000000")));
    const { page, problems } = await openGraph(browser, parts, { tree });
    complaints = problems;
    return page;
  }
  const sent = (page: Page): Promise<FromWebview[]> => page.evaluate(() => harness.sent);
  async function rightClick(page: Page, row: number, share: number): Promise<void> {
    const bounds = await page.locator(".graph").boundingBox();
    if (!bounds) throw new Error("no graph");
    await page.mouse.click(bounds.x + bounds.width * share, bounds.y + row * 20 + 10, { button: "right" });
  }
  const choose = (page: Page, label: string) => page.locator(".menu button", { hasText: label }).click();

  test("opens by right click, hides a function, says so, and shows it again", async () => {
    const page = await open();
    await rightClick(page, 3, 0.1);
    expect(await page.locator(".details-name").innerText()).toBe("parse");
    await page.screenshot({ path: ".test/pictures/box-menu.png" });
    expect(await findingsOf(page.mainFrame())).toEqual([]);
    await choose(page, "Hide This Function");
    await expect.poll(() => page.locator(".status-shaped").innerText()).toBe("2 boxes of hidden functions, too");
    await page.locator(".status vscode-button", { hasText: "Unfold" }).click();
    await expect.poll(() => page.locator(".status-shaped").innerText()).toBe("");
  });

  test("copies a stack, and shows the function in the other direction", async () => {
    const page = await open();
    await rightClick(page, 3, 0.1);
    await choose(page, "Copy Stack as Text");
    const copied = (await sent(page)).findLast((message) => message.type === "copy");
    expect(copied?.text).toMatch(
      /^parse: 25\.0 ms[^]*\n {2}parse \(\/src\/parse\.py:3\)\n {2}py_eval [^]*\n {2}main \(\/src\/main\.py:1\)$/,
    );
    await rightClick(page, 3, 0.1);
    await choose(page, "Show in Bottom-up");
    expect((await sent(page)).findLast((message) => message.type === "getTree")).toMatchObject({ direction: "bottom-up" });
  });

  test("by keys: the menu opens at the selected box, arrows move, Escape gives the focus back", async () => {
    const page = await open();
    await page.locator(".graph").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+F10");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Open Source");
    await page.keyboard.press("ArrowUp");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Merge Recursion");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("graph");
  });

  test("one list folds libraries, the runtime and the kernel", async () => {
    const page = await open();
    await page.locator('vscode-dropdown[aria-label^="Boxes that are folded"]').click();
    await page.locator("vscode-option:visible", { hasText: "Your code only" }).click();
    await expect.poll(() => page.locator(".status-shaped").innerText()).toBe("4 boxes of other code folded into their callers");
  });

  test("by time a tree keeps its shape, and says of which thread it is", async () => {
    const page = await open();
    const thread = { name: "worker", tid: 77, of: 3, step: 4 };
    await page.evaluate((columns) => (harness.columns = columns), { ...columnsFromText("main 4000000"), thread });
    await page.locator('vscode-dropdown[aria-label^="Direction"]').click();
    await page.locator("vscode-option:visible", { hasText: "By time" }).click();
    const asked = (await sent(page)).findLast((message) => message.type === "getTree");
    expect(asked).toMatchObject({ direction: "by-time" });
    await expect
      .poll(() => page.locator(".status-facts").innerText())
      .toContain("thread worker (77) in the order of time, the busiest of 3 threads: choose another one above; one sample drawn for 4");
    await rightClick(page, 1, 0.5);
    expect(await page.locator(".menu").innerText()).not.toContain("Merge Recursion");
  });

  test("a search between slashes is a regular expression", async () => {
    const page = await open();
    await page.locator(".search input").fill("/^lib_|hook$/");
    await expect.poll(() => page.locator(".matches").innerText()).toBe("47.8 % in 2 boxes");
    await page.locator(".search input").fill("/(/");
    await expect.poll(() => page.locator(".matches").innerText()).toBe("No match");
  });
});
