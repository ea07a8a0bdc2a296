import { afterEach, beforeEach, expect, test } from "vitest";
import { float64FromBase64, int32FromBase64 } from "../../../profile/base64.js";
import { type TreeColumns, VERDICTS } from "../../../protocol/queries.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const APP = `def price():
    return sum(range(1000))

def tax():
    return max(range(900))

def main():
    price()
    tax()
`;
const BASE = "20260101T000000Z-before";
const NEXT = "20260101T000100Z-after";
/** Without chance a change of nothing is told from noise. */
const HUNDRED = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});

/** Samples of 10 ms for some seconds: each function has as many of a hundred, mixed. */
async function run(id: string, shares: Readonly<Record<string, number>>, seconds = 8, live = false): Promise<string> {
  const { folder } = await server.begin(id);
  const names = Object.entries(shares).flatMap(([stack, share]) => Array.from({ length: share }, () => stack));
  const rows = Array.from({ length: seconds * 100 }, (_, i) => names[HUNDRED[(i * 13 + Math.floor(i / 100) * 7) % 100] ?? 0]).map(
    (stack, i) => [stack, i * 1e7] as const,
  );
  const taken = rows.flatMap(([stack, at]) => (stack === undefined ? [] : [[stack, at] as const]));
  await server.stacks(taken.map(([stack]) => `${stack} 10000000`).join("\n"), {
    timesNs: taken.map(([, at]) => at),
    timeNs: seconds * 1e9,
  });
  if (!live) await server.ask("flameline/finish", { id });
  return folder;
}

const price = "main:8($W/app.py);price:2($W/app.py)";
const tax = "main:9($W/app.py);tax:5($W/app.py)";

/** A line a box: `price 3 → 6 more`, in hundredths of a second in each. */
function format(tree: TreeColumns | null): string[] {
  if (tree?.difference === undefined) return [];
  const [value, base] = [float64FromBase64(tree.value), float64FromBase64(tree.difference.base)];
  const [fn, verdict] = [int32FromBase64(tree.function), int32FromBase64(tree.difference.verdict)];
  const { scale } = tree.difference;
  return Array.from({ length: tree.nodes }, (_, node) => {
    const before = base?.[node] ?? 0;
    const hundredths = (part: number): number => Math.round(part / scale / 1e7);
    const name = tree.functions.name[fn?.[node] ?? -1] ?? "all";
    return `${name} ${hundredths(before)} → ${hundredths(2 * (value?.[node] ?? 0) - before)} ${VERDICTS[verdict?.[node] ?? -1]}`;
  });
}

const tree = async (direction: "top-down" | "bottom-up" = "top-down"): Promise<string[]> =>
  format(await server.ask("flameline/tree", { direction, selection: { event: "cpu" }, minimumShare: 0 }));

test("a recording that is compared has its tree, lenses, heat and hovers against the baseline", async () => {
  const app = server.write("app.py", APP);
  const base = await run(BASE, { [price]: 30, [tax]: 20 });
  // The function moves down and is written anew.
  server.write("app.py", `import os\n${APP.replace("range(1000)", "range(3000)")}`);
  await run(NEXT, { [price.replace(":8(", ":9(").replace(":2(", ":3(")]: 60, [tax.replace(":9(", ":10(").replace(":5(", ":6(")]: 20 });
  expect(await server.ask("flameline/compare", { path: base })).toMatchObject({ id: BASE, durationNs: 8e9 });
  expect(await server.ask("flameline/summary", {})).toMatchObject({ id: NEXT, baseline: { id: BASE } });
  expect(await tree()).toEqual(["all 50 → 80 more", "main 50 → 80 more", "price 30 → 60 more", "tax 20 → 20 noise"]);
  expect(await tree("bottom-up")).toEqual([
    "all 50 → 80 more",
    "price 30 → 60 more",
    "main 30 → 60 more",
    "tax 20 → 20 noise",
    "main 20 → 20 noise",
  ]);
  expect((await server.lenses(app)).map((lens) => lens.replace(/\(.*?\)/, "(…)").replace(/“.*”/, "“before”"))).toEqual([
    "2: 75 % total · 75 % self, ▲ +100 % (…) since “before” — CPU of 1 process, 8 s",
    "5: 25 % total · 25 % self, no more than noise since “before” — CPU of 1 process, 8 s",
    "8: 100 % total · 0 % self, ▲ +60 % (…) since “before” — CPU of 1 process, 8 s",
  ]);
  const heat = await server.ask("flameline/documentHeat", { uri: `file://${app}` });
  expect(heat?.lines.map(({ lineIndex, change }) => `${lineIndex + 1} ${change?.verdict}`)).toEqual([
    "3 more",
    "6 noise",
    "9 more",
    "10 noise",
  ]);
  expect(await server.hover(app, 3)).toContain("300 ms/s → 600 ms/s");
  await expect.poll(() => String(server.changes.at(-1)?.baseline), { timeout: 5000 }).toMatch(new RegExp(`^${BASE}, \\d\\d:\\d\\d$`));

  expect(await server.ask("flameline/compare", { path: null })).toBeNull();
  expect(await tree()).toEqual([]);
  // As without a baseline: what the recording before said.
  expect((await server.lenses(app))[0]).toContain("(was 60 %)");
});

