/** The tables beside the flame graph: sorted, filtered, by mouse and by keys, with the graph and the source in step. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { cursorLine, findBox, graphFrame, openFile, runCommand } from "../../scripts/workbench.mjs";
import { runProgram } from "../support/programs.mjs";
import { expectAccessible } from "./accessible.mjs";
import { useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

const SHOP = readFileSync(path.join(root, "test/fixtures/difference/shop.py"), "utf8");
/** A parent and two workers of it that serve the same shop. */
const WORKERS = `import os
import sys

if os.fork() > 0:
    os.fork()
with open("shop.py") as shop:
    exec(compile(shop.read(), "shop.py", "exec"))
`;

/** Pixels of a row of boxes. */
const ROW = 20;

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

test("tables of functions, lines, files, modules and threads follow the graph and the source, and lead to them", async ({ browser }) => {
  const { user, workspace } = stage;
  stage.put("shop.py", SHOP);
  stage.put("workers.py", WORKERS);
  program = runProgram(["python3", "-u", "workers.py", "80000"], { cwd: workspace, uid: user.uid, gid: user.gid });
  const page = await stage.openWindow(browser);
  await openFile(page, "shop.py", 1);
  await stage.record(600);
  await stage.stop();
  await runCommand(page, "Open Flame Graph");
  const graph = graphFrame(page);
  const grid = graph.getByRole("grid");
  const rows = grid.getByRole("row").filter({ has: graph.getByRole("gridcell") });
  const row = (name: RegExp) => rows.filter({ hasText: name });
  const choose = async (label: string) => {
    await graph.getByRole("combobox", { name: /^Show the graph/ }).click();
    await graph.getByRole("option", { name: label, exact: true }).click();
  };

  await test.step("the functions stand below the graph, the costliest first", async () => {
    await expect(graph.locator(".legend")).toContainText("Your code", { timeout: 30_000 });
    await choose("Graph and table");
    await expect(row(/price/)).toHaveCount(1);
    const shares = await rows.locator(".table-self .table-share").allTextContents();
    const numbers = shares.map((text) => Number.parseFloat(text));
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  });

  await test.step("findings are offered above the graph, and lead to their box and to the line", async () => {
    const findings = graph.getByRole("region", { name: "Findings" });
    const places = findings.getByRole("button", { name: /from shop\.py:\d+$/ });
    await expect(places.first()).toBeVisible();
    // Findings of other kinds may stand before it.
    const saysWhoCalls = /: (\S+) calls (.+?), which is not your code\./;
    let [title, line] = ["", 0];
    for (let at = 0; at < (await places.count()) && !saysWhoCalls.test(title); at++) {
      line = Number(/shop\.py:(\d+)/.exec((await places.nth(at).textContent()) ?? "")?.[1]);
      await places.nth(at).click();
      title = (await findings.locator(".findings-text").textContent()) ?? "";
    }
    const [, caller = "", callee = ""] = saysWhoCalls.exec(title) ?? [];
    expect(["price", "tax", "receipt"], title).toContain(caller);
    await expect(graph.locator(".details-name")).toHaveText(callee);
    await findings.getByText(`Open shop.py:${line}`).click();
    await expect.poll(() => cursorLine(page)).toBe(line);
    await stage.picture("findings");
  });

  await test.step("a click on a heading sorts by it, the other way the second time", async () => {
    await grid.getByRole("columnheader", { name: "Total" }).getByRole("button").click();
    await expect(grid.getByRole("columnheader", { name: "Total" })).toHaveAttribute("aria-sort", "descending");
    expect(await rows.first().locator(".table-total .table-share").textContent()).toMatch(/^(100|9\d(\.\d)?) %$/);
    await grid.getByRole("columnheader", { name: "Function" }).getByRole("button").click();
    const names = await rows.locator(".table-name").allTextContents();
    expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
    await grid.getByRole("columnheader", { name: "Total" }).getByRole("button").click();
  });

  await test.step("a row leads into the graph and to the source", async () => {
    await row(/price/).click();
    await expect(graph.locator(".details-name")).toHaveText("price");
    await expect.poll(() => cursorLine(page)).toBeGreaterThan(6);
    expect(await cursorLine(page)).toBeLessThan(11);
    await stage.picture("tables-both");
  });

  await test.step("a box of the graph leads to its row", async () => {
    const point = await findBox(page, "tax");
    await page.mouse.click(point.x, point.y);
    await expect(grid.getByRole("row", { selected: true })).toContainText("tax");
  });

  await test.step("the search filters the rows, and says how many are left", async () => {
    await graph.locator(".search input").fill("rece");
    await expect(rows).toHaveCount(1);
    await expect(graph.locator(".table-count")).toHaveText(/^1 row of \d+ rows$/);
    await graph.locator(".search input").fill("");
    await expect(graph.locator(".table-count")).toHaveText(/^\d+ rows$/);
  });

  await test.step("lines, files, modules and threads have their tables; keys go from row to row and open the source", async () => {
    await choose("Table");
    await expect(graph.locator(".stage")).toBeHidden();
    await graph.getByRole("tab", { name: "Functions" }).press("ArrowRight");
    await expect(graph.getByRole("tab", { name: "Lines" })).toBeFocused();
    await expect(row(/shop\.py:9/).first()).toContainText("price");
    await graph.getByRole("tab", { name: "Files" }).click();
    await expect(row(/shop\.py/)).toContainText(/9\d\.\d %/);
    await graph.getByRole("tab", { name: "Modules" }).click();
    await expect(row(/\[python\]/)).toHaveCount(1);
    await graph.getByRole("tab", { name: "Threads" }).click();
    await expect(row(/python3/).first()).toContainText(/\(\d+\)/);
    await graph.getByRole("tab", { name: "Lines" }).click();
    await grid.getByRole("columnheader", { name: "Self" }).getByRole("button").click();
    await graph.locator(".search input").fill("shop.py");
    await expect(rows).not.toHaveCount(0);
    await grid.focus();
    await page.keyboard.press("Home");
    const [first = "", line = "0"] = /shop\.py:(\d+)/.exec((await grid.getByRole("row", { selected: true }).textContent()) ?? "") ?? [];
    expect(first, "the costliest line is of the program").not.toBe("");
    await page.keyboard.press("Enter");
    await expect.poll(() => cursorLine(page)).toBe(Number(line));
    await graph.locator(".search input").fill("");
  });

  await test.step("workers of one program are merged by the switch, in the choice of processes, in the table and below the graph", async () => {
    await graph.getByRole("tab", { name: "Threads" }).click();
    const workers = graph.getByRole("combobox", { name: /^Workers of one program/ });
    const merge = async (label: string) => {
      await workers.click();
      await graph.getByRole("option", { name: label, exact: true }).click();
    };
    await expect(row(/python3/)).toHaveCount(3);
    await merge("Workers merged (2)");
    await expect(row(/python3/)).toHaveCount(2);
    await stage.picture("tables-workers");
    await graph.getByRole("combobox", { name: /^Process/ }).click();
    await graph.getByRole("option", { name: "(2 workers merged)" }).click();
    await expect(row(/python3/)).toHaveCount(1);
    await choose("Graph");
    await expect(graph.locator(".status-facts")).toContainText(/2 workers/);
    await stage.picture("graph-workers");
    await merge("Each worker");
    await expect(graph.locator(".status-facts")).not.toContainText(/workers/);
    await choose("Table");
    await expect(row(/python3/)).toHaveCount(3);
    await graph.getByRole("tab", { name: "Functions" }).click();
  });

  await test.step("nothing keeps anyone out of any view, in any theme", async () => {
    const pick = async (list: RegExp, label: string) => {
      await graph.getByRole("combobox", { name: list }).click();
      await graph.getByRole("option", { name: label, exact: true }).click();
    };
    await inEachTheme(stage, async (theme) => {
      const look = async (what: string) => {
        await stage.picture(`${what}-${theme}`);
        await expectAccessible(page, `${what} in ${theme}`);
      };
      for (const kind of ["Functions", "Lines", "Files", "Modules", "Threads"]) {
        await graph.getByRole("tab", { name: kind }).click();
        await expect(rows).not.toHaveCount(0);
        await look(`table-${kind.toLowerCase()}`);
      }
      await graph.getByRole("tab", { name: "Waits" }).click();
      await pick(/^Event/, "Waiting time");
      await expect(row(/sleep/i)).not.toHaveCount(0);
      await look("table-waits");
      await pick(/^Event/, "CPU time");
      await graph.getByRole("tab", { name: "Functions" }).click();
      await choose("Graph");
      for (const direction of ["Bottom-up", "By time", "Top-down"]) {
        await pick(/^Direction/, direction);
        await expect(graph.locator(".legend")).toContainText("Your code");
        await look(`graph-${direction.toLowerCase().replace(" ", "-")}`);
      }
      const box = await findBox(page, "price");
      await page.mouse.click(box.x, box.y);
      await graph.locator(".graph").press("z");
      await expect(graph.getByRole("slider", { name: /^Map of the whole graph/ })).toBeVisible();
      await graph.locator(".graph").press("c");
      await expect(graph.locator(".callers")).toBeVisible();
      const room = await graph.locator(".graph").boundingBox();
      expect((room?.height ?? 0) / ROW, "rows of the graph above the callers and callees").toBeGreaterThanOrEqual(5);
      await look("graph-callers");
      await graph.locator(".callers-head vscode-button", { hasText: "Close" }).click();
      await graph.locator(".graph").press("0");
      await choose("Table");
    });
  });
});
