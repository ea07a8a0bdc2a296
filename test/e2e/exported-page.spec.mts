/** The page that `flameline export --to html` writes, opened from the disk in a browser that knows nothing of VS Code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { root } from "../../scripts/paths.mjs";
import { flameline } from "../support/flameline.mjs";
import { expectAccessibleFrame } from "./accessible.mjs";

const HOSTILE = [
  '</script><script>document.title = "owned"</script>',
  '<img src=x onerror="document.title = 1">',
  "\u202egnp.exe",
  "\u2028;document.title = 1;//",
  "nul\u0000nul",
  `long${"g".repeat(100_000)}`,
];

let folder = "";
test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "flameline-page-"));
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of speedscope with CPU time in main, work and the hostile names, and memory in `grow`. */
function writeProfile(): string {
  const frames = [
    ...["main", "work", "idle", "grow"].map((name) => ({ name, file: "/srv/app.py", line: 3 })),
    ...HOSTILE.map((name) => ({ name })),
  ];
  const hostile = HOSTILE.map((_, index) => [0, 4 + index]);
  const profiles = [
    {
      type: "sampled",
      name: "cpu",
      unit: "milliseconds",
      startValue: 0,
      endValue: 1000,
      samples: [[0, 1], [0, 2], ...hostile],
      weights: [600, 280, ...hostile.map(() => 20)],
    },
    { type: "sampled", name: "heap", unit: "bytes", startValue: 0, endValue: 4096, samples: [[0, 3]], weights: [4096] },
  ];
  const file = path.join(folder, "shop.speedscope.json");
  writeFileSync(file, JSON.stringify({ name: HOSTILE[0], shared: { frames }, profiles }));
  return file;
}

/** Opens a page from the disk; whatever it asks of the network, complains of or pops up is in the list. */
async function openPage(page: Page, file: string): Promise<string[]> {
  const amiss: string[] = [];
  page.on("request", (request) => request.url().startsWith("file:") || amiss.push(`asks for ${request.url()}`));
  page.on("console", (message) => amiss.push(`says ${message.text()}`));
  page.on("pageerror", (error) => amiss.push(`throws ${error.message}`));
  page.on("dialog", (dialog) => amiss.push(`pops up ${dialog.message()}`));
  await page.goto(pathToFileURL(file).href);
  await expect(page.locator(".status-facts")).toContainText("sample");
  return amiss;
}

