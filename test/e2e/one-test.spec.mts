/** One test under the profiler, from the editor's menu and the palette: pytest's and Go's, each recorded alone and shown. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { TEST_USER } from "../../scripts/machine.mjs";
import { cacheRoot } from "../../scripts/paths.mjs";
import { takeFromQuickOpen } from "../../scripts/quick-open.mjs";
import { has } from "../../scripts/shell.mjs";
import {
  answer,
  findBox,
  goToLine,
  leaveGraph,
  openFile,
  openSideBar,
  quickInput,
  runCommand,
  viewRows,
} from "../../scripts/workbench.mjs";
import { expectAccessible } from "./accessible.mjs";
import { RIGHTS, useStage } from "./stage.mjs";
import { inEachTheme } from "./themes.mjs";

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
const SUM = `package sum

func Total(count int) int {
	total := 0
	for step := 0; step < count; step++ {
		total += step % 7
	}
	return total
}

func Other(count int) int {
	return Total(count) + 1
}
`;
const SUM_TEST = `package sum

import "testing"

func TestSum(t *testing.T) {
	t.Run("of $(many) [goods](command:workbench.action.closeWindow)", func(t *testing.T) {
		if Total(200000) < 0 {
			t.Fatal("negative")
		}
	})
	t.Run("of others", func(t *testing.T) {
		if Other(200000) < 0 {
			t.Fatal("negative")
		}
	})
}
`;

/** As it is told: a link in a message would run the command. */
const HOSTILE_TEST = "TestSum/of $(many) [goods] (command:workbench.action.closeWindow)";

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

/** Compiles Go's library once for all users: that is no part of a test. */
function warmGo(): void {
  const home = path.join(stage.user.home, ".cache/go-build");
  const cache = path.join(cacheRoot(), "go-build-of-tests");
  mkdirSync(cache, { recursive: true });
  const { status, stderr } = spawnSync("go", ["test", "-c", "-o", "/dev/null", "./sum"], {
    cwd: stage.workspace,
    encoding: "utf8",
    env: { ...process.env, GOCACHE: cache, GOFLAGS: "-buildvcs=false" },
  });
  expect(status, stderr).toBe(0);
  cpSync(cache, home, { recursive: true });
  // VS Code asks the user's login shell for the path, as people have Go in theirs.
  const { stdout } = spawnSync("sh", ["-c", "command -v go"], { encoding: "utf8" });
  for (const profile of [".profile", ".bash_profile", ".bashrc"]) {
    writeFileSync(path.join(stage.user.home, profile), `PATH="${path.dirname(stdout.trim())}:$PATH"\n`);
  }
  spawnSync("chown", ["-R", `${stage.user.uid}:${stage.user.gid}`, path.dirname(home)]);
}

/** The password where it is asked for, until there is a message about a test; what it says. */
async function told(page: Page, name: string): Promise<string> {
  const said = page.locator(".notification-list-item-message", { hasText: `“${name}”` }).first();
  let text = "";
  await expect(async () => {
    if (await quickInput(page, RIGHTS).isVisible()) {
      await answer(page, RIGHTS, stage.user.password);
    }
    text = (await said.textContent({ timeout: 2000 })) ?? "";
    expect(text).toMatch(/samples?,/);
  }).toPass({ timeout: 120_000 });
  return text;
}

/** How often a test ran, and for how many seconds, as the message says. */
function timesIn(text: string): { times: number; seconds: number } {
  const [, times = "", seconds = ""] = / passed: it ran ([\d,]+) times in ([\d.]+) s/.exec(text) ?? [text];
  expect(times, text).not.toBe("");
  return { times: Number(times.replaceAll(",", "")), seconds: Number(seconds) };
}

test("the test at the cursor is run alone, as often as it takes, and its profile is shown under its name", async ({ browser }) => {
  test.setTimeout(300_000);
  test.skip(!existsSync("/usr/bin/python3"), "Debian's Python is not installed");
  stage.put("orders.py", ORDERS);
  stage.put("test_orders.py", TEST_ORDERS);
  stage.put("go.mod", "module example.com/sum\n\ngo 1.21\n");
  stage.put("sum/sum.go", SUM);
  stage.put("sum/sum_test.go", SUM_TEST);
  virtualEnvironment();
  if (has("go")) {
    warmGo();
  }
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
    const { times, seconds } = timesIn(await told(page, "TestOrders::test_price"));
    expect(times).toBeGreaterThan(10);
    expect(seconds).toBeGreaterThanOrEqual(1);
    await findBox(page, "price");
    await leaveGraph(page);
    await inEachTheme(stage, async (theme) => {
      await stage.picture(`one-test-pytest-${theme}`);
      await expectAccessible(page, `one test's graph in ${theme}`);
    });
    await expect(findBox(page, "stock")).rejects.toThrow("no box");
    await openSideBar(page);
    await expect(viewRows(page, "Recordings", "TestOrders::test_price")).toBeVisible();
  });

  await test.step("a subtest of Go, from the palette; its name means nothing to a shell", async () => {
    if (!has("go")) {
      return;
    }
    await takeFromQuickOpen(page, ">View: Close All Editors", "View: Close All Editors");
    await openFile(page, "sum/sum_test.go");
    await goToLine(page, 7);
    await runCommand(page, "Profile This Test");
    const { times, seconds } = timesIn(await told(page, HOSTILE_TEST));
    expect(times).toBeGreaterThan(100);
    expect(seconds).toBeGreaterThan(0.5);
    await findBox(page, /\.Total$/);
    await stage.picture("one-test-go");
    await expect(findBox(page, /\.Other$/)).rejects.toThrow("no box");
    await openSideBar(page);
    await expect(viewRows(page, "Recordings", "TestSum/of $(many) [goods](command:")).toBeVisible();
  });
});
