import { afterEach, expect, test } from "vitest";
import { float64FromBase64 } from "../../../profile/base64.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const APP = `def price():
    return 1

def tax():
    return 2
`;
const cpu = { event: "cpu" } as const;

/** Ten seconds: price for the first half, tax for the second, a sample of 10 ms each 10 ms; both in two processes of one name. */
async function recorded(): Promise<TestServer> {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  const rows = Array.from({ length: 1000 }, (_, i) => (i < 500 ? "price:2($W/app.py)" : "tax:5($W/app.py)"));
  await server.stacks(rows.map((stack) => `${stack} 10000000`).join("\n"), {
    timesNs: rows.map((_, i) => i * 1e7),
    timeNs: 10e9,
    threads: rows.map((_, i) => (i % 4 === 0 ? "web/main" : "work/main")),
    processes: { work: { name: "web" } },
  });
  await server.open("app.py", APP);
  return server;
}

test("a range decides what lenses, heat, hovers, lists and the graph are of, and each says so", async () => {
  const server = await recorded();
  const selection = { ...cpu, fromNs: 4e9, toNs: 6e9 };
  await server.ask("flameline/select", { selection });
  expect(await server.lenses("app.py")).toEqual([
    "1: 50 % total · 50 % self — CPU of 2 processes, 4 s to 6 s",
    "4: 50 % total · 50 % self — CPU of 2 processes, 4 s to 6 s",
  ]);
  expect(await server.heat("app.py")).toEqual(["2: 50 % self, 50 % total", "5: 50 % self, 50 % total"]);
  expect(await server.hover("app.py", 2)).toMatch(/^\*\*50 % total · 50 % self\*\* — CPU of 2 processes, 4 s to 6 s/);
  const list = await server.ask("flameline/functions", { limit: 2, mineOnly: true });
  expect(list).toMatchObject({ total: 2e9, durationNs: 2e9, range: "4 s to 6 s", rows: [{ self: 1e9 }, { self: 1e9 }] });
  const tree = await server.ask("flameline/tree", { direction: "top-down", selection, minimumShare: 0 });
  expect(tree).toMatchObject({ total: 2e9, samples: 200, range: { words: "4 s to 6 s", durationNs: 2e9 } });
  await expect.poll(() => server.changes.at(-1)).toMatchObject({ range: "4 s to 6 s", samples: 200 });
});

test("without a range nothing speaks of one", async () => {
  const server = await recorded();
  expect((await server.lenses("app.py"))[0]).toBe("1: 50 % total · 50 % self — CPU of 2 processes, 10 s");
  expect(await server.ask("flameline/tree", { direction: "top-down", selection: cpu, minimumShare: 0 })).not.toHaveProperty("range");
});

test("the map of the time is that of the whole recording, by process where one is chosen", async () => {
  const server = await recorded();
  const map = await server.ask("flameline/timeMap", { selection: { ...cpu, fromNs: 4e9, toNs: 6e9 }, window: {} });
  expect(map).toMatchObject({ fromNs: 0, columnNs: 200e6, columns: 50, rows: 20, total: 10e9, durationNs: 10e9, unit: "ns" });
  expect(new Set(float64FromBase64(map?.value ?? ""))).toEqual(new Set([1e7]));
  const web = await server.ask("flameline/timeMap", { selection: { ...cpu, pids: [1000] }, window: {} });
  expect(web?.total).toBe(2.5e9);
});

test("a range compared with another one of the same recording is of the same processes, not of others of their name", async () => {
  const server = await recorded();
  const { id = "" } = (await server.ask("flameline/summary", {})) ?? {};
  await server.ask("flameline/compare", { path: id, fromNs: 0, toNs: 5e9 });
  const selection = { ...cpu, pids: [1000], fromNs: 5e9, toNs: 10e9 };
  const tree = await server.ask("flameline/tree", { direction: "top-down", selection, minimumShare: 0 });
  expect(tree).toMatchObject({ total: 1.25e9, range: { words: "5 s to 10 s" }, difference: { measure: "second" } });
  expect(tree?.functions.name.toSorted()).toEqual(["price", "tax"]);
});
