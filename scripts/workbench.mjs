// The workbench as its user sees it: commands, lenses, heat, the flame graph. For tests and `npm start -- --check`.
import { expect } from "@playwright/test";
import { sendAnswer, takeFromQuickOpen } from "./quick-open.mjs";
import { workbenchUrl } from "./vscode-server.mjs";

/** @typedef {import("@playwright/test").Page} Page */

/** @param {Page} page @param {{ url: string, token: string, workspace: string }} server */
export async function openWorkbench(page, server) {
  await page.goto(workbenchUrl(server));
  await expect(page.locator(".part.sidebar .monaco-list-row").first()).toBeVisible({ timeout: 60_000 });
  // Files show a moment before the extensions are read; until then a profile would open as text.
  await expect(page.locator('.activitybar a.action-label[aria-label^="Flameline"]')).toBeVisible({ timeout: 60_000 });
}

/** Runs a command by its title in the command palette. @param {Page} page @param {string} title without "Flameline: " */
export async function runCommand(page, title) {
  await takeFromQuickOpen(page, `>Flameline: ${title}`, `Flameline: ${title}`);
}

/** By VS Code's own command, which first keeps what the views gave it to keep; a browser's reload may lose its last seconds. @param {Page} page */
export async function reloadWindow(page) {
  const loaded = page.waitForEvent("load", { timeout: 60_000 });
  await takeFromQuickOpen(page, ">Developer: Reload Window", "Developer: Reload Window");
  await loaded;
}

/** Opens a file of the workspace and puts the cursor on a line. @param {Page} page @param {string} file @param {number} [line] 1-based */
export async function openFile(page, file, line) {
  const name = file.split("/").at(-1) ?? file;
  if (name === file) {
    // In a window that just opened Quick Open first reads all the folders, which takes seconds.
    await doubleClickFile(page, file);
  } else {
    await expect(async () => {
      await takeFromQuickOpen(page, file, name);
      await expect(page.locator(".tab.active", { hasText: name })).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 90_000 });
  }
  if (line !== undefined) {
    await goToLine(page, line);
  }
}

/** Goes to a line of the editor in the first group, where sources are. @param {Page} page @param {number} line 1-based */
export async function goToLine(page, line) {
  await expect(async () => {
    await page.locator(".editor-group-container .tab.active").first().click({ timeout: 5000 });
    await takeFromQuickOpen(page, `:${line}`, `Go to line ${line}`);
    expect(await cursorLine(page)).toBe(line);
  }).toPass({ timeout: 90_000 });
}

/** Opens a file by a double click in the Explorer. @param {Page} page @param {string} name */
export async function doubleClickFile(page, name) {
  const explorer = page.locator(".explorer-folders-view");
  await expect(async () => {
    // A second click on the icon would close the side bar.
    if (!(await explorer.isVisible())) {
      await page.locator('.activitybar a.action-label[aria-label^="Explorer"]').click({ timeout: 3000 });
    }
    // A new file's row comes when the watcher has told of it.
    await explorer.locator(".monaco-list-row", { hasText: name }).dblclick({ timeout: 20_000 });
    await expect(page.locator(".tab.active", { hasText: name })).toBeVisible({ timeout: 10_000 });
    if (name.endsWith(".pb.gz")) {
      await expectProfileEditor(page, name);
    }
  }).toPass({ timeout: 60_000 });
}

/** What the browser remembers of a window shows before the extensions are read: a profile then opens as text, and has to be opened again. */
async function expectProfileEditor(page, name) {
  const asText = page.getByText("The file is not displayed in the text editor").first();
  await expect(page.locator("iframe.webview").first().or(asText)).toBeVisible({ timeout: 20_000 });
  if (await asText.isVisible()) {
    await page.locator(".tab.active", { hasText: name }).locator(".action-label.codicon-close").click({ timeout: 3000 });
    throw new Error(`${name} opened as text`);
  }
}

/**
 * What the active editor shows: each visible line with its text, the lens above it, its mark in the gutter and the note at its end.
 * @param {Page} page
 * @returns {Promise<{ line: number, top: number, text: string, note: string, lens: string | null, heat: number | null }[]>} `heat` is the level, 1 to 5
 */
