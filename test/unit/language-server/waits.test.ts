import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const APP = `def take(orders):
    return orders.get()

def fetch(url):
    return recv(url)

def work():
    return sum(range(9))

def main():
    take([])
    fetch("a")
    work()
`;

const take = "main:11($W/app.py);take:2($W/app.py);get(/usr/lib/python3.11/queue.py);futex_wait{kernel};[lock]{kernel}";
const preempted = "main:11($W/app.py);take:2($W/app.py);[run queue]{kernel}";
const fetch = "main:12($W/app.py);fetch:5($W/app.py);[network]{kernel}";
const work = "main:13($W/app.py);work:8($W/app.py)";
const idle = "run($W/pool.py);idle($W/pool.py);[lock]{kernel}";

/** 8 s: 2 s of CPU, 3 s for a lock, 0.2 s for the processor, 0.8 s for the network, and 8 s of an idle thread. */
async function recorded(): Promise<TestServer> {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(
    `${work} 2000000000\n${take} 3000000000\n${preempted} 200000000\n${fetch} 800000000\n${idle} 1000000000\n${idle} 7000000000`,
    {
      events: ["cpu", "off_cpu"],
      threads: ["app/main", "app/main", "app/main", "app/main", "app/pool"],
      timesNs: [1e9, 4e9, 5e9, 6e9, 1e9, 8e9],
      timeNs: 6e9,
    },
  );
  await server.heat("app.py");
  // Lenses wait until a file's first samples are a second old.
  await server.stacks("", { timeNs: 8e9 });
  return server;
}

const show = (server: TestServer, selection: { event: "cpu" | "off_cpu"; idle?: boolean }) => server.ask("flameline/select", { selection });

test("another event changes the lenses, and back brings the same again", async () => {
  const server = await recorded();
  const cpu = ["7: 100 % total · 100 % self — CPU of 1 process, 8 s", "10: 100 % total · 0 % self — CPU of 1 process, 8 s"];
  expect(await server.lenses("app.py")).toEqual(cpu);
  await show(server, { event: "off_cpu" });
  expect(await server.lenses("app.py")).toEqual([
    "1: waits 400 ms/s, mostly lock · 80 % of waiting — 1 process, 8 s, without 8 s idle",
    "4: waits 100 ms/s, mostly network · 20 % of waiting — 1 process, 8 s, without 8 s idle",
    "10: waits 500 ms/s, mostly lock · 100 % of waiting — 1 process, 8 s, without 8 s idle",
  ]);
  await show(server, { event: "cpu" });
  expect(await server.lenses("app.py")).toEqual(cpu);
});

test("heat and hover tell what a line waits for", async () => {
  const server = await recorded();
  await show(server, { event: "off_cpu" });
  expect(await server.heat("app.py")).toEqual([
    "2: 80 % self, 80 % total",
    "5: 20 % self, 20 % total",
    "11: 0 % self, 80 % total",
    "12: 0 % self, 20 % total",
  ]);
  const heat = await server.ask("flameline/documentHeat", { uri: `file://${join(server.folder, "app.py")}` });
  expect(heat?.lines.map(({ mostly }) => mostly)).toEqual(["lock", "network", "lock", "network"]);
  const hover = await server.hover("app.py", 2);
  expect(hover).toContain("**80 % total · 80 % self** — waiting of 1 process, 8 s, without 8 s idle");
  expect(hover).toContain("Waits 400 ms/s (of all threads together)");
  expect(hover).toContain("| Waits for | of the line |\n| :-- | --: |\n| lock | 94 % |\n| run queue | 6.3 % |");
});

test("hovers of CPU time say nothing of waits", async () => {
  const server = await recorded();
  expect(await server.hover("app.py", 8)).not.toMatch(/wait/i);
});

test("lists, waits by class and the tree say over what they are", async () => {
  const server = await recorded();
  await show(server, { event: "off_cpu" });
  const scope = { event: "off_cpu", total: 4e9, durationNs: 8e9, leftOut: 8e9 };
  const functions = await server.ask("flameline/functions", { limit: 2, mineOnly: true });
  expect(functions).toMatchObject({
    ...scope,
    rows: [
      { name: "take", self: 3.2e9, mostly: "lock" },
      { name: "fetch", mostly: "network" },
    ],
  });
  const lines = await server.ask("flameline/lines", { limit: 1, mineOnly: true });
  expect(lines).toMatchObject({ ...scope, rows: [{ line: 2, self: 3.2e9, mostly: "lock" }] });
  expect(await server.ask("flameline/waits", {})).toEqual({
    ...scope,
    rows: [
      { waits: "lock", total: 3e9 },
      { waits: "network", total: 8e8 },
      { waits: "run queue", total: 2e8 },
    ],
  });
  const tree = { direction: "top-down", minimumShare: 0 } as const;
  expect(await server.ask("flameline/tree", { ...tree, selection: { event: "off_cpu" } })).toMatchObject({ total: 4e9, leftOut: 8e9 });
  expect(await server.ask("flameline/tree", { ...tree, selection: { event: "off_cpu", idle: true } })).toMatchObject({
    total: 12e9,
    leftOut: 0,
  });
});

test("idle waits come back on demand, and everybody hears of it", async () => {
  const server = await recorded();
  await show(server, { event: "off_cpu", idle: true });
  const [lens] = await server.lenses("app.py");
  expect(lens).toBe("1: waits 400 ms/s, mostly lock · 27 % of waiting — 1 process, 8 s");
  await expect
    .poll(() => server.changes.at(-1))
    .toMatchObject({ selection: { event: "off_cpu", idle: true }, events: ["cpu", "off_cpu"], leftOut: 0 });
});

test("the chosen event stays with the next recording", async () => {
  const server = await recorded();
  await show(server, { event: "off_cpu" });
  await server.ask("flameline/finish", { id: "20260101T000000Z-run" });
  const file = join(server.folder, "other.pb.gz");
  const other = recordingFromCollapsed(`a;b 5\na;[disk]{kernel} 7`, { events: ["cpu", "off_cpu"] });
  writeFileSync(file, gzipSync(encodePprof(other)));
  await server.ask("flameline/open", { path: file });
  expect((await server.ask("flameline/summary", {}))?.selection).toEqual({ event: "off_cpu" });
});

test("a file with waits only shows them", async () => {
  const server = await startServer();
  const file = join(server.folder, "waits.pb.gz");
  writeFileSync(file, gzipSync(encodePprof(recordingFromCollapsed(`a;[disk]{kernel} 7`, { events: ["off_cpu"] }))));
  const summary = await server.ask("flameline/open", { path: file });
  expect(summary.events.map(({ event, total }) => `${event} ${total}`)).toEqual(["off_cpu 7"]);
  expect((await server.ask("flameline/summary", {}))?.selection).toEqual({ event: "off_cpu" });
});

test("a finished recording keeps both events on the disk, and opens again with them", async () => {
  const server = await recorded();
  await server.ask("flameline/finish", { id: "20260101T000000Z-run" });
  const folder = join(server.storage, "recordings", "20260101T000000Z-run");
  expect(readFileSync(join(folder, "run.pb.gz")).length).toBeGreaterThan(100);
  await server.ask("flameline/clear", {});
  await server.ask("flameline/open", { path: folder });
  await show(server, { event: "off_cpu" });
  expect((await server.ask("flameline/waits", {})).rows.map(({ waits }) => waits)).toEqual(["lock", "network", "run queue"]);
});