test("the list of functions begins with what changed by more than noise, and has what is gone", async () => {
  server.write("app.py", APP);
  const base = await run(BASE, { [price]: 30, [tax]: 20, "gone:1($W/app.py)": 5 });
  await run(NEXT, { [price]: 60, [tax]: 20 });
  await server.ask("flameline/compare", { path: base });
  const { rows, total } = await server.ask("flameline/functions", { limit: 10, mineOnly: true });
  expect(total).toBe(80 * 8 * 1e7);
  expect(rows.map(({ name, function: fn, self, change }) => `${name} ${fn >= 0} ${self / 8e7} ${change?.verdict}`)).toEqual([
    "price true 60 more",
    "gone false 0 less",
    "tax true 20 noise",
    "main true 0 few",
  ]);
  expect(rows[0]?.change?.relative).toBeCloseTo(1, 5);
});

test("what only one side has is there, and functions are told apart by their files", async () => {
  server.write("app.py", APP);
  server.write("other.py", APP);
  const base = await run(BASE, { [price]: 30, [tax]: 20 });
  await run(NEXT, { [price]: 30, "main:8($W/other.py);tax:5($W/other.py)": 20 });
  await server.ask("flameline/compare", { path: base });
  expect(await tree()).toEqual([
    "all 50 → 50 noise",
    "main 50 → 30 less",
    "price 30 → 30 noise",
    "tax 20 → 0 less",
    "main 0 → 20 more",
    "tax 0 → 20 more",
  ]);
});

test("a recording that still runs is compared as it grows, and the next one too", async () => {
  const app = server.write("app.py", APP);
  const base = await run(BASE, { [price]: 30, [tax]: 20 });
  await run(NEXT, { [price]: 60, [tax]: 20 }, 2, true);
  await server.ask("flameline/compare", { path: base });
  expect((await tree())[0]).toBe("all 50 → 80 untold");
  expect((await server.lenses(app))[0]).toMatch(/\+100 % since “.*”, too short to tell from noise/);
  expect(await server.hover(app, 2)).toMatch(/\+100 %: too short to tell from noise/);
  await run(NEXT, { [price]: 60, [tax]: 20 }, 8, true);
  expect((await tree())[0]).toBe("all 50 → 80 more");
});

test("two parts of one recording are compared", async () => {
  server.write("app.py", APP);
  const folder = await run(BASE, { [price]: 30, [tax]: 20 }, 16);
  await server.ask("flameline/compare", { path: folder });
  expect(await tree(), "with itself there is nothing to compare").toEqual([]);
  expect(await server.ask("flameline/compare", { path: folder, fromNs: 0, toNs: 6e9 })).toMatchObject({ id: BASE, toNs: 6e9 });
  await server.ask("flameline/select", { selection: { event: "cpu", fromNs: 8e9 } });
  const part = await server.ask("flameline/tree", { direction: "top-down", selection: { event: "cpu", fromNs: 8e9 }, minimumShare: 0 });
  expect(part?.difference).toMatchObject({ scale: 8, untold: null });
  expect(format(part)).toEqual(["all 50 → 50 noise", "main 50 → 50 noise", "price 30 → 30 noise", "tax 20 → 20 noise"]);
});

test("a chosen process or thread is compared with those of the same name", async () => {
  server.write("app.py", APP);
  const stacks = (threads: readonly string[]) =>
    server.stacks(Array.from({ length: 800 }, (_, i) => `${threads[i % 2] === "web/main" ? price : tax} 10000000`).join("\n"), {
      timesNs: Array.from({ length: 800 }, (_, i) => i * 1e7),
      timeNs: 8e9,
      threads: Array.from({ length: 800 }, (_, i) => threads[i % 2] ?? ""),
    });
  const { folder } = await server.begin(BASE);
  await stacks(["web/main", "worker/pool"]);
  await server.ask("flameline/finish", { id: BASE });
  await server.begin(NEXT);
  // The other way round, so that process and thread numbers are the other's.
  await stacks(["worker/pool", "web/main"]);
  await server.ask("flameline/compare", { path: folder });
  const of = async (part: { pids?: number[]; threads?: number[] }) =>
    format(await server.ask("flameline/tree", { direction: "top-down", selection: { event: "cpu", ...part }, minimumShare: 0 }));
  const summary = await server.ask("flameline/summary", {});
  const pid = summary?.processes.find(({ name }) => name === "web")?.pid ?? 0;
  const thread = summary?.threads.find(({ name }) => name === "pool")?.index ?? 0;
  expect(await of({ pids: [pid] })).toEqual(["all 50 → 50 noise", "main 50 → 50 noise", "price 50 → 50 noise"]);
  expect(await of({ threads: [thread] })).toEqual(["all 50 → 50 noise", "main 50 → 50 noise", "tax 50 → 50 noise"]);
});

test("a baseline that can't be read is refused in one sentence and changes nothing", async () => {
  server.write("app.py", APP);
  await run(BASE, { [price]: 30, [tax]: 20 });
  await expect(server.ask("flameline/compare", { path: `${server.folder}/gone.pb.gz` })).rejects.toThrow(/gone\.pb\.gz/);
  expect(await server.ask("flameline/summary", {})).not.toHaveProperty("baseline");
});