export function visibleLines(page) {
  return page.evaluate(() => {
    const editor = document.querySelector(".editor-group-container.active .monaco-editor") ?? document.querySelector(".monaco-editor");
    if (!editor) {
      return [];
    }
    const plain = (text) => (text ?? "").replaceAll("\u00a0", " ");
    const topOf = (element) => Math.round(element.getBoundingClientRect().top);
    const rows = [...editor.querySelectorAll(".margin-view-overlays .line-numbers")].map((element) => ({
      line: Number(element.textContent),
      top: topOf(element.parentElement ?? element),
    }));
    const rowsOfText = [...editor.querySelectorAll(".view-lines .view-line")];
    const texts = new Map(rowsOfText.map((element) => [topOf(element), plain(element.textContent)]));
    // What an extension writes at a line's end is drawn by the style sheet.
    const noteOf = (element) =>
      [...element.querySelectorAll("span")].map((span) => getComputedStyle(span, "::after").content).filter((text) => /^"./.test(text));
    const notes = new Map(rowsOfText.map((element) => [topOf(element), plain(noteOf(element).join(" ")).replaceAll('"', "")]));
    const lenses = [...editor.querySelectorAll(".codelens-decoration")].map((element) => ({
      bottom: Math.round(element.getBoundingClientRect().bottom),
      text: plain(element.textContent),
    }));
    const marks = new Map(
      [...editor.querySelectorAll(".glyph-margin-widgets .cgmr")].flatMap((element) => {
        const picture = `${getComputedStyle(element).backgroundImage}${getComputedStyle(element, "::before").content}`;
        const level = /heat(?:%2F|\/)[a-z-]*?(\d)\.svg/i.exec(picture);
        return level ? [[topOf(element), Number(level[1])]] : [];
      }),
    );
    return rows
      .filter(({ line }) => line > 0)
      .map(({ line, top }) => ({
        line,
        top,
        text: texts.get(top) ?? "",
        note: notes.get(top) ?? "",
        lens: lenses.find(({ bottom }) => Math.abs(bottom - top) <= 4)?.text ?? null,
        heat: marks.get(top) ?? null,
      }))
      .sort((a, b) => a.line - b.line);
  });
}

/** The total share that a lens tells, 0 to 100. @param {string} text "38 % total · 12 % self — CPU of …" */
export function lensTotal(text) {
  const match = /(?:(<)\s*)?(\d+(?:\.\d+)?) % total/.exec(text);
  return match ? Number(match[2]) : undefined;
}

/** Clicks the lens above a line of the active editor. @param {Page} page @param {number} line 1-based */
export async function clickLens(page, line) {
  const top = (await visibleLines(page)).find((each) => each.line === line)?.top;
  const boxes = await page
    .locator(".editor-group-container.active .codelens-decoration a")
    .evaluateAll((links) => links.map((link) => link.getBoundingClientRect()).map(({ x, y, width, height }) => ({ x, y, width, height })));
  const box = boxes.find(({ y, height }) => top !== undefined && y < top && top - y - height < 12);
  if (!box) {
    throw new Error(`line ${line} has no lens`);
  }
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** Flameline's item in the status bar; it is there only while something is recorded. @param {Page} page */
export function statusBar(page) {
  return page.locator('.statusbar-item[id$="flameline.status"]');
}

/** How many samples the status bar's tooltip tells so far; 0 where nothing is recorded. @param {Page} page @returns {Promise<number>} */
export async function recordedSamples(page) {
  const label = await statusBar(page)
    .locator("a")
    .first()
    .getAttribute("aria-label", { timeout: 2000 })
    .catch(() => null);
  return Number((/([\d,]+) samples/.exec(label ?? "")?.[1] ?? "0").replaceAll(",", ""));
}

/** The open question or list at the top of the window, with the title that a person reads. @param {Page} page @param {string | RegExp} title */
export function quickInput(page, title) {
  return page.locator(".quick-input-widget:visible", { has: page.locator(".quick-input-title", { hasText: title }) });
}

/** Answers a question at the top of the window. @param {Page} page @param {string | RegExp} title @param {string} text */
export async function answer(page, title, text) {
  const input = quickInput(page, title).locator("input").first();
  await expect(input).toBeVisible({ timeout: 60_000 });
  await sendAnswer(input, text);
}

/** Opens Flameline's side bar. @param {Page} page */
export async function openSideBar(page) {
  const pane = viewPane(page, "Recordings");
  await expect(async () => {
    if (!(await pane.isVisible())) {
      await page.locator('.activitybar a.action-label[aria-label^="Flameline"]').click({ timeout: 3000 });
    }
    await expect(pane).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 30_000 });
}

/** A view of the side bar. @param {Page} page @param {string} name */
export function viewPane(page, name) {
  return page.locator(".pane", { has: page.locator(`.pane-header[aria-label^="${name}"]`) });
}

/** Rows of a view. @param {Page} page @param {string} view @param {string | RegExp} [text] */
export function viewRows(page, view, text) {
  return viewPane(page, view).locator(".monaco-list-row", text === undefined ? {} : { hasText: text });
}

/** What the editor says about a line of the active editor when the mouse rests on it. @param {Page} page @param {number} line 1-based */
export async function hoverText(page, line) {
  const hover = page.locator(".monaco-resizable-hover .monaco-hover:visible, .monaco-editor-hover:visible").first();
  await expect(async () => {
    await page.keyboard.press("Escape");
    await goToLine(page, line);
    const row = (await visibleLines(page)).find((each) => each.line === line);
    const text = page.locator(".editor-group-container.active .monaco-editor .view-lines").first();
    const box = await text.boundingBox();
    if (!row || !box) {
      throw new Error(`line ${line} is not visible`);
    }
    const indent = row.text.length - row.text.trimStart().length;
    await page.mouse.move(box.x + 300, box.y + 2);
    await page.mouse.move(box.x + 8 * indent + 12, row.top + 8, { steps: 3 });
    await expect(hover).toBeVisible({ timeout: 4000 });
  }).toPass({ timeout: 30_000 });
  return ((await hover.textContent()) ?? "").replaceAll("\u00a0", " ");
}

/**
 * Waits for a message with a text, and answers where it is shown.
 * @param {Page} page
 * @param {string | RegExp} text
 * @param {{ timeout?: number }} [options]
 */
export async function message(page, text, { timeout = 20_000 } = {}) {
  const center = page.locator(".notifications-center:visible");
  const toast = page.locator(".notifications-toasts .notification-list-item", { hasText: text }).first();
  const kept = center.locator(".notification-list-item", { hasText: text }).first();
  try {
    await expect(toast.or(kept).first()).toBeVisible({ timeout });
  } catch {
    // A toast goes by itself, on a slow machine before it was looked for: the bell keeps it.
    if (!(await center.isVisible())) {
      await page.locator('.statusbar-item[id="status.notifications"]').click();
    }
    await expect(kept).toBeVisible();
  }
  return (await kept.isVisible()) ? kept : toast;
}

/** Presses a button of a message. @param {import("@playwright/test").Locator} shown @param {string} label */
export async function pressButton(shown, label) {
  await shown.hover();
  await shown.locator(".monaco-button", { hasText: label }).click();
}

/** The flame graph's own document: two frames deep. @param {Page} page */
export function graphFrame(page) {
  return page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
}

/**
 * Moves over the drawing until the tooltip names a function, as a person would look for it.
 * @param {Page} page
 * @param {string | RegExp} name the whole name
 * @returns {Promise<{ x: number, y: number }>} a point in the page on the widest box of that name that was met first
 */
export async function findBox(page, name) {
  const tree = graphFrame(page).locator('[role="tree"][aria-label="Flame graph"]');
  await expect(tree).toBeVisible();
  const box = await tree.boundingBox();
  if (!box) {
    throw new Error("the flame graph is not drawn");
  }
  const source = typeof name === "string" ? `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$` : name.source;
  const point = await tree.evaluate(async (element, pattern) => {
    const wanted = new RegExp(pattern);
    const { left, top, width, height } = element.getBoundingClientRect();
    const tooltip = document.querySelector(".tooltip:not(.time-tooltip) .tooltip-name");
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    // A deep stack is scrolled through, half a page at a time.
    for (let scroll = 0; scroll <= element.scrollHeight - element.clientHeight + height / 2; scroll += height / 2) {
      element.scrollTop = scroll;
      await drawn();
      for (let y = top + 4; y < top + height; y += 6) {
        for (let x = left + 2; x < left + width - 16; x += 3) {
          element.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y, bubbles: true }));
          if (wanted.test(tooltip?.textContent ?? "")) {
            return { x: x - left + 1, y: y - top + 2 };
          }
        }
      }
    }
    return null;
  }, source);
  if (point === null) {
    throw new Error(`no box of the flame graph is named ${name}`);
  }
  return { x: box.x + point.x, y: box.y + point.y };
}

/** Takes the pointer off the drawing, and so its tooltip off what lies under it. @param {Page} page */
export async function leaveGraph(page) {
  const tree = graphFrame(page).locator('[role="tree"][aria-label="Flame graph"]');
  await tree.dispatchEvent("pointerleave");
  await expect(graphFrame(page).locator(".tooltip:not(.time-tooltip)")).toBeHidden();
}

/** Where the cursor of the active editor is, also while a webview has the focus. @param {Page} page @returns {Promise<number>} 1-based line */
export async function cursorLine(page) {
  return Number(await page.locator(".monaco-editor .line-numbers.active-line-number").first().textContent());
}
