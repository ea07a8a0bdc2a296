/** What a program waits for, by the real helper: beside the program's own account, in the command and in the real VS Code. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { lastAccount } from "../../scripts/examples.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  findBox,
  goToLine,
  graphFrame,
  hoverText,
  openFile,
  openSideBar,
  quickInput,
  runCommand,
  viewPane,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { flameline, freshHelper, scratchFolder, WHY_NOT } from "../support/flameline.mjs";
import { lineStarting, runProgram } from "../support/programs.mjs";
import { useStage } from "./stage.mjs";

const FIXTURE = path.join(root, "test/fixtures/waits/waits.py");
/** Percentage points between a share of waiting and the program's own account. */
const TOLERANCE = 5;
const CLASSES = { acquire: "lock", hold: "sleep", rest: "sleep", receive: "network", next_order: "lock" };

interface Row {
  readonly function: string;
  readonly file: string | null;
  readonly self: number;
  readonly waits: Readonly<Record<string, number>>;
}

/** Shares of waiting by function in percent, as the program measured them. */
function said(output: string): Map<string, number> {
  return new Map((lastAccount(output)?.parts ?? []).map(({ name, share }) => [name, 100 * share]));
}

const lineOf = (text: string): number => lineStarting(FIXTURE, text);

test("the command tells what each line waits for, as the program does itself", async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  const helper = await freshHelper();
  const scratch = scratchFolder();
  try {
    const profile = path.join(scratch.path, "run.pb.gz");
    // Written by the program for itself, as the command's own output is not ours.
    const program = `import runpy, sys; sys.argv = ["waits.py", "8"]; sys.stdout = open("${scratch.path}/account", "w"); runpy.run_path("${FIXTURE}", run_name="__main__")`;
    const recorded = await flameline(["record", "-o", profile, "--events", "cpu,off_cpu", "--", "python3", "-c", program]);
    expect(recorded.status, recorded.stderr).toBe(0);
    const { stdout, stderr } = await flameline(["report", profile, "--event", "off_cpu", "--json"]);
    const report = JSON.parse(stdout) as { total: number; idle: number; seconds: number; rows: Row[] };
    const account = said(readFileSync(path.join(scratch.path, "account"), "utf8"));
    expect(account.size, stderr).toBe(5);
    for (const [name, share] of account) {
      const row = report.rows.find((each) => each.function === name && each.file === FIXTURE);
      const found = (100 * (row?.self ?? 0)) / report.total;
      expect(Math.abs(found - share), `${name} waited ${share} % and ${found} % were found`).toBeLessThan(TOLERANCE);
      const [most] = Object.entries(row?.waits ?? {}).toSorted(([, a], [, b]) => b - a);
      expect(most?.[0], name).toBe(CLASSES[name as keyof typeof CLASSES]);
    }
    // Four threads of the pool, all the time but the first moment.
    expect(report.idle / 1e9 / report.seconds).toBeGreaterThan(3.5);
    const folded = await flameline(["export", profile, "--to", "collapsed", "--event", "off_cpu", "-o", "-"]);
    expect(folded.stdout).toMatch(/;\[lock\] \d{9,}/);
  } finally {
    helper.stop();
    scratch.remove();
  }
});

test.describe("in VS Code", () => {
  const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
  let program: ReturnType<typeof runProgram> | undefined;
  test.afterEach(() => program?.stop());

  const lensOf = async (name: string): Promise<string> => {
    const line = lineOf(`def ${name}(`);
    await goToLine(stage.page, line);
    return (await visibleLines(stage.page)).find((each) => each.line === line)?.lens ?? "";
  };

  test("one switch changes lenses, hovers, lists and graph, and a waiting line's share is the program's own", async ({ browser }) => {
    test.setTimeout(300_000);
    const { user, workspace } = stage;
    const { uid, gid } = user;
    stage.put("waits.py", readFileSync(FIXTURE));
    program = runProgram(["python3", "-u", "waits.py", "600"], { cwd: workspace, uid, gid });
    const page = await stage.openWindow(browser);
    const event = page.locator('.statusbar-item[id$="flameline.event"]');

    await test.step("a recording has both events and begins with CPU time", async () => {
      await openFile(page, "waits.py", lineOf("def compute("));
      await stage.record();
      await expect(event).toContainText("CPU time", { timeout: 30_000 });
      await expect.poll(() => lensOf("compute"), { timeout: 60_000 }).toMatch(/% total · .* — CPU of/);
    });

    await test.step("the status bar switches the lenses to waits, with the shares that the program says", async () => {
      await event.click();
      await quickInput(page, "Flameline: Show Event").locator(".monaco-list-row", { hasText: "Waiting" }).click();
      await expect.poll(() => lensOf("acquire"), { timeout: 60_000 }).toMatch(/^waits \d+ ms\/s, mostly lock · \d+ % of waiting/);
      await stage.picture("waits-lenses");
      await expect(async () => {
        for (const [name, share] of said(program?.output() ?? "")) {
          const lens = await lensOf(name);
          const found = Number(/· ([\d.]+) % of waiting/.exec(lens)?.[1] ?? -100);
          expect(Math.abs(found - share), `${name}: ${lens} beside ${share} %`).toBeLessThan(TOLERANCE);
        }
      }).toPass({ timeout: 60_000 });
      const hover = await hoverText(page, lineOf("    LOCK.acquire()"));
      expect(hover).toMatch(/Waits \d+ ms\/s/);
      expect(hover).toMatch(/Waits for[^]*lock/);
      await stage.picture("waits-hover");
      await page.keyboard.press("Escape");
    });

    await test.step("the list tells over what its shares are, and what is waited for", async () => {
      const pane = viewPane(page, "Hottest");
      await openSideBar(page);
      await expect(viewRows(page, "Hottest", /acquire.*waits \d+ ms\/s · lock/)).toBeVisible();
      await expect(pane.locator(".pane-header")).toContainText(/Waiting · .* idle left out/);
      await pane.locator(".pane-header").hover();
      await pane.locator('.action-label[aria-label^="Show What Is Waited For"]').click();
      await expect(viewRows(page, "Hottest", /lock.*% of waiting/)).toBeVisible();
      await stage.picture("waits-classes");
    });

    await test.step("the graph follows, is coloured by what is waited for, and its own list switches everything back", async () => {
      await runCommand(page, "Open Flame Graph");
      const graph = graphFrame(page);
      await expect(graph.locator(".legend")).toContainText("Locks", { timeout: 30_000 });
      await expect(graph.locator("body")).toContainText(/of waiting time[^]*idle waits left out/);
      await findBox(page, "acquire");
      await stage.picture("waits-graph");
      await graph.locator('vscode-dropdown[aria-label="Event"]').click();
      await graph.locator("vscode-option:visible", { hasText: "CPU time" }).click();
      await expect(event).toContainText("CPU time");
      await expect(graph.locator(".legend")).toContainText("Your code");
      await expect.poll(() => lensOf("compute")).toMatch(/% total · .* — CPU of/);
      await stage.picture("waits-back");
    });
    await stage.stop();
  });
});
