/** What each line of a function costs, beside its source: from the palette, the graph, the table and a hover, also outside of the workspace. */
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { takeFromQuickOpen } from "../../scripts/quick-open.mjs";
import { goToLine, graphFrame, hoverText, openFile, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { runProgram } from "../support/programs.mjs";
import { expectAccessiblePart } from "./accessible.mjs";
import { useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

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
/** A kernel of Jupyter compiles a cell under a name that is MurmurHash2 of its text. */
const CELL = `def area(count):
    total = 0
    for step in range(count):
        total += step * step
    return total

area(90000)`;
const KERNEL = `import os


def murmur2(text):
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    number = 0xC70F6907 ^ len(text)
    while len(text) >= 4:
        word = int.from_bytes(text[:4], "little") * factor & mask
        number = (number * factor & mask) ^ ((word ^ word >> 24) * factor & mask)
        text = text[4:]
    if text:
        number = (number ^ int.from_bytes(text, "little")) * factor & mask
    number = (number ^ number >> 13) * factor & mask
    return number ^ number >> 15


with open("cell.txt") as file:
    cell = file.read()
code = compile(cell, f"/tmp/ipykernel_{os.getpid()}/{murmur2(cell.encode())}.py", "exec")
while True:
    exec(code)
`;
const NOTEBOOK = {
  cells: [
    { cell_type: "markdown", id: "a", metadata: {}, source: ["# Shapes"] },
    { cell_type: "code", id: "b", metadata: {}, execution_count: 1, outputs: [], source: CELL.split(/(?<=\n)/) },
    { cell_type: "code", id: "c", metadata: {}, execution_count: null, outputs: [], source: ["area(2)"] },
  ],
  metadata: { language_info: { name: "python" }, kernelspec: { name: "python3", display_name: "Python 3", language: "python" } },
  nbformat: 4,
  nbformat_minor: 5,
};

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
const programs: ReturnType<typeof runProgram>[] = [];
test.afterEach(() => programs.splice(0).forEach((program) => program.stop()));

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
  stage.put("cell.txt", CELL);
  stage.put("kernel.py", KERNEL);
  stage.put("shapes.ipynb", JSON.stringify(NOTEBOOK));
  for (const name of ["report.py", "kernel.py"]) {
    programs.push(runProgram(["python3", "-u", name], { cwd: workspace, uid: user.uid, gid: user.gid }));
  }
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
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`annotated-library-${theme}`);
      await expectAccessiblePart(page, ".editor-group-container.active .view-lines", `the annotated source in ${theme}`);
    });
  });

  await test.step("the cell of a notebook that ran has heat on its lines and a lens, and an edited one has none", async () => {
    await takeFromQuickOpen(page, ">View: Close All Editors", "View: Close All Editors");
    await openFile(page, "shapes.ipynb");
    const cell = (text: string) => page.locator(".notebookOverlay .code-cell-row", { hasText: text }).first();
    const marks = (text: string) => cell(text).locator(".glyph-margin-widgets .cgmr");
    await expect(cell("area(90000)").locator(".codelens-decoration")).toContainText(/^\d+ % total · \d+ % self — CPU of 2 processes/, {
      timeout: 60_000,
    });
    // The loop's two lines and the call; the lines that no sample fell on have none, nor has the cell that did not run.
    await expect(marks("area(90000)")).toHaveCount(3);
    await expect(cell("area(2)").locator(".view-line")).toHaveCount(1);
    await expect(marks("area(2)")).toHaveCount(0);
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`notebook-${theme}`);
      await expectAccessiblePart(page, ".notebookOverlay .code-cell-row :is(.view-lines, .margin)", `the notebook's cells in ${theme}`);
    });
    await cell("area(90000)").locator(".view-line").last().click();
    await page.keyboard.type("9");
    await expect(marks("area(90000)")).toHaveCount(0);
    await expect(cell("area(90000)").locator(".codelens-decoration")).toHaveCount(0);
  });
});
