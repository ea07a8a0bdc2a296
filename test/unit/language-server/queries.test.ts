import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { int32FromBase64 } from "../../../profile/base64.js";
import { decodePprof } from "../../../profile/formats/pprof.js";
import type { FunctionRow } from "../../../protocol/queries.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const APP = `def parse(text):
    return text.split()

def main():
    parse("a b")
    parse("c d")
`;
const cpu = { event: "cpu" } as const;

async function recorded(): Promise<TestServer> {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(
    `
    main:5($W/app.py);parse:2($W/app.py);memcpy[/usr/lib/libc.so.6]{native} 30
    main:5($W/app.py);parse:2($W/app.py) 20
    main:6($W/app.py);parse:2($W/app.py) 40
    do_syscall{kernel} 10
    `,
    {
      threads: ["web/main", "web/pool", "worker/main", "web/main"],
      timeNs: 8e9,
      processes: { web: { commandLine: ["/usr/bin/web", "--password=secret"] } },
    },
  );
  return server;
}

const brief = ({ name, owner, file, line, self, total }: FunctionRow): string =>
  `${name} ${owner} ${file === null ? "-" : file.replace(/.*\//, "")}:${line ?? "-"} ${self}/${total}`;

test("the hottest functions come by self cost, with whose they are and their hottest line", async () => {
  const server = await recorded();
  const all = await server.ask("flameline/functions", { limit: 10, mineOnly: false });
  expect(all.total).toBe(100);
  expect(all.rows.map(brief)).toEqual([
    "parse mine app.py:2 60/90",
    "memcpy runtime -:- 30/30",
    "do_syscall kernel -:- 10/10",
    "main mine app.py:5 0/90",
  ]);
  const mine = await server.ask("flameline/functions", { limit: 1, mineOnly: true, selection: { event: "cpu", pids: [1001] } });
  expect(mine.rows.map(brief)).toEqual(["parse mine app.py:2 40/40"]);
  expect(mine.total).toBe(40);
});

test("the hottest lines are those of the text that ran", async () => {
  const server = await recorded();
  const { rows } = await server.ask("flameline/lines", { limit: 10, mineOnly: true });
  expect(rows.map(({ functionName, line, self, total }) => `${functionName}:${line} ${self}/${total}`)).toEqual([
    "parse:2 90/90",
    "main:5 0/50",
    "main:6 0/40",
  ]);
});

test("a tree comes as columns with whose code each function is", async () => {
  const server = await recorded();
  const tree = await server.ask("flameline/tree", { direction: "top-down", selection: cpu, minimumShare: 0 });
  expect(tree).toMatchObject({ nodes: 5, maxDepth: 3, total: 100, unit: "ns", samples: 4 });
  expect(int32FromBase64(tree?.depth ?? "")).toEqual(Int32Array.of(0, 1, 2, 3, 1));
  expect(tree?.functions).toMatchObject({
    name: ["main", "parse", "memcpy", "do_syscall"],
    owner: ["mine", "mine", "runtime", "kernel"],
    language: ["python", "python", "native", "kernel"],
  });
  expect(await server.ask("flameline/tree", { direction: "bottom-up", selection: { event: "memory" }, minimumShare: 0 })).toBeNull();
});

test("one function's callers and callees, and null for a function that is none", async () => {
  const server = await recorded();
  const { rows } = await server.ask("flameline/functions", { limit: 1, mineOnly: true });
  const answer = await server.ask("flameline/callers", { function: rows[0]?.function ?? -1, selection: cpu });
  expect(answer).toMatchObject({
    // Bare, as the box of the graph has it: what it calls stands beside it.
    function: { name: "parse", self: 60, total: 90 },
    total: 100,
    callers: { name: "parse", value: 90, children: [{ name: "main", value: 90, owner: "mine" }] },
    callees: { name: "parse", value: 90, children: [{ name: "memcpy", value: 30 }] },
  });
  for (const fn of [-1, 1e9, 0.5]) {
    expect(await server.ask("flameline/callers", { function: fn, selection: cpu })).toBeNull();
    expect(await server.ask("flameline/locate", { function: fn, selection: cpu })).toBeNull();
  }
});

test("two functions that share a line are both found there", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  // The lambda's sample comes first, and the line was once its alone: the outer function was then at its definition.
  await server.stacks("<lambda>:5($W/app.py) 10\nmain:5($W/app.py);<lambda>:5($W/app.py) 90\nmain:6($W/app.py) 10", { timeNs: 2e9 });
  const { rows } = await server.ask("flameline/functions", { limit: 5, mineOnly: true });
  const main = rows.find((row) => row.name === "main");
  expect(await server.ask("flameline/locate", { function: main?.function ?? -1, selection: cpu })).toEqual({ file: app, line: 5 });
});

test("a function is at the line through which most of its time goes, in the selection", async () => {
  const server = await recorded();
  const { rows } = await server.ask("flameline/functions", { limit: 10, mineOnly: true });
  const [parse = -1, main = -1] = rows.map((row) => row.function);
  const app = join(server.folder, "app.py");
  expect(await server.ask("flameline/locate", { function: parse, selection: cpu })).toEqual({ file: app, line: 2 });
  expect(await server.ask("flameline/locate", { function: main, selection: cpu })).toEqual({ file: app, line: 5 });
  expect(await server.ask("flameline/locate", { function: main, selection: { event: "cpu", pids: [1001] } })).toEqual({
    file: app,
    line: 6,
  });
});

test("a function whose lines are unknown is at its definition, found by name", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  await server.stacks("main($W/app.py) 5", { timeNs: 2e9 });
  const { rows } = await server.ask("flameline/functions", { limit: 1, mineOnly: true });
  expect(await server.ask("flameline/locate", { function: rows[0]?.function ?? -1, selection: cpu })).toEqual({ file: app, line: 4 });
});

