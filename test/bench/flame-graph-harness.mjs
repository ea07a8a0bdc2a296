// The real page of the flame graph (real bundle, real HTML and security policy) in a browser, with a stand-in for VS Code.
import { existsSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { chromium as browsers } from "@playwright/test";
import { chromium } from "../../scripts/vscode-server.mjs";
import { webview } from "../../scripts/webview-bundle.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const ORIGIN = "http://flameline.test/";

/** Colours of VS Code's default themes, as its webviews have them. */
const THEMES = {
  light: {
    class: "vscode-light",
    variables: {
      "editor-background": "#ffffff",
      foreground: "#3b3b3b",
      descriptionForeground: "#3b3b3bcc",
      "panel-border": "#e5e5e5",
      focusBorder: "#005fb8",
      "button-secondaryBackground": "#e5e5e5",
      "button-secondaryForeground": "#3b3b3b",
      "dropdown-background": "#ffffff",
      "dropdown-foreground": "#3b3b3b",
      "dropdown-border": "#cecece",
      "input-background": "#ffffff",
      "input-foreground": "#3b3b3b",
      "settings-textInputBorder": "#cecece",
      "editorHoverWidget-background": "#f8f8f8",
      "editorHoverWidget-foreground": "#3b3b3b",
      "editorHoverWidget-border": "#c8c8c8",
      "widget-shadow": "#00000029",
    },
  },
  dark: {
    class: "vscode-dark",
    variables: {
      "editor-background": "#1f1f1f",
      foreground: "#cccccc",
      descriptionForeground: "#9d9d9d",
      "panel-border": "#2b2b2b",
      focusBorder: "#0078d4",
      "button-secondaryBackground": "#313131",
      "button-secondaryForeground": "#cccccc",
      "dropdown-background": "#313131",
      "dropdown-foreground": "#cccccc",
      "dropdown-border": "#3c3c3c",
      "input-background": "#313131",
      "input-foreground": "#cccccc",
      "settings-textInputBorder": "#3c3c3c",
      "editorHoverWidget-background": "#202020",
      "editorHoverWidget-foreground": "#cccccc",
      "editorHoverWidget-border": "#454545",
      "widget-shadow": "#0000005c",
    },
  },
  "high-contrast": {
    class: "vscode-high-contrast",
    variables: {
      "editor-background": "#000000",
      foreground: "#ffffff",
      descriptionForeground: "#ffffffb3",
      "panel-border": "#6fc3df",
      contrastBorder: "#6fc3df",
      contrastActiveBorder: "#f38518",
      focusBorder: "#f38518",
      "button-secondaryForeground": "#ffffff",
      "button-border": "#6fc3df",
      "dropdown-background": "#000000",
      "dropdown-foreground": "#ffffff",
      "dropdown-border": "#6fc3df",
      "input-background": "#000000",
      "input-foreground": "#ffffff",
      "settings-textInputBorder": "#6fc3df",
      "editorHoverWidget-background": "#0c141f",
      "editorHoverWidget-foreground": "#ffffff",
      "editorHoverWidget-border": "#6fc3df",
    },
  },
  "high-contrast-light": {
    class: "vscode-high-contrast-light vscode-high-contrast",
    variables: {
      "editor-background": "#ffffff",
      foreground: "#292929",
      descriptionForeground: "#292929b3",
      "panel-border": "#0f4a85",
      contrastBorder: "#0f4a85",
      contrastActiveBorder: "#006bbd",
      focusBorder: "#006bbd",
      "button-secondaryBackground": "#ffffff",
      "button-secondaryForeground": "#292929",
      "button-border": "#0f4a85",
      "dropdown-background": "#ffffff",
      "dropdown-foreground": "#292929",
      "dropdown-border": "#0f4a85",
      "input-background": "#ffffff",
      "input-foreground": "#292929",
      "settings-textInputBorder": "#0f4a85",
      "editorHoverWidget-background": "#ffffff",
      "editorHoverWidget-foreground": "#292929",
      "editorHoverWidget-border": "#0f4a85",
    },
  },
};

export const haveBrowser = () => existsSync(chromium.executablePath);
export const launch = () => browsers.launch(chromium);

/** Bundles the page as the build does. */
export async function bundle() {
  const page = await esbuild.build({ ...webview, sourcemap: false, write: false });
  const html = await esbuild.build({
    bundle: true,
    write: false,
    minify: true,
    logLevel: "warning",
    entryPoints: [path.join(root, "extension/flame-graph-html.ts")],
    format: "esm",
    outfile: "/out/html.mjs",
  });
  const [js, css] = [".js", ".css"].map((ending) => page.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? "");
  const { flameGraphHtml } = await import(`data:text/javascript;base64,${Buffer.from(html.outputFiles[0].text).toString("base64")}`);
  return {
    js,
    css,
    html: flameGraphHtml({ cspSource: ORIGIN, nonce: "harness", styleNonce: "styles", scriptUri: "/webview.js", styleUri: "/webview.css" }),
  };
}

export function summaryOf(tree, live = false) {
  const processes = [
    ["python3", 4012, 61],
    ["node", 4100, 25],
    ["python3", 4013, 14],
  ];
  return {
    id: "harness",
    name: "Harness",
    live,
    startUnixMs: 0,
    durationNs: 12.4e9,
    hz: 99,
    events: [
      { event: "cpu", unit: "ns", samples: tree.samples, total: tree.total },
      { event: "off_cpu", unit: "ns", samples: 10, total: 5e9 },
    ],
    processes: processes.map(([name, pid, samples]) => ({ pid, name, commandLine: `${name} serve`, samples })),
    threads: processes.map(([name, pid, samples], index) => ({ index, pid, tid: pid, name, samples })),
    loss: { lost: 3, leafOnly: 2, truncated: 0, broken: 0, unresolvedFrames: 12 },
    cost: { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 },
    warnings: [],
  };
}

/**
 * Opens the page with a tree. In the page, `harness.sent` is what the page posted, `harness.send` what the extension would
 * post, and `harness.work` the ms that each of the page's own animation frames took.
 */
export async function openGraph(
  browser,
  parts,
  {
    tree,
    summary = tree && summaryOf(tree),
    theme = "dark",
    size = { width: 1280, height: 900 },
    scale = 1,
    state,
    callers = null,
    timeMap = null,
  },
) {
  const context = await browser.newContext({ viewport: size, deviceScaleFactor: scale });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  const { class: bodyClass, variables } = THEMES[theme];
  const bodies = {
    "/": ["text/html", parts.html.replace("<body>", `<body class="${bodyClass}">`)],
    "/webview.js": ["text/javascript", parts.js],
    "/webview.css": ["text/css", parts.css],
    "/tree.json": ["application/json", JSON.stringify(tree ?? null)],
  };
  await page.route("**/*", (route) => {
    const [contentType, body] = bodies[new URL(route.request().url()).pathname] ?? ["text/plain", ""];
    return route.fulfill({ contentType, body });
  });
  await page.addInitScript(standIn, { summary: summary ?? null, variables, state, callers, timeMap, tree: JSON.stringify(tree ?? null) });
  await page.goto(ORIGIN);
  await page.waitForFunction(() => window.harness?.shown);
  return { page, context, problems };
}

/** Runs in the page before its own script. */
function standIn({ summary, variables, state, callers, timeMap, tree }) {
  const harness = { sent: [], work: [], shown: false, state, send: (message) => window.postMessage(message, "*") };
  window.harness = harness;
  const timed = window.requestAnimationFrame.bind(window);
  harness.frame = timed;
  window.requestAnimationFrame = (run) =>
    timed((time) => {
      const start = performance.now();
      run(time);
      harness.work.push(performance.now() - start);
      harness.shown ||= harness.answered === true || summary === null;
    });
  const style = () => {
    const all = {
      "font-family": "system-ui, sans-serif",
      "font-size": "13px",
      "font-weight": "normal",
      "editor-font-family": "'DejaVu Sans Mono', monospace",
      ...variables,
    };
    for (const [name, value] of Object.entries(all)) document.documentElement.style.setProperty(`--vscode-${name}`, value);
  };
  document.addEventListener("readystatechange", style, { once: true });
  harness.columns = JSON.parse(tree);
  window.acquireVsCodeApi = () => ({
    getState: () => harness.state,
    setState: (next) => (harness.state = next),
    postMessage: (message) => {
      harness.sent.push(message);
      if (message.type === "ready") harness.send({ type: "recording", summary, selection: { event: "cpu" } });
      if (message.type === "select") harness.send({ type: "recording", summary, selection: message.selection });
      if (message.type === "getTree") {
        harness.answered = true;
        harness.send({ type: "tree", request: message.request, direction: message.direction, tree: harness.columns });
      }
      if (message.type === "getTimeMap") harness.send({ type: "timeMap", request: message.request, map: timeMap });
      if (message.type === "getCallers") harness.send({ type: "callers", request: message.request, answer: callers });
    },
  });
}
