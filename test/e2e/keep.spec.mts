/** Keep Profiling in a window: it stays on, whoever dies, and the last minutes are there. */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import {
  answer,
  goToLine,
  openFile,
  openSideBar,
  openWorkbench,
  quickInput,
  runCommand,
  viewRows,
  visibleLines,
} from "../../scripts/workbench.mjs";
import { endHelpersOf, helpersOf, RIGHTS, useStage } from "./stage.mjs";

const stage = useStage({ user: TEST_USER, sudo: true, example: "python", settings: { "flameline.sampleRate": 99 } });
const HOT = "current.append(min(";

const keepItem = (page: Page): Locator => page.locator('.statusbar-item[id$="flameline.keep"]');

/** Turns it on and waits until it says its rate. */
async function turnOn(page: Page): Promise<void> {
  await runCommand(page, "Keep Profiling");
  await expect(async () => {
    if (await quickInput(page, RIGHTS).isVisible()) {
      await answer(page, RIGHTS, stage.user.password);
    }
    await expect(keepItem(page)).toContainText(/\d+\/s · [\d.]+ %|paused/, { timeout: 2_000 });
  }).toPass({ timeout: 120_000 });
}

function ring(): string {
  const storage = path.join(stage.server.userData, "User/workspaceStorage");
  const found = readdirSync(storage, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("/keep/ring.json"));
  const newest = found.map((name) => path.join(storage, name)).toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  return path.dirname(newest.at(-1) ?? "");
}

const segments = (): string[] => readdirSync(ring()).filter((name) => name.endsWith(".jsonl"));

function report(): { samples: number; rows: { line: number; function: string }[]; said: string } {
  const { stdout, stderr } = spawnSync("node", [path.join(root, "dist/flameline.js"), "report", ring(), "--event", "cpu", "--json"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { ...(JSON.parse(stdout) as { samples: number; rows: [] }), said: stderr };
}

/** A helper for the user, as a service manager would start it again. */
function startHelper(): void {
  const helper = spawn(path.join(root, "dist/flameline-helper"), ["serve", "--user", String(stage.user.uid)], {
    stdio: "ignore",
    detached: true,
  });
  helper.unref();
}

test("says its rate and cost, goes on by itself when the helper is killed, and shows the last minutes with heat", async () => {
  const { page, user, example } = stage;
  stage.run();
  await openFile(page, example.main, stage.lineOf(HOT));
  await turnOn(page);
  await expect.poll(() => report().samples, { timeout: 60_000 }).toBeGreaterThan(30);
  const before = report();
  expect(before.said).not.toContain("interrupted");
  await endHelpersOf(user.uid, "SIGKILL");
  startHelper();
  await expect.poll(() => segments().length, { timeout: 60_000 }).toBe(2);
  await expect(keepItem(page)).toContainText(/\d+\/s/, { timeout: 60_000 });
  await expect.poll(() => report().samples, { timeout: 60_000 }).toBeGreaterThan(before.samples + 30);
  expect(report().said).toMatch(/Recording was interrupted once, for [\d.]+ s in all/);
  await runCommand(page, "Show the Last Minutes…");
  await quickInput(page, "Flameline: Show the Last Minutes").locator(".monaco-list-row", { hasText: "Last 5 minutes" }).click();
  await openSideBar(page);
  await expect(viewRows(page, "Recordings", "Last 5 minutes").first()).toContainText("open", { timeout: 60_000 });
  // The graph stands beside the file.
  await goToLine(page, stage.lineOf(HOT));
  const heat = async () => (await visibleLines(page)).find(({ text }) => text.trimStart().startsWith(HOT))?.heat ?? 0;
  await expect.poll(heat, { message: "heat on the hot line", timeout: 60_000 }).toBeGreaterThan(0);
  await stage.picture("keep");
  // It goes on meanwhile, and off is off.
  const samples = report().samples;
  await expect.poll(() => report().samples, { timeout: 60_000 }).toBeGreaterThan(samples);
  await runCommand(page, "Keep Profiling");
  await expect(keepItem(page)).toBeHidden({ timeout: 30_000 });
  expect(helpersOf(user.uid)).toHaveLength(1);
});

test("goes on after the extension host is killed and after a reload, and nothing before is lost", async () => {
  const { page, server } = stage;
  stage.run();
  await turnOn(page);
  await expect.poll(() => report().samples, { timeout: 60_000 }).toBeGreaterThan(30);
  const known = () => segments().map((name) => ({ name, text: readFileSync(path.join(ring(), name), "utf8") }));
  const expectAllOf = (before: ReturnType<typeof known>): void => {
    for (const { name, text } of before) {
      expect(readFileSync(path.join(ring(), name), "utf8").startsWith(text), `${name} holds what it held`).toBe(true);
    }
  };

  const before = known();
  process.kill(extensionHost(), "SIGKILL");
  await expect.poll(() => segments().length, { timeout: 90_000 }).toBeGreaterThan(before.length);
  expectAllOf(before);
  await expect(keepItem(page)).toContainText(/\d+\/s/, { timeout: 60_000 });

  const between = known();
  await openWorkbench(page, server);
  await expect(keepItem(page)).toContainText(/\d+\/s/, { timeout: 90_000 });
  expect(segments().length).toBeGreaterThan(between.length);
  expectAllOf(between);
  await runCommand(page, "Keep Profiling");
  await expect(keepItem(page)).toBeHidden({ timeout: 30_000 });
  // Off stays off.
  await openWorkbench(page, server);
  const count = segments().length;
  await page.waitForTimeout(8_000);
  expect(segments().length).toBe(count);
});

test("a folder that can't be written is one clear sentence", async () => {
  const { page, user } = stage;
  stage.run();
  await turnOn(page);
  const folder = ring();
  await runCommand(page, "Keep Profiling");
  await expect(keepItem(page)).toBeHidden({ timeout: 30_000 });
  spawnSync("chown", ["root:root", folder]);
  spawnSync("chmod", ["555", folder]);
  try {
    await runCommand(page, "Keep Profiling");
    const said = page.locator(".notification-list-item", { hasText: "could not be written" });
    await expect(said).toHaveCount(1, { timeout: 30_000 });
    await expect(said).toContainText(folder);
  } finally {
    spawnSync("chmod", ["700", folder]);
    spawnSync("chown", [`${user.uid}:${user.gid}`, folder]);
  }
});

/** The process that runs extensions for this user's window. */
function extensionHost(): number {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          statSync(`/proc/${pid}`).uid === stage.user.uid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=extensionHost")
        );
      } catch {
        return false;
      }
    });
  expect(pids.length).toBeGreaterThan(0);
  return Math.max(...pids);
}
