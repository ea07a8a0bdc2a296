import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  answer,
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
import { endHelpersOf, helpersOf, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python" });
const RIGHTS = "Flameline: Administrator Rights";
const CHOICE = "Flameline: Nothing Runs in This Workspace Yet";
const HOT = "current.append(min(";

test("where nothing runs, a task, a launch configuration, a command or waiting are offered, and the task is recorded to its end", async () => {
  test.setTimeout(180_000);
  const { page } = stage;
  const task = { label: "nightly", type: "shell", command: "PYTHONPATH=libraries python3 -u orders.py --seconds 6" };
  put(".vscode/tasks.json", JSON.stringify({ version: "2.0.0", tasks: [task] }));
  put(
    ".vscode/launch.json",
    JSON.stringify({ version: "0.2.0", configurations: [{ name: "the server", type: "node", request: "launch", program: "x.js" }] }),
  );
  await runCommand(page, "Profile This Workspace");
  await answer(page, RIGHTS, stage.user.password);
  const list = quickInput(page, CHOICE);
  for (const offered of ["Type a Command…", "Wait for a Program", "the server", "nightly"]) {
    await expect(list.locator(".monaco-list-row", { hasText: offered }).first()).toBeVisible({ timeout: 60_000 });
  }
  await stage.picture("mishaps-choice");
  await list.locator(".monaco-list-row", { hasText: "nightly" }).click();
  await expect.poll(() => recordedSamples(page), { timeout: 90_000 }).toBeGreaterThan(0);
  await expect(statusBar(page), "the recording ends with its task").toBeHidden({ timeout: 90_000 });
  await openSideBar(page);
  await expect(viewRows(page, "Recordings", "nightly")).toContainText("open");
  await openFile(page, stage.example.main, hotLine());
  await expectHeat(page);
});

test("a helper that is killed costs no sample that was taken, is told, and is started again", async () => {
  test.setTimeout(180_000);
  const { page, user } = stage;
  stage.run();
  await runCommand(page, "Profile This Workspace");
  await expect.poll(() => recordedSamples(page), { timeout: 90_000 }).toBeGreaterThan(200);
  const taken = await recordedSamples(page);
  await endHelpersOf(user.uid, "SIGKILL");
  const said = await message(page, "The recording helper ended unexpectedly", { timeout: 30_000 });
  await expect(said).toContainText("What was recorded until then is kept. Record again to start a new helper.");
  await expect(statusBar(page)).toBeHidden({ timeout: 30_000 });
  await stage.picture("mishaps-killed");
  await expectHeat(page);
  expect(await keptSamples(), "samples that were kept").toBeGreaterThanOrEqual(taken);
  await runCommand(page, "Profile This Workspace");
  await answer(page, RIGHTS, user.password);
  await expect.poll(() => recordedSamples(page), { timeout: 90_000 }).toBeGreaterThan(200);
});

test("two windows share one helper, and both show heat", async () => {
  test.setTimeout(180_000);
  const { page, server, user, example } = stage;
  const other = await page.context().newPage();
  await openWorkbench(other, server);
  await openFile(other, example.main, hotLine());
  await runCommand(other, "Profile This Workspace");
  await expect.poll(() => recordedSamples(other), { timeout: 90_000 }).toBeGreaterThan(200);
  await expectHeat(other);
  expect(helpersOf(user.uid)).toHaveLength(1);
  const before = await recordedSamples(page);
  await expect.poll(() => recordedSamples(page), { timeout: 60_000 }).toBeGreaterThan(before);
  await expectHeat(page);
  await runCommand(other, "Stop");
  await expect(statusBar(other)).toBeHidden({ timeout: 60_000 });
  // VS Code's own processes stay out, the other window's too; shells in its terminals are the user's.
  const recorded = processesIn(newestProfile());
  expect(recorded).toContain("python3");
  expect(recorded).not.toContainEqual(expect.stringMatching(/node|code|flameline/));
  const after = await recordedSamples(page);
  await expect.poll(() => recordedSamples(page), { message: "the first window records on", timeout: 60_000 }).toBeGreaterThan(after);
  await other.close();
  await runCommand(page, "Stop");
  await expect(statusBar(page)).toBeHidden({ timeout: 60_000 });
  stage.endPrograms();
});

test("an empty folder offers to type a command, which is recorded", async () => {
  test.setTimeout(180_000);
  const { page, server, user } = stage;
  const empty = path.join(server.folder, "empty");
  mkdirSync(empty);
  own(empty);
  const other = await page.context().newPage();
  await other.goto(`${server.url}?${new URLSearchParams({ tkn: server.token, folder: empty })}`);
  await runCommand(other, "Profile This Workspace");
  await expect(quickInput(other, CHOICE)).toBeVisible({ timeout: 60_000 });
  await quickInput(other, CHOICE).locator(".monaco-list-row", { hasText: "Type a Command…" }).click();
  await answer(other, "Flameline: Run a Command under the Profiler", `/usr/bin/python3 -c "print(sum(i * i for i in range(30000000)))"`);
  await expect.poll(() => recordedSamples(other), { timeout: 90_000 }).toBeGreaterThan(0);
  await expect(statusBar(other)).toBeHidden({ timeout: 120_000 });
  await openSideBar(other);
  await expect(viewRows(other, "Recordings").first()).toContainText("open");
  expect(helpersOf(user.uid)).toHaveLength(1);
  await other.close();
});

test("a truncated profile shows what is left of it and says so, and one that is none is refused in a sentence", async () => {
  const { page } = stage;
  const whole = readFileSync(newestProfile());
  put("half.pb.gz", whole.subarray(0, Math.floor(whole.length * 0.6)));
  put("none.pb.gz", "this is no profile\n");
  await doubleClick("half.pb.gz");
  await message(page, "The file is truncated or damaged: what follows the damage is missing.");
  await expect(graphFrame(page).locator('[role="tree"][aria-label="Flame graph"]')).toBeVisible();
  await stage.picture("mishaps-truncated");
  await doubleClick("none.pb.gz");
  await expect.poll(() => textOfFrames(page)).toMatch(/none\.pb\.gz is neither a pprof profile/);
  await stage.picture("mishaps-no-profile");
});

test("a source that changed since, without its text in the profile, shows no number and says why", async () => {
  const { page, example, workspace } = stage;
  copyFileSync(newestProfile(), path.join(workspace, "old.pb.gz"));
  own(path.join(workspace, "old.pb.gz"));
  const main = path.join(workspace, example.main);
  put(example.main, `# changed\n${readFileSync(main, "utf8")}`);
  await doubleClick("old.pb.gz");
  await openFile(page, example.main, hotLine());
  await message(page, "orders.py has changed since the program was started and the profile does not hold its text");
  expect((await visibleLines(page)).filter(({ heat }) => heat !== null)).toEqual([]);
});

test("a source that is gone leaves the graph, which says so", async () => {
  const { page, example, workspace } = stage;
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Control+w");
  renameSync(path.join(workspace, example.main), path.join(workspace, "elsewhere.txt"));
  await doubleClick("old.pb.gz");
  await expect(async () => {
    const box = await findBox(page, "similarity");
    await page.mouse.click(box.x, box.y);
    await expect(graphFrame(page).getByText("The source of this function was not found on this machine").first()).toBeVisible({
      timeout: 5000,
    });
  }).toPass({ timeout: 60_000 });
  await stage.picture("mishaps-source-gone");
});

test("a helper for another processor, and none at all, are told with what to do", async () => {
  const { page, user, server } = stage;
  await endHelpersOf(user.uid);
  const [helper = ""] = filesBelow(server.extensions, /^flameline\.flameline-[^/]*\/dist\/flameline-helper$/);
  const bytes = readFileSync(helper);
  const machine = bytes.readUInt16LE(18);
  // e_machine of the other of x64 and arm64.
  bytes.writeUInt16LE(machine === 62 ? 183 : 62, 18);
  writeFileSync(helper, bytes);
  await runCommand(page, "Profile This Workspace");
  const wrong = await message(page, /The recording helper is built for \w+, and this machine is \w+\./);
  await expect(wrong).toContainText("Install the Flameline package for this machine's processor");
  renameSync(helper, `${helper}.away`);
  await runCommand(page, "Profile This Workspace");
  const missing = await message(page, /The recording helper is missing: .*flameline-helper does not exist\./);
  await expect(missing).toContainText("Install the Flameline package for this platform");
  await stage.picture("mishaps-no-helper");
});

async function doubleClick(name: string): Promise<void> {
  const { page } = stage;
  const row = page.locator(".explorer-folders-view .monaco-list-row", { hasText: name });
  await expect(async () => {
    if (!(await row.isVisible())) {
      await page.locator('.activitybar a.action-label[aria-label^="Explorer"]').click({ timeout: 3000 });
    }
    await row.dblclick({ timeout: 5000 });
    await expect(page.locator(".tab.active", { hasText: name })).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 40_000 });
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

function hotLine(): number {
  const lines = readFileSync(path.join(stage.workspace, stage.example.main), "utf8").split("\n");
  return lines.findIndex((text) => text.trimStart().startsWith(HOT)) + 1;
}

/** Writes a file of the workspace as its user. */
function put(name: string, content: string | Uint8Array): void {
  const file = path.join(stage.workspace, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  own(stage.workspace);
}

function own(where: string): void {
  const { uid, gid } = stage.user;
  spawnSync("chown", ["-R", `${uid}:${gid}`, where]);
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