/** The place of a box by its row (0 is "all") and the share of the width. */
async function boxAt(page: Page, row: number, share: number): Promise<{ x: number; y: number }> {
  const bounds = await page.locator(".graph").boundingBox();
  if (bounds === null) throw new Error("the graph is not there");
  return { x: bounds.x + bounds.width * share, y: bounds.y + row * 20 + 10 };
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`opens from the disk (${colorScheme}): click, zoom, search, tooltip, the other event, and no name becomes more than text`, async ({
    browser,
  }) => {
    const file = path.join(folder, `${colorScheme}.html`);
    const { status, stderr } = await flameline(["export", writeProfile(), "--to", "html", "-o", file], { env: {} });
    expect(`${status} ${stderr}`).toBe("0 ");
    const context = await browser.newContext({ colorScheme, viewport: { width: 1200, height: 700 }, offline: true });
    const page = await context.newPage();
    const amiss = await openPage(page, file);
    await expect(page).toHaveTitle(/^<\/script>.* – Flameline$/);
    await expect(page.locator("body")).toHaveClass(new RegExp(`vscode-${colorScheme}`));
    const picture = async (name: string): Promise<void> => {
      await page.screenshot({ path: path.join(root, ".test/pictures", `exported-page-${name}.png`) });
    };
    await picture(colorScheme);

    const work = await boxAt(page, 2, 0.3);
    await page.mouse.move(work.x, work.y);
    await expect(page.locator(".tooltip-name")).toHaveText("work");
    await page.mouse.click(work.x, work.y);
    await expect(page.locator(".details-name")).toHaveText("work");
    await expect(page.locator(".details-costs")).toContainText("Total 600 ms (60.0 %)");
    await expect(page.getByTitle("Go to the function's line (O)")).toBeHidden();
    await expect(page.locator(".notice")).toBeHidden();

    await page.mouse.dblclick(work.x, work.y);
    const edge = await boxAt(page, 2, 0.97);
    await expect(async () => {
      await page.mouse.move(edge.x - 5, edge.y);
      await page.mouse.move(edge.x, edge.y);
      await expect(page.locator(".tooltip-name")).toHaveText("work", { timeout: 500 });
    }).toPass();
    await page.getByText("Reset zoom").click();

    // Each hostile name is on the screen as text.
    for (const [index, name] of HOSTILE.entries()) {
      const box = await boxAt(page, 2, 0.88 + 0.02 * index + 0.01);
      await expect(async () => {
        await page.mouse.move(box.x, box.y - 1);
        await page.mouse.move(box.x, box.y);
        const shown = (await page.locator(".tooltip-name").textContent()) ?? "";
        expect(shown.slice(0, 5)).toBe(name.slice(0, 5).replaceAll(/[\0\u2028\u202e]/g, "\ufffd"));
      }).toPass();
    }

    await page.locator(".search").click();
    await page.keyboard.type("work");
    await expect(page.locator(".matches")).toHaveText("60.0 % in 1 box");

    // Pictures of what is seen, as the window asks for them.
    for (const format of ["png", "svg"] as const) {
      const downloads = page.waitForEvent("download");
      await page.evaluate((wanted) => window.postMessage({ type: "draw", format: wanted }, "*"), format);
      const picture = readFileSync(await (await downloads).path());
      if (format === "png") {
        expect(picture.subarray(1, 4).toString("latin1")).toBe("PNG");
        expect(picture.readUInt32BE(16)).toBe(1200);
        continue;
      }
      const drawn = await context.newPage();
      await drawn.setContent(picture.toString("utf8"));
      await expect(drawn.locator("svg > text").filter({ hasText: "work" })).toHaveCount(1);
      await expect(drawn.locator("script, img")).toHaveCount(0);
      await drawn.screenshot({ path: path.join(root, ".test/pictures", `flame-graph-svg-${colorScheme}.png`) });
      await drawn.close();
    }

    await page.getByRole("combobox", { name: "Event" }).click();
    await page.getByRole("option", { name: "Memory" }).click();
    await expect(page.locator(".status-facts")).toContainText("4.10 kB");
    const grow = await boxAt(page, 2, 0.5);
    await page.mouse.click(grow.x, grow.y);
    await expect(page.locator(".details-name")).toHaveText("grow");
    await expectAccessibleFrame(page.mainFrame(), `the exported page (${colorScheme})`);

    // Who asks the browser for more contrast gets it at once.
    await page.emulateMedia({ colorScheme, contrast: "more" });
    await expect(page.locator("body")).toHaveClass(/vscode-high-contrast\b/);
    await expect(page.locator("body")).toHaveCSS("background-color", colorScheme === "dark" ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)");
    await picture(`high-contrast-${colorScheme}`);
    await expectAccessibleFrame(page.mainFrame(), `the exported page in high contrast (${colorScheme})`);
    expect(amiss).toEqual([]);
    await context.close();
  });
}

test("a page with 100,000 boxes opens, and its search finds", async ({ page }) => {
  const lines: string[] = [];
  for (let i = 0; i < 100_000; i++) lines.push(`main;pkg${i % 50};mod${i % 2500};fn${i} ${1000 + (i % 7)}`);
  const source = path.join(folder, "large.folded");
  writeFileSync(source, `# flameline event=cpu unit=ns\n${lines.join("\n")}\n`);
  const file = path.join(folder, "large.html");
  const { status } = await flameline(["export", source, "--to", "html", "-o", file], { env: {} });
  expect(status).toBe(0);
  const began = Date.now();
  const amiss = await openPage(page, file);
  console.log(`page of ${(readFileSync(file).length / 1e6).toFixed(1)} MB: ${Date.now() - began} ms to its first numbers`);
  await page.locator(".search").click();
  await page.keyboard.type("fn4242");
  // fn4242 and fn42420 to fn42429.
  await expect(page.locator(".matches")).toContainText("in 11 boxes");
  expect(amiss).toEqual([]);
});
