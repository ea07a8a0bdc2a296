/** One test under the profiler, from the editor's menu: recorded alone and shown. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { cacheRoot } from "../../scripts/paths.mjs";
import { answer, findBox, message, openFile, openSideBar, quickInput, viewRows } from "../../scripts/workbench.mjs";
import { RIGHTS, useStage } from "./stage.mjs";

const PYTEST = "8.4.2";
const ORDERS = `def price(count):
    total = 0
    for step in range(count):
        total += step % 7
    return total
`;
const TEST_ORDERS = `from orders import price


def stock(count):
    return [step * step for step in range(count)]


class TestOrders:
    def test_price(self):
        assert price(20000) > 0

    def test_stock(self):
        assert len(stock(20000)) == 20000
`;
const stage = useStage({ user: TEST_USER, sudo: true, windowsLater: true });

/** Made once, where every user can read it. */
function made(name: string, make: (folder: string) => string[], env: Record<string, string> = {}): string {
  const folder = path.join(cacheRoot(), name);
  if (!existsSync(folder)) {
    const staging = `${folder}.${process.pid}`;
    mkdirSync(staging, { recursive: true });
    const [program = "", ...args] = make(staging);
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...env }, cwd: stage.workspace });
    if (status !== 0) {
      rmSync(staging, { recursive: true, force: true });
      throw new Error(`${name} could not be made: ${stderr}`);
    }
    renameSync(staging, folder);
    spawnSync("chmod", ["-R", "a+rX", folder]);
  }
  return folder;
}

/** A virtual environment of the workspace with pytest in it, as a project has one. */
function virtualEnvironment(): void {
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
  const libraries = made(`pytest-${PYTEST}`, (folder) => [...pip, "--target", folder, `pytest==${PYTEST}`]);
  const { status, stderr } = spawnSync("/usr/bin/python3", ["-m", "venv", "--without-pip", ".venv"], {
    cwd: stage.workspace,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const [site = ""] = spawnSync(path.join(stage.workspace, ".venv/bin/python"), ["-c", "import site; print(site.getsitepackages()[0])"], {
    encoding: "utf8",
  }).stdout.split("\n");
  stage.put(path.join(path.relative(stage.workspace, site), "pytest.pth"), `${libraries}\n`);
}

/** The password where it is asked for, until the message about the test is there. */
async function told(page: Page, text: RegExp): Promise<string> {
  await expect(async () => {
    if (await quickInput(page, RIGHTS).isVisible()) {
      await answer(page, RIGHTS, stage.user.password);
    }
    await expect(page.locator(".notification-list-item", { hasText: text }).first()).toBeAttached({ timeout: 2000 });
  }).toPass({ timeout: 120_000 });
  return (await (await message(page, text)).textContent()) ?? "";
}

/** How often a test ran, and for how many seconds, as the message says. */
function timesIn(text: string): { times: number; seconds: number } {
  const [, times = "", seconds = ""] = /it ran ([\d,]+) times in ([\d.]+) s/.exec(text) ?? [];
  return { times: Number(times.replaceAll(",", "")), seconds: Number(seconds) };
}

test("the test at the cursor is run alone, as often as it takes, and its profile is shown under its name", async ({ browser }) => {
  test.setTimeout(300_000);
  test.skip(!existsSync("/usr/bin/python3"), "Debian's Python is not installed");
  stage.put("orders.py", ORDERS);
  stage.put("test_orders.py", TEST_ORDERS);
  virtualEnvironment();
  const page = await stage.openWindow(browser);

  await test.step("pytest, from the editor's menu", async () => {
    await openFile(page, "test_orders.py", 10);
    await expect(async () => {
      await page
        .locator(".editor-group-container .view-line", { hasText: "assert price" })
        .first()
        .click({ button: "right", timeout: 5000 });
      await page.locator(".monaco-menu .action-label", { hasText: "Profile This Test" }).click({ timeout: 5000 });
    }).toPass({ timeout: 30_000 });
    const { times, seconds } = timesIn(await told(page, /“TestOrders::test_price” passed/));
    expect(times).toBeGreaterThan(10);
    expect(seconds).toBeGreaterThanOrEqual(1);
    await findBox(page, "price");
    await stage.picture("one-test-pytest");
    await expect(findBox(page, "stock")).rejects.toThrow("no box");
    await openSideBar(page);
    await expect(viewRows(page, "Recordings", "TestOrders::test_price")).toBeVisible();
  });
});
