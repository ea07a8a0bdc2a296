/** What makes a program grow, by the real helper: beside the program's own account, in the command and in the real VS Code. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  answer,
  findBox,
  goToLine,
  graphFrame,
  message,
  openFile,
  openSideBar,
  pressButton,
  quickInput,
  runCommand,
  statusBar,
  viewPane,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { flameline, freshHelper, scratchFolder, WHY_NOT } from "../support/flameline.mjs";
import { lineStarting, runProgram } from "../support/programs.mjs";
import { useStage } from "./stage.mjs";

const FIXTURE = path.join(root, "test/fixtures/memory/memory.py");
/** Between a function's growth and the program's own account, which is 100 MB at least or nothing. */
const TOLERANCE = 0.1 * 100e6;

/** A thousand blocks of 100 kB a second. */
const CHURN = `import time

def churn():
    bytearray(100_000)

while True:
    churn()
    time.sleep(0.001)
`;

interface Row {
  readonly function: string;
  readonly line: number;
  readonly total: number;
}

/** Growth by function in bytes, as the program measured it. */
function said(output: string): Map<string, number> {
  return new Map([...output.matchAll(/^(\w+) (-?\d+)$/gm)].map(([, name = "", bytes]) => [name, Number(bytes)]));
}

const lineOf = (text: string): number => lineStarting(FIXTURE, text);

test("the command tells by which line a program grew, as the program does itself", async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  const helper = await freshHelper();
  const scratch = scratchFolder();
  try {
    const profile = path.join(scratch.path, "run.pb.gz");
    const program = `import runpy, sys; sys.argv = ["memory.py"]; sys.stdout = open("${scratch.path}/account", "w"); runpy.run_path("${FIXTURE}", run_name="__main__")`;
    const recorded = await flameline(["record", "-o", profile, "--events", "memory", "--", "python3", "-c", program]);
    expect(recorded.status, recorded.stderr).toBe(0);
    const account = said(readFileSync(path.join(scratch.path, "account"), "utf8"));
    expect(account.size).toBe(4);
    const report = async (by: string): Promise<Row[]> => {
      const { stdout } = await flameline(["report", profile, "--event", "memory", "--by", by, "--json"]);
      return (JSON.parse(stdout) as { rows: Row[] }).rows;
    };
    const functions = await report("function");
    for (const [name, bytes] of account) {
      const found = functions.find((row) => row.function === name)?.total ?? 0;
      expect(Math.abs(found - bytes), `${name} grew by ${bytes} and ${found} were found`).toBeLessThan(TOLERANCE);
    }
    const lines = await report("line");
    for (const [text, bytes] of [
      ["        kept.append(b", 128e6],
      ['    second = b"y"', 110e6],
    ] as const) {
      const found = lines.find((row) => row.line === lineOf(text))?.total ?? 0;
      expect(Math.abs(found - bytes), text).toBeLessThan(TOLERANCE);
    }
    const table = await flameline(["report", profile, "--event", "memory"]);
    expect(table.stdout).toMatch(/^memory: \d+ MB in/);
  } finally {
    helper.stop();
    scratch.remove();
  }
});

test("a command's allocations are followed from its first on", async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  const helper = await freshHelper();
  const scratch = scratchFolder();
  try {
    const profile = path.join(scratch.path, "run.pb.gz");
    // All in its first moments: it is over before anybody could look at it.
    const program = "for _ in range(3000): bytearray(100_000)";
    const recorded = await flameline(["record", "-o", profile, "--events", "alloc", "--", "/usr/bin/python3", "-c", program]);
    expect(recorded.status, recorded.stderr).toBe(0);
    const { stdout } = await flameline(["report", profile, "--event", "alloc", "--by", "line", "--json"]);
    const found = (JSON.parse(stdout) as { rows: Row[] }).rows.reduce((most, row) => Math.max(most, row.total), 0);
    expect(Math.abs(found - 300e6), `${found} bytes of 300,000,000`).toBeLessThan(0.1 * 300e6);
  } finally {
    helper.stop();
    scratch.remove();
  }
});

