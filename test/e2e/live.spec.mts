/** The flame graph of a recording that runs: boxes keep their places, the zoom and the selection hold, and it can be paused. */
import { expect, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { findBox, graphFrame, openFile, runCommand } from "../../scripts/workbench.mjs";
import { runProgram } from "../support/programs.mjs";
import { expectAccessible } from "./accessible.mjs";
import { useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

/** First one function costs three times as much as the other, then, for longer, the other. */
const TURNS = `import time


def early(count):
    return sum(step % 7 for step in range(count))


def late(count):
    return sum(step % 5 for step in range(count))


begin = time.monotonic()
while True:
    first = time.monotonic() - begin < TURN
    early(60000 if first else 5000)
    late(5000 if first else 60000)
`;

const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });
let program: ReturnType<typeof runProgram> | undefined;
test.afterEach(() => program?.stop());

test("boxes keep their order while the recording grows, the zoom and the selection hold, and it can be paused", async ({ browser }) => {
  test.setTimeout(300_000);
  const { user, workspace } = stage;
  stage.put("turns.py", TURNS.replace("TURN", "1e9"));
  const page = await stage.openWindow(browser);
  await openFile(page, "turns.py", 1);
  const run = (turn: string): void => {
    program?.stop();
    stage.put("turns.py", TURNS.replace("TURN", turn));
    program = runProgram(["python3", "-u", "turns.py"], { cwd: workspace, uid: user.uid, gid: user.gid });
  };
  run("1e9");
  // The program's files are read in a first recording: stacks that are not whole would have boxes of their own, before the others.
  await stage.record(200);
  await stage.stop();
  await stage.record(200);
  await runCommand(page, "Open Flame Graph");
  const graph = graphFrame(page);
  const samples = async (): Promise<number> =>
    Number((/([\d,]+) samples/.exec((await graph.locator(".status-facts").textContent()) ?? "")?.[1] ?? "0").replaceAll(",", ""));
  const shareOf = async (name: string): Promise<{ x: number; share: number }> => {
    const { x, y } = await findBox(page, name);
    await page.mouse.move(x, y);
    const words = (await graph.locator(".tooltip-costs").textContent()) ?? "";
    return { x, share: Number(/\((\d+(?:\.\d+)?) %\)/.exec(words)?.[1]) };
  };
  await expect(graph.locator(".legend")).toContainText("Your code", { timeout: 30_000 });

  const before = { early: await shareOf("early"), late: await shareOf("late") };
  expect(before.early.share).toBeGreaterThan(before.late.share);
  const earlyFirst = before.early.x < before.late.x;

  await test.step("a click selects a box, and a pause holds everything", async () => {
    // A box keeps its place among its siblings, but its edges move with each update: looked for again where the click met a neighbour.
    await expect(async () => {
      const { x, y } = await findBox(page, "early");
      await page.mouse.click(x, y);
      await expect(graph.locator(".details-name")).toHaveText("early", { timeout: 1000 });
    }).toPass({ timeout: 30_000 });
    await graph.locator(".pause vscode-button", { hasText: "Pause" }).click();
    const held = await samples();
    run("0");
    await expect(graph.locator(".pause-words")).toContainText("the recording goes on");
    const paused = Date.now();
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`live-paused-${theme}`);
      await expectAccessible(page, `the paused graph in ${theme}`);
    });
    await page.waitForTimeout(Math.max(paused + 4000 - Date.now(), 0));
    expect(await samples()).toBe(held);
    await graph.locator(".pause vscode-button", { hasText: "Resume" }).click();
    await expect.poll(samples).toBeGreaterThan(held);
  });

  await test.step("the other function overtakes it, and both stay where they are", async () => {
    await expect
      .poll(async () => (await shareOf("late")).share - (await shareOf("early")).share, { timeout: 90_000, intervals: [2000] })
      .toBeGreaterThan(3);
    const [early, late] = [await shareOf("early"), await shareOf("late")];
    expect(early.x < late.x, "left of each other as before").toBe(earlyFirst);
    await expect(graph.locator(".details-name")).toHaveText("early");
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`live-overtaken-${theme}`);
      await expectAccessible(page, `the graph that moves in ${theme}`);
    });
  });
  await stage.stop();
});
