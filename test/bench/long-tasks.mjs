// How long the page of the flame graph is busy at a time while it shows, searches, zooms and folds a large tree: the longest task of its thread.
import { bundle, haveBrowser, launch, openGraph } from "./flame-graph-harness.mjs";
import { syntheticColumns, toWire } from "./flame-graph-tree.mjs";

const SIZES = [100_000, 1_000_000];
const BUSY_MS = 50;

export const bench = {
  title: "Flame graph: the longest that the page is busy at a time (tasks of less than 50 ms are not told by the browser, and are 0)",
  whyNot: () => (haveBrowser() ? undefined : "there is no Chromium"),
  run: async ({ scale }) => {
    const parts = await bundle();
    const browser = await launch();
    const rows = [];
    try {
      for (const size of scale < 0.1 ? SIZES.slice(-1) : SIZES) {
        const nodes = Math.max(50, Math.round(size * scale));
        const { page, context, problems } = await openGraph(browser, parts, { tree: toWire(syntheticColumns(50)) });
        const told = await page.evaluate(drive, { columns: toWire(syntheticColumns(nodes)) });
        if (problems.length > 0) throw new Error(`the page complained: ${problems.join("; ")}`);
        await context.close();
        for (const [what, value] of Object.entries(told)) {
          rows.push({ what: `${nodes.toLocaleString("en-US")} nodes, ${what}`, value, unit: "ms", target: BUSY_MS });
        }
      }
    } finally {
      await browser.close();
    }
    return rows;
  },
};

/** In the page. What the stand-in for VS Code does is not counted. */
async function drive({ columns }) {
  const { harness } = window;
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: "longtask" });
  const frames = async (count) => {
    for (let i = 0; i < count; i++) await new Promise((done) => harness.frame(done));
  };
  /** Until the page has been quiet for half a second. */
  const rest = async () => {
    for (let quiet = 0; quiet < 30; ) {
      const start = performance.now();
      await frames(1);
      quiet = performance.now() - start < 40 ? quiet + 1 : 0;
    }
  };
  const told = {};
  const step = async (what, act) => {
    await new Promise((done) => setTimeout(done, 100));
    act();
    const begin = performance.now();
    await rest();
    await new Promise((done) => setTimeout(done, 300));
    tasks.push(...observer.takeRecords());
    told[what] = Math.max(0, ...tasks.filter(({ startTime }) => startTime >= begin).map(({ duration }) => duration));
  };
  /** What the page is told in a message begins as a task of its own. */
  const chosen = (label, value) => () => {
    const list = [...document.querySelectorAll("vscode-dropdown")].find((each) => each.getAttribute("aria-label")?.startsWith(label));
    setTimeout(() => {
      list.value = value;
      list.dispatchEvent(new Event("change"));
    }, 20);
  };
  const search = document.querySelector("vscode-text-field");
  const typed = (text) => () =>
    setTimeout(() => {
      search.value = text;
      search.dispatchEvent(new Event("input"));
    }, 20);
  const graph = document.querySelector(".graph");
  const key = (name) => () => setTimeout(() => graph.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })), 20);
  const unit = { event: columns.event, unit: columns.unit, samples: columns.samples, total: columns.total };
  const nothing = { processes: [], threads: [], warnings: [], loss: {}, cost: {} };
  const summary = { id: "large", name: "large", live: false, startUnixMs: 0, durationNs: 1e9, hz: 99, events: [unit], ...nothing };
  harness.columns = columns;
  await step("shown", () => harness.send({ type: "recording", summary, selection: { event: columns.event } }));
  await step("searched", typed("render"));
  await step("searched by a regular expression", typed("/re.*x/"));
  await step("zoomed to a match", key("n"));
  await step("zoomed out", key("0"));
  await step("the runtime folded", chosen("Boxes that are folded", "runtime"));
  await step("in colours of languages", chosen("Colours", "language"));
  observer.disconnect();
  return told;
}
