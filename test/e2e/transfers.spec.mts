/** What a program reads, writes, sends and receives, in the real VS Code: beside the program's own account, as its user sees it. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
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
import { lineStarting, runProgram } from "../support/programs.mjs";
import { useStage } from "./stage.mjs";

const FIXTURE = path.join(root, "test/fixtures/transfers/transfers.py");
/** Percentage points between a share of the bytes and the program's own account. */
const TOLERANCE = 3;
const EVENTS = ["cpu", "io_read", "io_write", "net_send", "net_recv"];

const lineOf = (text: string): number => lineStarting(FIXTURE, text);
const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true, settings: { "flameline.events": EVENTS } });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

/** Bytes by function, as the program counted them so far. */
function moved(): Readonly<Record<string, number>> {
  const [last = "{}"] = (program?.output() ?? "").match(/\{"read_catalogue[^}]*\}/g)?.slice(-1) ?? [];
  return JSON.parse(last) as Record<string, number>;
}

async function lensOf(name: string): Promise<string> {
  const line = lineOf(`def ${name}(`);
  await goToLine(stage.page, line);
  return (await visibleLines(stage.page)).find((each) => each.line === line)?.lens ?? "";
}

async function choose(event: string): Promise<void> {
  await runCommand(stage.page, "Show Event…");
  await quickInput(stage.page, "Flameline: Show Event").locator(".monaco-list-row", { hasText: event }).click();
  await expect(stage.page.locator('.statusbar-item[id$="flameline.event"]')).toContainText(event);
}

test("lines tell the bytes that the program itself counts, and the graph ends at files and peers", async ({ browser }) => {
  test.setTimeout(400_000);
  const { user, workspace } = stage;
  stage.put("transfers.py", readFileSync(FIXTURE));
  program = runProgram(["python3", "-u", "transfers.py", workspace], { cwd: workspace, uid: user.uid, gid: user.gid });
  const page = await stage.openWindow(browser);
  await openFile(page, "transfers.py", lineOf("def log_order("));
  await stage.record(200);

  await test.step("the list to choose from says what each event answers", async () => {
    await page.locator('.statusbar-item[id$="flameline.event"]').click();
    const list = quickInput(page, "Flameline: Show Event");
    await expect(list.locator(".monaco-list-row", { hasText: "Data written" })).toContainText("Who writes to files");
    await stage.picture("transfers-events");
    await list.locator(".monaco-list-row", { hasText: "Data written" }).click();
  });

  await test.step("lenses have the program's own shares of what was written", async () => {
    await expect
      .poll(() => lensOf("log_order"), { timeout: 60_000 })
      .toMatch(/^writes [\d.]+ MB\/s · \d+ % of bytes written — 1 process, /);
    await stage.picture("transfers-written");
    await expect(async () => {
      const { log_order = 0, audit = 0 } = moved();
      for (const [name, bytes] of Object.entries({ log_order, audit })) {
        const lens = await lensOf(name);
        const share = (100 * bytes) / (log_order + audit);
        const found = Number(/([\d.]+) % of bytes written/.exec(lens)?.[1] ?? -100);
        expect(Math.abs(found - share), `${name}: ${lens} beside ${share} %`).toBeLessThan(TOLERANCE);
      }
    }).toPass({ timeout: 60_000 });
    const hover = await hoverText(page, lineOf('        MOVED["log_order"] += orders.write'));
    await stage.picture("transfers-hover");
    expect(hover).toMatch(/7\d % total[^]*\d+ MB total[^]*Written to[^]*orders\.log\s+100 %/);
    await page.keyboard.press("Escape");
  });

  await test.step("the list has the lines by bytes", async () => {
    await openSideBar(page);
    await expect(viewPane(page, "Hottest").locator(".pane-header")).toContainText(/Data written · [\d.]+ [kMG]B over/);
    await expect(viewRows(page, "Hottest", /log_order/)).toBeVisible();
    await stage.picture("transfers-list");
  });

  await test.step("the graph's outermost boxes are the files, and of the other events the peers", async () => {
    await runCommand(page, "Open Flame Graph");
    const graph = graphFrame(page);
    await expect(graph.locator("body")).toContainText(/written/, { timeout: 30_000 });
    await expect(graph.locator(".legend")).toContainText("Files and peers 100 %");
    await findBox(page, /orders\.log/);
    await expect(graph.locator(".tooltip:not(.time-tooltip)")).toContainText("a file, a pipe or a peer");
    await stage.picture("transfers-graph-files");
    await graph.locator('vscode-dropdown[aria-label="Event"]').click();
    await graph.locator("vscode-option:visible", { hasText: "Data sent" }).click();
    await findBox(page, /127\.0\.0\.1:\d+/);
    await stage.picture("transfers-graph-peers");
  });

  for (const [event, name] of [
    ["Data read", "read_catalogue"],
    ["Data sent", "announce"],
    ["Data received", "receive"],
  ] as const) {
    await test.step(`${event}: all of it is ${name}'s`, async () => {
      await choose(event);
      await page.locator(".tab", { hasText: "transfers.py" }).click();
      await expect(async () => {
        const lens = await lensOf(name);
        expect(Number(/MB\/s · ([\d.]+) % of bytes/.exec(lens)?.[1] ?? 0), lens).toBeGreaterThan(100 - TOLERANCE);
      }).toPass({ timeout: 60_000 });
      await stage.picture(`transfers-${name}`);
    });
  }
  await stage.stop();
});
