import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  answer,
  doubleClickFile,
  findBox,
  graphFrame,
  message,
  openFile,
  openSideBar,
  openWorkbench,
  quickInput,
  recordedSamples,
  runCommand,
  statusBar,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { endHelpersOf, helpersOf, RIGHTS, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python", windowsLater: true });
const CHOICE = "Flameline: Nothing Runs in This Workspace Yet";
const HOT = "current.append(min(";

test("where nothing runs, a task, a launch configuration, a command or waiting are offered, and the task is recorded to its end", async ({
  browser,
}) => {
  const { user } = stage;
  await endHelpersOf(user.uid);
  const task = { label: "nightly", type: "shell", command: "PYTHONPATH=libraries python3 -u orders.py --seconds 6" };
  stage.put(".vscode/tasks.json", JSON.stringify({ version: "2.0.0", tasks: [task] }));
  stage.put(
    ".vscode/launch.json",
    JSON.stringify({ version: "0.2.0", configurations: [{ name: "the server", type: "node", request: "launch", program: "x.js" }] }),
  );
  const page = await stage.openWindow(browser);
  await runCommand(page, "Profile This Workspace");
  await answer(page, RIGHTS, user.password);
  const list = quickInput(page, CHOICE);
  await expect(list).toBeVisible({ timeout: 60_000 });
  // It stays while the user looks something up in the window.
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: stage.example.main }).click();
  for (const offered of ["Type a Command…", "Wait for a Program", "the server", "nightly"]) {
    await expect(list.locator(".monaco-list-row", { hasText: offered }).first()).toBeVisible({ timeout: 60_000 });
  }
  await stage.picture("mishaps-choice");
  await list.locator(".monaco-list-row", { hasText: "nightly" }).click();
  await stage.recording();
  await expect(statusBar(page), "the recording ends with its task").toBeHidden({ timeout: 90_000 });
  await openSideBar(page);
  await expect(viewRows(page, "Recordings", "nightly").first()).toContainText("open");
  await openFile(page, stage.example.main, stage.lineOf(HOT));
  await expectHeat(page);
});

