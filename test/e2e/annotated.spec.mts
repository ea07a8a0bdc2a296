/** What each line of a function costs, beside its source: from the palette, the graph, the table and a hover, also outside of the workspace. */
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { goToLine, graphFrame, hoverText, openFile, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { runProgram } from "../support/programs.mjs";
import { useStage } from "./stage.mjs";

/** Half of its time in its own loop, half in the language's library, which is written in Python for indented JSON. */
const REPORT = `import json


def weigh(count):
    total = 0
    for step in range(count):
        total += step % 7
    return total


def report():
    rows = [{"name": str(row), "tags": ["a", "b"]} for row in range(200)]
    return json.dumps(rows, indent=2)


while True:
    weigh(60000)
    report()
`;
const THEMES = { light: "Default Light Modern", "high-contrast": "Default High Contrast", dark: "Default Dark Modern" };

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

/** The columns before the visible lines of the active editor, by line number. */
async function columnsOf(page: Page): Promise<Map<number, string>> {
  const tops = new Map((await visibleLines(page)).map(({ line, top }) => [top, line]));
  const found = await page.evaluate(() => {
    const editor = document.querySelector(".editor-group-container.active .monaco-editor") ?? document.querySelector(".monaco-editor");
    return [...(editor?.querySelectorAll(".view-lines .view-line") ?? [])].map((row) => ({
      top: Math.round(row.getBoundingClientRect().top),
      text: [...row.querySelectorAll("span")]
        .map((span) => getComputedStyle(span, "::before").content)
        .filter((content) => content.includes("│"))
        .join(""),
    }));
  });
  return new Map(
    found.flatMap(({ top, text }) => (text === "" ? [] : [[tops.get(top) ?? 0, text.replaceAll(/["\u00a0]+/g, " ").trim()] as const])),
  );
}

test("a function's lines have their costs beside them, in the workspace and in the language's library", async ({ browser }) => {
  test.setTimeout(300_000);
  const { user, workspace } = stage;
  stage.put("report.py", REPORT);
  program = runProgram(["python3", "-u", "report.py"], { cwd: workspace, uid: user.uid, gid: user.gid });
  const page = await stage.openWindow(browser);
  await openFile(page, "report.py", 1);
  await stage.record(1500);
  await stage.stop();
  const graph = graphFrame(page);

  await test.step("the palette annotates the function at the cursor, and takes it back", async () => {
    await goToLine(page, 7);
    await runCommand(page, "Show Costs Beside the Function's Lines");
    await expect.poll(async () => (await columnsOf(page)).get(4)).toMatch(/^self +total +share │$/);
    const columns = await columnsOf(page);
    expect([...columns.keys()].toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7, 8]);
    expect(columns.get(7)).toMatch(/^\d.* m?s \d.* m?s \d+\.\d % │$/);
    await stage.picture("annotated");
    await runCommand(page, "Show Costs Beside the Function's Lines");
    await expect.poll(async () => (await columnsOf(page)).size).toBe(0);
  });

  await test.step("a hover leads there", async () => {
    expect(await hoverText(page, 7)).toContain("Costs of the function's lines");
    await page.locator(".monaco-hover:visible a", { hasText: "Costs of the function" }).first().click();
    await expect.poll(async () => (await columnsOf(page)).get(7)).toMatch(/% │$/);
  });

  await test.step("the table leads to a function of the language's library, outside of the workspace", async () => {
    await runCommand(page, "Open Flame Graph");
    await expect(graph.locator(".legend")).toContainText("Your code", { timeout: 30_000 });
    await graph.getByRole("combobox", { name: /^Show the graph/ }).click();
    await graph.getByRole("option", { name: "Graph and table", exact: true }).click();
    await graph.locator(".search input").fill("_iterencode_dict");
    const row = graph.getByRole("grid").getByRole("row").filter({ hasText: "_iterencode_dict" }).first();
    await row.click();
    await expect(graph.locator(".details-name")).toContainText("_iterencode_dict");
    await graph.locator(".details vscode-button", { hasText: "Lines" }).click();
    await expect(page.locator(".tab.active", { hasText: "encoder.py" }).first()).toBeVisible();
    await expect.poll(async () => [...(await columnsOf(page)).values()].filter((text) => text.endsWith("% │")).length).toBeGreaterThan(1);
    for (const [name, theme] of Object.entries(THEMES)) {
      stage.put(".vscode/settings.json", JSON.stringify({ "workbench.colorTheme": theme }));
      await expect(page.locator(`.monaco-workbench.${name === "light" ? "vs" : name === "dark" ? "vs-dark" : "hc-black"}`)).toBeVisible();
      await page.waitForTimeout(1000);
      await stage.picture(`annotated-library-${name}`);
    }
  });
});