test("a hover tells the line's cost by process, thread and caller", async () => {
  const server = await recorded();
  expect(await server.hover("app.py", 2)).toMatchInlineSnapshot(`
    "**90 % total · 90 % self** — CPU of 2 processes, 8 s

    < 1 ms total, < 1 ms in the line itself and in what it calls that is not your code

    | Process | of the line |
    | :-- | --: |
    | web \\(1000\\) | 56 % |
    | worker \\(1001\\) | 44 % |

    | Thread | of the line |
    | :-- | --: |
    | main \\(1003 of 1001\\) | 44 % |
    | main \\(1000 of 1000\\) | 33 % |
    | pool \\(1001 of 1000\\) | 22 % |

    | Called from | of the line |
    | :-- | --: |
    | main, app.py:5 | 56 % |
    | main, app.py:6 | 44 % |

    [Costs of the function's lines](command:flameline.annotateFunction?%5B1%5D)"
  `);
  expect(await server.hover("app.py", 1)).toBeNull();
});

test("names from a program cannot write markdown into a hover", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks("[click](command:x)|<b>:1{python} 0\na<-b 0\n**x** `y`:9{java};parse:2($W/app.py) 5");
  const hover = await server.hover("app.py", 2);
  expect(hover).toContain(String.raw`\*\*x\*\* \`y\`, line 9`);
});

test("the selection decides what heat and lenses are of", async () => {
  const server = await recorded();
  await server.ask("flameline/select", { selection: { event: "cpu", pids: [1001] } });
  expect(await server.heat("app.py")).toEqual(["2: 100 % self, 100 % total", "6: 0 % self, 100 % total"]);
});

test("a recording is exported as pprof or as collapsed stacks", async () => {
  const server = await recorded();
  const pprof = join(server.folder, "out.pb.gz");
  const { bytes } = await server.ask("flameline/export", { path: pprof, format: "pprof", selection: cpu });
  expect(readFileSync(pprof)).toHaveLength(bytes);
  const read = decodePprof(gunzipSync(readFileSync(pprof))).recording;
  expect(read.samples.length).toBe(4);
  expect(read.processes.map(({ commandLine }) => commandLine)).toEqual([["/usr/bin/web"], ["/usr/bin/worker"]]);
  const collapsed = join(server.folder, "out.txt");
  await server.ask("flameline/export", { path: collapsed, format: "collapsed", selection: cpu });
  expect(readFileSync(collapsed, "utf8")).toMatch(/main;parse 60$/m);
  const nowhere = server.ask("flameline/export", { path: "/nowhere/x.pb.gz", format: "pprof", selection: cpu });
  await expect(nowhere).rejects.toThrow(
    "/nowhere/x.pb.gz could not be written (ENOENT): check the free space and rights of its folder and try again.",
  );
});

