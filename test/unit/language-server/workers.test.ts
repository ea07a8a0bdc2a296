/** Workers of one program, merged by role: the same choice in the summary, the graph, the tables and over the lines. */
import { afterEach, expect, test } from "vitest";
import { float64FromBase64, int32FromBase64 } from "../../../profile/base64.js";
import type { Selection } from "../../../protocol/queries.js";
import type { TableColumns } from "../../../protocol/tables.js";
import { processChoices, threadChoices, withProcesses, withThreads, withWorkersMerged, workerChoices } from "../../../webview/choices.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const COMMAND = ["/usr/bin/python3", "/usr/bin/gunicorn", "app:app"];
const worker = (pid: number) => ({ pid, parentPid: 50, name: "gunicorn", commandLine: COMMAND });

/** A master, three workers of it with 20, 30 and 40 of their own, and a program with another command. */
async function recorded(): Promise<TestServer> {
  const server = await startServer();
  server.write("app.py", "def serve():\n    pass\n");
  await server.begin();
  await server.stacks(
    `
    main:1($W/app.py) 5
    serve:1($W/app.py) 20
    serve:1($W/app.py) 30
    serve:1($W/app.py) 40
    tidy:2($W/app.py) 1
    `,
    {
      threads: ["master/main", "w1/main", "w2/main", "w3/main", "w3/beat"],
      processes: {
        master: { pid: 50, parentPid: 1, name: "gunicorn", commandLine: COMMAND },
        w1: worker(61),
        w2: worker(62),
        w3: worker(63),
      },
      timeNs: 8e9,
    },
  );
  return server;
}

async function summaryOf(server: TestServer) {
  const summary = await server.ask("flameline/summary", {});
  if (summary === null) throw new Error("there is no recording");
  return summary;
}

const total = async (server: TestServer, selection: Selection): Promise<number | undefined> =>
  (await server.ask("flameline/tree", { direction: "top-down", selection, minimumShare: 0 }))?.total;

function rows(table: TableColumns | null): string[] {
  const [name, place] = [table?.name, table?.place].map((column) => int32FromBase64(column ?? "") ?? []);
  const sums = float64FromBase64(table?.totalOf ?? "") ?? new Float64Array();
  const lines = Array.from(sums, (sum, row) => `${sum} ${table?.texts[name?.[row] ?? -1]} of ${table?.texts[place?.[row] ?? -1]}`);
  return lines.toSorted((a, b) => Number.parseFloat(b) - Number.parseFloat(a));
}

test("the switch is there, counts them, and lists a role as one", async () => {
  const summary = await summaryOf(await recorded());
  expect(workerChoices(summary, { event: "cpu" }).choices.map(({ label }) => label)).toEqual(["Each worker", "Workers merged (3)"]);
  const merged = withWorkersMerged({ event: "cpu", pids: [62], threads: [1] }, "merged");
  expect(merged).toEqual({ event: "cpu", mergeWorkers: true });
  expect(processChoices(summary, merged).choices.map(({ label }) => label)).toEqual([
    "All processes (4)",
    "gunicorn (3 workers merged), 4 samples",
    "gunicorn (50), 1 sample",
  ]);
  expect(threadChoices(summary, merged).choices.map(({ label }) => label)).toEqual([
    "All threads (5)",
    "main (3 threads), 3 samples",
    expect.stringMatching(/^main \(\d+\), 1 sample$/),
    expect.stringMatching(/^beat \(\d+\), 1 sample$/),
  ]);
  expect(withWorkersMerged(merged, "single")).toEqual({ event: "cpu" });
});

test("a process, and a thread, that is chosen stands for those of its role", async () => {
  const server = await recorded();
  const summary = await summaryOf(server);
  const merged = withWorkersMerged({ event: "cpu" }, "merged");
  const role = processChoices(summary, merged).choices.find(({ label }) => label.includes("3 workers"))?.value ?? "";
  expect(await total(server, withProcesses(merged, role))).toBe(91);
  expect(await total(server, { event: "cpu", pids: [62] })).toBe(30);
  expect(await total(server, { event: "cpu", pids: [62], mergeWorkers: true })).toBe(91);
  const main = threadChoices(summary, withProcesses(merged, role)).choices.find(({ label }) => label.includes("3 threads"))?.value ?? "";
  expect(await total(server, withThreads(withProcesses(merged, role), main))).toBe(90);
  // The master's own main thread is of another role.
  expect(await total(server, { event: "cpu", pids: [50], mergeWorkers: true })).toBe(5);
});

test("the graph says how many are merged, the table has them in one row, and nothing is lost", async () => {
  const server = await recorded();
  const tree = await server.ask("flameline/tree", {
    direction: "top-down",
    selection: { event: "cpu", mergeWorkers: true },
    minimumShare: 0,
  });
  expect(tree).toMatchObject({ total: 96, mergedWorkers: 3 });
  const single = await server.ask("flameline/tree", { direction: "top-down", selection: { event: "cpu" }, minimumShare: 0 });
  expect(single?.mergedWorkers).toBeUndefined();
  const merged = await server.ask("flameline/table", { kind: "threads", selection: { event: "cpu", mergeWorkers: true } });
  expect(rows(merged).map((row) => row.replaceAll(/\(\d{3,}\)/g, "(N)"))).toEqual([
    "90 main (3 threads) of gunicorn (3 workers merged)",
    "5 main (N) of gunicorn (50)",
    "1 beat (N) of gunicorn (63)",
  ]);
  const each = await server.ask("flameline/table", { kind: "threads", selection: { event: "cpu" } });
  expect(rows(each)).toHaveLength(5);
});

test("by time one thread is drawn, not several at once", async () => {
  const server = await recorded();
  const chart = await server.ask("flameline/tree", {
    direction: "by-time",
    selection: { event: "cpu", pids: [61], mergeWorkers: true },
    minimumShare: 0,
  });
  expect(chart).toMatchObject({ total: 40, thread: { name: "main", of: 4 } });
});