test.describe("in VS Code", () => {
  const stage = useStage({
    user: TEST_USER,
    sudo: true,
    windowsLater: true,
    settings: { "flameline.events": ["cpu", "off_cpu", "memory"] },
  });
  let program: ReturnType<typeof runProgram> | undefined;
  test.afterEach(() => program?.stop());

  test("growth shows at the lines that hold the memory, in lenses, list and graph", async ({ browser }) => {
    test.setTimeout(300_000);
    const { user, workspace } = stage;
    const { uid, gid } = user;
    stage.put("memory.py", readFileSync(FIXTURE));
    program = runProgram(["python3", "-u", "memory.py", workspace], { cwd: workspace, uid, gid });
    const page = await stage.openWindow(browser);
    const event = page.locator('.statusbar-item[id$="flameline.event"]');
    await openFile(page, "memory.py", lineOf("def blocks("));
    await stage.record();
    // Stacks of a program are whole once what it has mapped has been read.
    await page.waitForTimeout(8000);
    stage.put("go", "");
    await expect.poll(() => said(program?.output() ?? "").size, { timeout: 60_000 }).toBe(4);
    await runCommand(page, "Show Event…");
    await quickInput(page, "Flameline: Show Event").locator(".monaco-list-row", { hasText: "Memory" }).click();
    await expect(event).toContainText("Memory");

    const lensOf = async (name: string): Promise<string> => {
      const line = lineOf(`def ${name}(`);
      await goToLine(page, line);
      return (await visibleLines(page)).find((each) => each.line === line)?.lens ?? "";
    };
    const all = [...said(program.output()).values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const name of ["blocks", "halves"]) {
      const share = (100 * (said(program.output()).get(name) ?? 0)) / all;
      await expect(async () => {
        const lens = await lensOf(name);
        const found = Number(/^([\d.]+) % total .* — memory growth of/.exec(lens)?.[1] ?? -100);
        expect(Math.abs(found - share), `${name}: ${lens} beside ${share} %`).toBeLessThan(5);
      }).toPass({ timeout: 60_000 });
    }
    await stage.picture("memory-lenses");
    // The kernel's own word beside what hovers over the status bar say.
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.pid}/status`, "utf8"))?.[1]) * 1024;
    await expect(async () => {
      const label = (await statusBar(page).locator("a").first().getAttribute("aria-label")) ?? "";
      const [, megabytes = "0"] = new RegExp(`\\(${program?.pid}\\): (\\d+) MB resident, \\d+ MB at most`).exec(label) ?? [];
      expect(Math.abs(1e6 * Number(megabytes) - resident), label).toBeLessThan(TOLERANCE);
    }).toPass({ timeout: 30_000 });
    await event.hover();
    const hover = page.locator(".monaco-hover:visible", { hasText: "Memory of processes over the recording's time" });
    await expect(hover).toContainText(/MB resident, \d+ MB at most {2}·*[▁-█]+/);
    await stage.picture("memory-over-time");
    await page.mouse.move(700, 300);
    await openSideBar(page);
    await expect(viewPane(page, "Hottest").locator(".pane-header")).toContainText(/Memory · \d+ MB/);
    await expect(viewRows(page, "Hottest", /blocks/)).toBeVisible();
    await runCommand(page, "Open Flame Graph");
    await expect(graphFrame(page).locator("body")).toContainText(/MB of memory growth/, { timeout: 30_000 });
    await findBox(page, "halves");
    await stage.picture("memory-graph");
    await stage.stop();

    // Whoever asks for allocations follows them for some seconds, is told what that took, and sees them by line.
    stage.put("churn.py", CHURN);
    program.stop();
    program = runProgram(["python3", "-u", "churn.py"], { cwd: workspace, uid, gid });
    await openFile(page, "churn.py", 1);
    await runCommand(page, "Record Allocations…");
    await answer(page, "Flameline: Record Allocations", "3");
    const told = await message(page, /followed allocations for 3 s, which took [\d.]+ % of the machine for [\d,]+ calls/, {
      timeout: 60_000,
    });
    await expect(statusBar(page), "the recording ends with its box").toBeHidden({ timeout: 30_000 });
    await stage.picture("allocations-told");
    await pressButton(told, "Show Allocated");
    await expect(event).toContainText("Allocated");
    await expect(async () => {
      const lens =
        (await page.locator(".codelens-decoration", { hasText: "bytes allocated" }).first().textContent({ timeout: 5000 })) ?? "";
      expect(Number(/^([\d.]+)\s%/.exec(lens)?.[1] ?? 0), lens).toBeGreaterThan(80);
    }).toPass({ timeout: 30_000 });
    await stage.picture("allocations-lenses");
  });
});