test("a helper that is killed costs no sample that was taken, is told, and is started again", async ({ browser }) => {
  const page = await stage.openWindow(browser);
  const { user, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await stage.record(200);
  const taken = await recordedSamples(page);
  await endHelpersOf(user.uid, "SIGKILL");
  const said = await message(page, "The recording helper ended unexpectedly", { timeout: 30_000 });
  await expect(said).toContainText("What was recorded until then is kept. Record again to start a new helper.");
  await expect(statusBar(page)).toBeHidden({ timeout: 60_000 });
  await stage.picture("mishaps-killed");
  await expectHeat(page);
  expect(await keptSamples(), "samples that were kept").toBeGreaterThanOrEqual(taken);
  await runCommand(page, "Profile This Workspace");
  await answer(page, RIGHTS, user.password);
  await stage.recording(200);
});

test("two windows share one helper, and both show heat", async ({ browser }) => {
  const page = await stage.openWindow(browser);
  const { server, user, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await stage.record(200);
  const other = await page.context().newPage();
  await openWorkbench(other, server);
  await openFile(other, example.main, stage.lineOf(HOT));
  await stage.record(200, other);
  await expectHeat(other);
  expect(helpersOf(user.uid)).toHaveLength(1);
  await expectMoreSamples(page);
  await expectHeat(page);
  await stage.stop(other);
  // VS Code's own processes stay out, the other window's too; shells in its terminals are the user's.
  const recorded = processesIn(newestProfile());
  expect(recorded).toContain("python3");
  expect(recorded).not.toContainEqual(expect.stringMatching(/node|code|flameline|^rg$/));
  // The first window records on.
  await expectMoreSamples(page);
  await stage.stop();
});

test("an empty folder offers to type a command, which is recorded", async ({ browser }) => {
  const page = await stage.openWindow(browser);
  const { server, user } = stage;
  const empty = path.join(server.folder, "empty");
  mkdirSync(empty, { recursive: true });
  spawnSync("chown", [`${user.uid}:${user.gid}`, empty]);
  await page.goto(`${server.url}?${new URLSearchParams({ tkn: server.token, folder: empty })}`);
  await runCommand(page, "Profile This Workspace");
  const list = quickInput(page, CHOICE);
  await expect(async () => {
    if (await quickInput(page, RIGHTS).isVisible()) {
      await answer(page, RIGHTS, user.password);
    }
    await expect(list).toBeVisible({ timeout: 2000 });
  }).toPass({ timeout: 60_000 });
  await list.locator(".monaco-list-row", { hasText: "Type a Command…" }).click();
  await answer(page, "Flameline: Run a Command under the Profiler", `/usr/bin/python3 -c "print(sum(i * i for i in range(30000000)))"`);
  await stage.recording();
  await expect(statusBar(page)).toBeHidden({ timeout: 120_000 });
  await openSideBar(page);
  await expect(viewRows(page, "Recordings").first()).toContainText("open");
  expect(helpersOf(user.uid)).toHaveLength(1);
});

test("a helper for another processor, and none at all, are told with what to do", async ({ browser }) => {
  const page = await stage.openWindow(browser);
  const { user, server } = stage;
  await endHelpersOf(user.uid);
  const [helper = ""] = filesBelow(server.extensions, /^flameline\.flameline-[^/]*\/dist\/flameline-helper$/);
  const whole = readFileSync(helper);
  const bytes = Buffer.from(whole);
  try {
    // e_machine of the other of x64 and arm64.
    bytes.writeUInt16LE(bytes.readUInt16LE(18) === 62 ? 183 : 62, 18);
    writeFileSync(helper, bytes);
    await runCommand(page, "Profile This Workspace");
    const wrong = await message(page, /The recording helper is built for \w+, and this machine is \w+\./);
    await expect(wrong).toContainText("Install the Flameline package for this machine's processor");
    renameSync(helper, `${helper}.away`);
    await runCommand(page, "Profile This Workspace");
    const missing = await message(page, /The recording helper is missing: .*flameline-helper does not exist\./);
    await expect(missing).toContainText("Install the Flameline package for this platform");
    await stage.picture("mishaps-no-helper");
  } finally {
    rmSync(`${helper}.away`, { force: true });
    writeFileSync(helper, whole, { mode: 0o755 });
  }
});

test.describe("of a profile of this workspace", () => {
  let profile: Buffer | undefined;

  test.beforeEach(async ({ browser }) => {
    if (profile === undefined) {
      stage.run();
      await stage.openWindow(browser);
      await stage.record(300);
      await stage.stop();
      stage.endPrograms();
      profile = readFileSync(newestProfile());
      await stage.end();
    }
    stage.put("old.pb.gz", profile);
  });

  test("what is left after a truncation is shown and said, and a file that is no profile is refused in a sentence", async ({ browser }) => {
    const whole = readFileSync(path.join(stage.workspace, "old.pb.gz"));
    stage.put("half.pb.gz", whole.subarray(0, Math.floor(whole.length * 0.6)));
    stage.put("none.pb.gz", "this is no profile\n");
    const page = await stage.openWindow(browser);
    await doubleClickFile(page, "half.pb.gz");
    await message(page, "The file is truncated or damaged: what follows the damage is missing.");
    await expect(graphFrame(page).locator('[role="tree"][aria-label="Flame graph"]')).toBeVisible();
    await stage.picture("mishaps-truncated");
    await doubleClickFile(page, "none.pb.gz");
    await expect.poll(() => textOfFrames(page)).toMatch(/none\.pb\.gz is neither a pprof profile/);
    await stage.picture("mishaps-no-profile");
  });

  test("a source that changed since, without its text in the profile, shows no number and says why", async ({ browser }) => {
    const { example, workspace } = stage;
    stage.put(example.main, `# changed\n${readFileSync(path.join(workspace, example.main), "utf8")}`);
    const page = await stage.openWindow(browser);
    await doubleClickFile(page, "old.pb.gz");
    await openFile(page, example.main, stage.lineOf(HOT));
    await message(page, "orders.py has changed since the program was started and the profile does not hold its text");
    expect((await visibleLines(page)).filter(({ heat }) => heat !== null)).toEqual([]);
  });

  test("a source that is gone leaves the graph, which says so", async ({ browser }) => {
    const { example, workspace } = stage;
    renameSync(path.join(workspace, example.main), path.join(workspace, "elsewhere.txt"));
    const page = await stage.openWindow(browser);
    await doubleClickFile(page, "old.pb.gz");
    await expect(async () => {
      const box = await findBox(page, "similarity");
      await page.mouse.click(box.x, box.y);
      await expect(graphFrame(page).getByText("The source of this function was not found on this machine").first()).toBeVisible({
        timeout: 5000,
      });
    }).toPass({ timeout: 60_000 });
    await stage.picture("mishaps-source-gone");
  });
});

async function expectMoreSamples(page: Page): Promise<void> {
  const before = await recordedSamples(page);
  await expect.poll(() => recordedSamples(page), { message: "more samples", timeout: 60_000 }).toBeGreaterThan(before);
}

/** What the pages inside the window say: an editor of ours is one. */
async function textOfFrames(page: Page): Promise<string> {
  const texts = await Promise.all(
    page
      .frames()
      .slice(1)
      .map((frame) =>
        frame
          .locator("body")
          .innerText({ timeout: 2000 })
          .catch(() => ""),
      ),
  );
  return texts.join("\n");
}

async function expectHeat(page: Page): Promise<void> {
  const heat = async () => (await visibleLines(page)).find(({ text }) => text.trimStart().startsWith(HOT))?.heat ?? 0;
  await expect.poll(heat, { message: "heat on the hot line", timeout: 60_000 }).toBeGreaterThan(0);
}

/** Paths in the order of their names; recordings begin with their time. */
function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name))
    .sort(
      (a, b) =>
        path
          .dirname(a)
          .split("/")
          .at(-1)
          ?.localeCompare(path.dirname(b).split("/").at(-1) ?? "") ?? 0,
    )
    .map((name) => path.join(folder, name));
}

/** The profile of the newest recording of this workspace, as Flameline keeps it. */
function newestProfile(): string {
  const newest = filesBelow(`${stage.server.userData}/User/workspaceStorage`, /\/recordings\/[^/]*workspace[^/]*\/run\.pb\.gz$/).at(-1);
  expect(newest, "a kept recording").toBeDefined();
  return newest ?? "";
}

/** Names of the processes that have samples in a profile. */
function processesIn(file: string): string[] {
  const { stdout } = spawnSync("node", [path.join(root, "dist/flameline.js"), "report", file, "--by", "process", "--json"], {
    encoding: "utf8",
  });
  return (JSON.parse(stdout) as { rows: { function: string | null }[] }).rows.map((row) => row.function ?? "");
}

/** Samples of the newest kept recording, counted by the command. */
async function keptSamples(): Promise<number> {
  let samples = 0;
  await expect(async () => {
    const { stdout } = spawnSync("node", [path.join(root, "dist/flameline.js"), "report", newestProfile(), "--json"], { encoding: "utf8" });
    samples = (JSON.parse(stdout) as { samples: number }).samples;
  }).toPass({ timeout: 30_000 });
  return samples;
}
