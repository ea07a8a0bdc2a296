// How fast the flame graph answers, in a real browser beside an empty page: `node test/bench/flame-graph-bench.mjs [factor]`.
// The factor scales the numbers of nodes and frames, so that tests can run it tiny (then the largest tree only). Figures, never asserted in tests.
import { pathToFileURL } from "node:url";
import { bundle, launch, openGraph } from "./flame-graph-harness.mjs";
import { syntheticColumns, toWire } from "./flame-graph-tree.mjs";

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const FRAMES = 180;
const ACTIONS = ["zoom", "pan", "scroll", "search", "click zoom"];

/** Targets of the decision on views: frames near the empty page's, script and layout at most 12 ms; a larger tree's first frame 33 ms. */
const WITHIN = 1.15;
const WORK_MS = 12;
const FIRST_FRAME_MS = 33;

export async function runFlameGraphBench(factor = 1) {
  const frames = Math.max(12, Math.round(FRAMES * Math.min(1, factor)));
  const parts = await bundle();
  const browser = await launch();
  const rows = [];
  try {
    for (const size of factor < 0.1 ? [1_000_000] : SIZES) {
      const nodes = Math.max(50, Math.round(size * factor));
      const tree = toWire(syntheticColumns(nodes));
      const { page, context, problems } = await openGraph(browser, parts, { tree });
      const cdp = await context.newCDPSession(page);
      await cdp.send("Performance.enable");
      for (const action of ACTIONS) {
        const quiet = await emptyPage(browser, frames);
        const before = await layoutSeconds(cdp);
        const measured = await page.evaluate(drive, { action, frames });
        const layoutMs = (((await layoutSeconds(cdp)) - before) * 1000) / frames;
        // Before and after: other programs come and go while this runs.
        const empty = quantile([...quiet, ...(await emptyPage(browser, frames))], 0.95);
        rows.push(judge({ nodes, action, empty, layoutMs, ...measured }));
      }
      if (problems.length > 0) throw new Error(`the page complained: ${problems.join("; ")}`);
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return rows;
}

/** Frame intervals of a page that does nothing, in ms: the machine's own noise. */
async function emptyPage(browser, frames) {
  const page = await browser.newPage();
  const intervals = await page.evaluate(async (count) => {
    const next = () => new Promise((done) => requestAnimationFrame(done));
    const intervals = [];
    let last = await next();
    while (intervals.length < count) {
      const now = await next();
      intervals.push(now - last);
      last = now;
    }
    return intervals;
  }, frames);
  await page.close();
  return intervals;
}

async function layoutSeconds(cdp) {
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return of("LayoutDuration") + of("RecalcStyleDuration");
}

/** In the page: one input a frame; `intervals` between frames, `work` ms of script in each. */
async function drive({ action, frames }) {
  const { harness } = window;
  const graph = document.querySelector(".graph");
  const search = document.querySelector("vscode-text-field");
  const bounds = graph.getBoundingClientRect();
  const at = (x, y) => ({
    clientX: bounds.left + bounds.width * x,
    clientY: bounds.top + bounds.height * y,
    bubbles: true,
    cancelable: true,
  });
  const words = ["render", "parse_t", "django", "o", "search::index", "zzz"];
  const inputs = {
    zoom: (i) => graph.dispatchEvent(new WheelEvent("wheel", { ...at(0.37, 0.3), ctrlKey: true, deltaY: i % 60 < 30 ? -60 : 60 })),
    pan: (i) => {
      if (i === 0) graph.dispatchEvent(new WheelEvent("wheel", { ...at(0.4, 0.3), ctrlKey: true, deltaY: -200 }));
      graph.dispatchEvent(new WheelEvent("wheel", { ...at(0.4, 0.3), deltaX: i % 80 < 40 ? 24 : -24 }));
    },
    scroll: (i) => (graph.scrollTop += i % 60 < 30 ? 12 : -12),
    search: (i) => {
      if (i % 3 !== 0) return;
      search.value = words[(i / 3) % words.length];
      search.dispatchEvent(new Event("input"));
    },
    "click zoom": (i) => {
      if (i % 20 !== 0) return;
      const [x, y] = [0.05 + ((i * 37) % 90) / 100, 0.12];
      const key = (name) => graph.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
      if (i % 40 !== 0) return key("0");
      graph.dispatchEvent(new PointerEvent("pointerdown", { ...at(x, y), button: 0 }));
      graph.dispatchEvent(new PointerEvent("pointerup", { ...at(x, y), button: 0 }));
      key("z");
    },
  };
  const next = () => new Promise((done) => harness.frame(done));
  const reset = async () => {
    graph.dispatchEvent(new KeyboardEvent("keydown", { key: "0", bubbles: true }));
    for (let i = 0; i < 12; i++) await next(); // the zoom's animation
  };
  await reset();
  const [intervals, work] = [[], []];
  let last = await next();
  for (let i = 0; i < frames; i++) {
    const start = performance.now();
    inputs[action](i);
    const input = performance.now() - start;
    const drawn = harness.work.length;
    const now = await next();
    // Our callback was asked for after the page's own, so the page's frame is done by now.
    const own = harness.work.slice(drawn).reduce((sum, ms) => sum + ms, 0);
    intervals.push(now - last);
    work.push(input + own);
    last = now;
  }
  if (action === "search") {
    search.value = "";
    search.dispatchEvent(new Event("input"));
  }
  await reset();
  return { intervals, work };
}

function judge({ nodes, action, empty, layoutMs, intervals, work }) {
  const row = {
    nodes,
    action,
    empty,
    layoutMs,
    median: quantile(intervals, 0.5),
    p95: quantile(intervals, 0.95),
    work: quantile(work, 0.95),
  };
  const large = nodes > 100_000 && action !== "pan" && action !== "scroll";
  const frameTarget = large ? FIRST_FRAME_MS : empty * WITHIN;
  const met = row.p95 <= frameTarget && (large || row.work + layoutMs <= WORK_MS);
  return { ...row, frameTarget, workTarget: large ? undefined : WORK_MS, met };
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function benchTable(rows) {
  const ms = (value) => (value === undefined ? "–" : value.toFixed(1));
  const lines = rows.map((row) =>
    [
      row.nodes.toLocaleString("en-US"),
      row.action,
      ms(row.median),
      ms(row.p95),
      `≤ ${ms(row.frameTarget)}`,
      ms(row.empty),
      ms(row.work),
      ms(row.layoutMs),
      row.workTarget ? `≤ ${row.workTarget}` : "–",
      row.met ? "yes" : "NO",
    ].join(" | "),
  );
  return [
    "| nodes | action | frame median ms | frame p95 ms | target | empty page p95 | script p95 ms | layout mean ms | target | met |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...lines.map((line) => `| ${line} |`),
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(benchTable(await runFlameGraphBench(Number(process.argv[2] ?? 1))));
}
