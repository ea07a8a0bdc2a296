// The same files opened here and in speedscope, in the same browser: how long until there is a picture, and how much memory it takes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";
import { bundle, haveBrowser, launch, openGraph } from "./flame-graph-harness.mjs";

const SIZES = [100_000, 1_000_000];
/** Bounds of what is asked of us at 1,000,000 samples. */
const FIRST_PICTURE_MS = 2000;
const MEMORY_MB = 500;
/** Who shows nothing by then shows nothing that anyone waits for. */
const PATIENCE_MS = 75_000;
const RELEASE = path.join(root, "node_modules/speedscope/dist/release");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".wasm": "application/wasm" };

export const bench = {
  title:
    "Viewers: a file to its first picture, and the memory, here (language server and page; VS Code's own part is not in it) and in speedscope",
  whyNot: () =>
    !haveBrowser() ? "there is no Chromium" : existsSync(RELEASE) ? undefined : "speedscope is not installed: run npm install",
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-viewers-"));
    try {
      const [writer, opener] = [await bundled("files-bench.ts", "esm"), await bundled("viewers-open.ts", "cjs")];
      const parts = await bundle();
      const empty = await emptyPage();
      const rows = [
        { what: "an empty page", value: empty, unit: "MB", note: "the renderer's most, which the pages' figures have in them" },
      ];
      for (const size of scale < 0.1 ? SIZES.slice(-1) : SIZES) {
        const samples = Math.max(1000, Math.round(size * scale));
        for (const [format, words] of [
          ["collapsed", "aggregated"],
          ["speedscope", "not aggregated"],
        ]) {
          const file = path.join(folder, format === "collapsed" ? `${samples}.folded` : `${samples}.speedscope.json`);
          write(writer, format, file, samples);
          const targets = size === 1_000_000 ? { ms: FIRST_PICTURE_MS, mb: MEMORY_MB } : {};
          rows.push(
            ...rowsOf(`${samples.toLocaleString("en-US")} samples, ${words}`, "here", await openHere(parts, opener, file), targets),
          );
          rows.push(...rowsOf(`${samples.toLocaleString("en-US")} samples, ${words}`, "speedscope", await openThere(file), {}));
        }
      }
      console.log(table(rows));
      return rows;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function rowsOf(what, where, { ms, mb, note }, targets) {
  const time = { what: `${what}: ${where}`, value: ms, unit: "ms", target: targets.ms, note };
  return [time, { what: `${what}: ${where}, memory`, value: mb, unit: "MB", target: targets.mb }];
}

async function bundled(name, format) {
  const outfile = path.join(root, ".test", name.replace(/\.ts$/, format === "esm" ? ".mjs" : ".cjs"));
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    entryPoints: [path.join(root, "test/bench", name)],
    bundle: true,
    platform: "node",
    format,
    outfile,
    logLevel: "error",
  });
  return outfile;
}

/** Aggregated: each of some stacks with its hundred samples, a line each. */
function write(writer, format, file, samples) {
  const lines = format === "collapsed" ? Math.ceil(samples / 100) : samples;
  const { status, stderr } = spawnSync(process.execPath, [writer, "write", format, file, String(lines), String(Math.ceil(samples / 10))], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`files-bench.ts ended with ${status}: ${stderr}`);
  if (format === "collapsed") writeFileSync(file, readFileSync(file, "utf8").replaceAll(/ 1$/gm, " 100"));
}

async function openHere(parts, opener, file) {
  const answer = `${file}.answer`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [opener, file, answer], { encoding: "utf8" });
  if (status !== 0) throw new Error(`viewers-open.ts ended with ${status}: ${stderr}`);
  const server = JSON.parse(stdout);
  if (!(server.samples > 0)) throw new Error("no samples were read");
  const text = readFileSync(answer, "utf8");
  const browser = await launch();
  try {
    const { page, problems } = await openGraph(browser, parts, {});
    const pageMs = await page.evaluate(firstPicture, { text });
    if (problems.length > 0) throw new Error(`the page complained: ${problems.join("; ")}`);
    const note = `language server ${server.ms.toFixed(0)} ms and ${server.rssMb.toFixed(0)} MB, the rest is the page's`;
    return { ms: server.ms + pageMs, mb: server.rssMb + (await rendererMb(browser)), note };
  } finally {
    await browser.close();
  }
}

/** In the page: from the answer's text to the frame that shows it, ms. */
async function firstPicture({ text }) {
  const { harness } = window;
  const start = performance.now();
  const columns = JSON.parse(text);
  harness.columns = columns;
  const came = new Promise((done) => {
    window.addEventListener("message", ({ data }) => data.type === "tree" && done());
  });
  const unit = { event: columns.event, unit: columns.unit, samples: columns.samples, total: columns.total };
  const nothing = { processes: [], threads: [], warnings: [], loss: {}, cost: {} };
  const summary = { id: "file", name: "file", live: false, startUnixMs: 0, durationNs: 1e9, hz: 99, events: [unit], ...nothing };
  harness.send({ type: "recording", summary, selection: { event: columns.event } });
  await came;
  // The first frame draws it, the second one begins when that is done.
  for (let i = 0; i < 2; i++) await new Promise((done) => harness.frame(done));
  const canvas = document.querySelector(".graph canvas");
  const row = canvas.getContext("2d").getImageData(0, 10, canvas.width, 1).data;
  if (new Set(row).size < 2) throw new Error("nothing was drawn");
  return performance.now() - start;
}

async function openThere(file) {
  const browser = await launch();
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    const failed = new Promise((done) => page.on("pageerror", (error) => done(String(error))));
    await page.route("**/*", (route) => {
      const name = path.basename(new URL(route.request().url()).pathname) || "index.html";
      const contentType = TYPES[path.extname(name)] ?? "application/octet-stream";
      return route.fulfill({ contentType, body: readFileSync(path.join(RELEASE, name)) });
    });
    await page.goto("http://speedscope.test/index.html");
    await page.locator("#file").waitFor({ state: "attached" });
    const start = performance.now();
    await page.locator("#file").setInputFiles(file);
    // The views' names stand above the picture, and nowhere before.
    const shown = page.getByText("Left Heavy").first().waitFor({ timeout: PATIENCE_MS });
    const problem = await Promise.race([shown.then(() => ""), failed]).catch(() => `no picture in ${PATIENCE_MS / 1000} s`);
    if (problem === "") await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return { ms: performance.now() - start, mb: await rendererMb(browser), note: problem };
  } finally {
    await browser.close();
  }
}

async function emptyPage() {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto("about:blank");
    return await rendererMb(browser);
  } finally {
    await browser.close();
  }
}

/** The most that the renderer with most had at a time, MB. */
async function rendererMb(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1000);
  return Math.max(...peaks);
}

function table(rows) {
  const lines = rows.map(({ what, value, unit, target, note }) =>
    [what, `${value.toFixed(0)} ${unit}`, target === undefined ? "–" : `≤ ${target} ${unit}`, note ?? ""].join(" | "),
  );
  return ["| what | figure | target | note |", "|---|---|---|---|", ...lines.map((line) => `| ${line} |`)].join("\n");
}
