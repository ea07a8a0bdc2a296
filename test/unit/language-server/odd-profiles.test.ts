/** Files that nothing can be learnt from, or far too much: every view has an answer, and nothing hangs. */
import { afterEach, expect, test } from "vitest";
import { TABLE_KINDS } from "../../../protocol/tables.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const V8_FRAME = { scriptId: "1", url: "", lineNumber: 0, columnNumber: 0 };

const speedscope = (frames: readonly string[], profiles: readonly { name?: string; samples: number[][]; weights: number[] }[]): string =>
  JSON.stringify({
    shared: { frames: frames.map((name) => ({ name })) },
    profiles: profiles.map((profile) => ({ type: "sampled", name: "main", unit: "seconds", startValue: 0, endValue: 9, ...profile })),
  });

/** What each view answers: the samples of the summary, whether there is a graph, its directions' totals, rows by table. */
async function views(server: TestServer, name: string, text: string) {
  const summary = await server.ask("flameline/open", { path: server.write(name, text) });
  const selection = { event: summary.events[0]?.event ?? ("cpu" as const) };
  const totals: (number | undefined)[] = [];
  for (const direction of ["top-down", "bottom-up", "by-time"] as const) {
    totals.push((await server.ask("flameline/tree", { direction, selection, minimumShare: 0 }))?.total);
  }
  const rows: Record<string, number | undefined> = {};
  for (const kind of TABLE_KINDS) rows[kind] = (await server.ask("flameline/table", { kind, selection }))?.rows;
  await server.ask("flameline/timeMap", { selection, window: {} });
  await server.ask("flameline/findings", { selection });
  await server.ask("flameline/functions", { limit: 10, mineOnly: false });
  return { samples: summary.events[0]?.samples ?? 0, threads: summary.threads.length, totals, rows, warnings: summary.warnings };
}

test.each([
  ["empty.folded", ""],
  ["empty.speedscope.json", speedscope([], [])],
  ["blank.speedscope.json", speedscope(["main"], [{ samples: [], weights: [] }])],
  [
    "empty.cpuprofile",
    JSON.stringify({
      nodes: [{ id: 1, callFrame: { functionName: "(root)", ...V8_FRAME } }],
      startTime: 0,
      endTime: 0,
      samples: [],
      timeDeltas: [],
    }),
  ],
])("%s has no sample: it is refused in a sentence, or each view has nothing", async (name, text) => {
  const server = await startServer();
  const seen = await views(server, name, text).catch((error: unknown) => (error instanceof Error ? error.message : "no error"));
  if (typeof seen === "string") {
    expect(seen).toMatch(/speedscope.* or it has no sample: choose another file\.$|is empty/);
    return;
  }
  expect(seen.samples).toBe(0);
  expect(seen.totals.every((total) => total === undefined || total === 0)).toBe(true);
});

test("one sample is all of every view", async () => {
  const server = await startServer();
  const { samples, totals, rows } = await views(
    server,
    "one.speedscope.json",
    speedscope(["main", "work"], [{ samples: [[0, 1]], weights: [2] }]),
  );
  expect(samples).toBe(1);
  expect(totals).toEqual([2e9, 2e9, 2e9]);
  expect(rows).toMatchObject({ functions: 2, threads: 1 });
});

test("values below zero and without end are left out, and counted", async () => {
  const server = await startServer();
  const text = speedscope(["main"], [{ samples: [[0], [0], [0], [0]], weights: [1, -5, 2, 1e300] }]);
  const { totals, warnings } = await views(server, "odd.speedscope.json", text);
  expect(totals).toEqual([3e9, 3e9, 3e9]);
  expect(warnings).toEqual(["2 samples could not be read and were left out."]);
});

test("100,000 threads have a row each", { timeout: 120_000 }, async () => {
  const server = await startServer();
  const text = speedscope(
    ["main", "work"],
    Array.from({ length: 100_000 }, (_, thread) => ({ name: `worker ${thread}`, samples: [[0, 1]], weights: [1] })),
  );
  const { samples, threads, totals, rows } = await views(server, "threads.speedscope.json", text);
  expect([samples, threads, rows["threads"]]).toEqual([100_000, 100_000, 100_000]);
  expect(totals[0]).toBe(1e14);
});