test("the doctor hears of missing symbols and files, each with its mend", async () => {
  const server = await startServer();
  await server.begin();
  await server.stacks(":0[/opt/tool]{native} 60\nrun:3(/build/src/lib.rs){rust} 40");
  const { findings } = await server.ask("flameline/diagnose", {});
  expect(findings.filter(({ ok }) => !ok)).toEqual([
    {
      ok: false,
      text: "/opt/tool has no symbols: 60 % of the cost has no function name.",
      mend: "Build it with -g, don't strip it, or install its debug package.",
    },
    {
      ok: false,
      text: "/build/src/lib.rs is not on this machine (1 sampled position).",
      mend: "Open the folder that holds it, or map its folder with flameline.pathMappings.",
    },
  ]);
});

test("path mappings and just-my-code take effect at once", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  await server.stacks("parse:2(/srv/build/app-1/app.py) 5");
  await server.settings({ pathMappings: [{ from: "/srv/build/app-1", to: server.folder }] });
  expect(await server.heat(app)).toEqual(["2: 100 % self, 100 % total"]);
  await server.settings({ pathMappings: [{ from: "/srv/build/app-1", to: server.folder }], exclude: ["**/app.py"] });
  expect((await server.ask("flameline/functions", { limit: 5, mineOnly: true })).rows).toEqual([]);
});

test("a folder that is added to the workspace makes its files the user's own at once", async () => {
  const server = await startServer();
  const other = `${server.folder}-other`;
  mkdirSync(other);
  writeFileSync(join(other, "app.py"), APP);
  await server.begin();
  await server.stacks("parse:2($W-other/app.py) 5");
  const mine = async (): Promise<string[]> => {
    const { rows } = await server.ask("flameline/functions", { limit: 5, mineOnly: true });
    return rows.map(({ name }) => name);
  };
  expect(await mine()).toEqual([]);
  await server.setFolders([server.folder, other]);
  await expect.poll(mine).toEqual(["parse"]);
});

test("the extension hears of changes at most four times a second, and last of the last", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  const start = performance.now();
  for (let sent = 0; sent < 40; sent++) {
    await server.stacks("parse:2($W/app.py) 1");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const seconds = (performance.now() - start) / 1000;
  await expect.poll(() => server.changes.at(-1)?.samples).toBe(40);
  expect(server.changes.length).toBeLessThanOrEqual(4 * seconds + 2);
  expect(server.changes.length).toBeGreaterThanOrEqual(2);
  expect(server.refreshes.length).toBeLessThanOrEqual(4 * seconds + 2);
  expect(server.changes.at(-1)).toMatchObject({ selection: { event: "cpu" }, hottest: { name: "parse" }, hottestShare: 1 });
});

test("without a recording questions are answered with nothing, or with what to do", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  expect(await server.heat("app.py")).toEqual(["no recording"]);
  expect(await server.lenses("app.py")).toEqual([]);
  expect(await server.ask("flameline/summary", {})).toBeNull();
  expect(await server.ask("flameline/callers", { function: 1, selection: cpu })).toBeNull();
  await expect(server.ask("flameline/functions", { limit: 1, mineOnly: true })).rejects.toThrow(
    "There is no recording: record one with “Flameline: Profile This Workspace” or open a profile.",
  );
});

test("a file that is gone gives no numbers and no failure", async () => {
  const server = await recorded();
  expect(await server.heat("gone.py")).toEqual(["no recording"]);
  expect(await server.hover("gone.py", 1)).toBeNull();
  writeFileSync(join(server.folder, "other.py"), "pass\n");
  expect(await server.heat("other.py")).toEqual([]);
});

test("the summary says what every view shows; another recording forgets its processes and threads", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin("one");
  await server.stacks("parse:2($W/app.py) 1");
  expect(await server.ask("flameline/summary", {})).toMatchObject({ selection: { event: "cpu" } });
  await server.ask("flameline/select", { selection: { event: "cpu", pids: [1000], threads: [0] } });
  expect(await server.ask("flameline/summary", {})).toMatchObject({ selection: { event: "cpu", pids: [1000], threads: [0] } });
  await server.begin("two");
  expect((await server.ask("flameline/summary", {}))?.selection).toEqual({ event: "cpu" });
});
