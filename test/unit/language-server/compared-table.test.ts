import { afterEach, beforeEach, expect, test } from "vitest";
import { float64FromBase64, int32FromBase64 } from "../../../profile/base64.js";
import { VERDICTS } from "../../../protocol/queries.js";
import type { TableColumns, TableKind } from "../../../protocol/tables.js";
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
/** A line comes in front; the one that price costs is written anew. */
const EDITED = `import os\n${APP.replace("range(1000)", "range(3000)")}`;

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});

/** Samples of 10 ms for 8 s: each stack has as many of a hundred, mixed. */
async function run(id: string, shares: Readonly<Record<string, number>>, threads = ["web/main"]): Promise<string> {
  const { folder } = await server.begin(id);
  const names = Object.entries(shares).flatMap(([stack, share]) => Array.from({ length: share }, () => stack));
  const taken = Array.from({ length: 800 }, (_, i) => [names[(i * 37 + Math.floor(i / 100) * 7) % 100], i * 1e7] as const).flatMap(
    ([stack, at]) => (stack === undefined ? [] : [[stack, at] as const]),
  );
  await server.stacks(taken.map(([stack]) => `${stack} 10000000`).join("\n"), {
    timesNs: taken.map(([, at]) => at),
    timeNs: 8e9,
    threads: taken.map((_, i) => threads[i % threads.length] ?? ""),
  });
  await server.ask("flameline/finish", { id });
  return folder;
}

/** A line a row, by falling change: `name place:line before → after verdict`, in hundredths of a second in each second. */
function told(table: TableColumns | null, of: "self" | "total" = "total"): string[] {
  if (table?.difference === undefined) return ["no comparison"];
  const changes = table.difference[of];
  const [base, next] = [float64FromBase64(changes.base), float64FromBase64(changes.next)];
  const [name, place, line, id] = [table.name, table.place, table.line, table.id].map((column) => int32FromBase64(column) ?? []);
  const verdict = int32FromBase64(changes.verdict);
  const hundredths = (value = 0): number => Math.round(value / 1e7);
  const rows = Array.from({ length: table.rows }, (_, row) => {
    const [before, after] = [hundredths(base?.[row]), hundredths(next?.[row])];
    const where = `${table.texts[name?.[row] ?? -1]} ${table.texts[place?.[row] ?? -1]}:${line?.[row]}`.replaceAll(server.folder, "W");
    const gone = (id?.[row] ?? 0) < 0 ? " gone" : "";
    return { change: after - before, text: `${where} ${before} → ${after} ${VERDICTS[verdict?.[row] ?? -1]}${gone}` };
  });
  return rows.sort((a, b) => b.change - a.change || (a.text < b.text ? -1 : 1)).map(({ text }) => text);
}

const table = (kind: TableKind): Promise<TableColumns | null> => server.ask("flameline/table", { kind, selection: { event: "cpu" } });

async function compared(): Promise<void> {
  server.write("app.py", APP);
  const base = await run("20260101T000000Z-before", {
    "main:8($W/app.py);price:2($W/app.py)": 30,
    "main:9($W/app.py);tax:5($W/app.py)": 20,
    "gone:1($W/old.py)": 15,
  });
  server.write("app.py", EDITED);
  await run("20260101T000100Z-after", {
    "main:9($W/app.py);price:3($W/app.py)": 60,
    "main:10($W/app.py);tax:6($W/app.py)": 20,
    "fresh:1[/usr/lib/libnew.so]{native}": 5,
  });
  await server.ask("flameline/compare", { path: base });
}

test("functions stand with their cost before and after, and whether the change is more than noise; what is gone is there, too", async () => {
  await compared();
  const answer = await table("functions");
  expect(told(answer)).toEqual([
    "main W/app.py:9 50 → 80 more",
    "price W/app.py:3 30 → 60 more",
    "fresh /usr/lib/libnew.so:1 0 → 5 more",
    "tax W/app.py:6 20 → 20 noise",
    "gone W/old.py:1 15 → 0 less gone",
  ]);
  expect(told(answer, "self").find((row) => row.startsWith("main"))).toBe("main W/app.py:9 0 → 0 few");
  const gone = int32FromBase64(answer?.id ?? "")?.find((id) => id < 0) ?? 0;
  expect(await server.ask("flameline/locateRow", { kind: "lines", id: gone, selection: { event: "cpu" } })).toBeNull();
});

test("lines are followed over the edit that came between, also a rewritten one", async () => {
  await compared();
  expect(told(await table("lines"))).toEqual([
    "W/app.py main:9 30 → 60 more",
    "W/app.py price:3 30 → 60 more",
    "(no file) fresh:1 0 → 5 more",
    "W/app.py main:10 20 → 20 noise",
    "W/app.py tax:6 20 → 20 noise",
    "W/old.py gone:1 15 → 0 less gone",
  ]);
});

test("files, modules and threads are compared by their names, whatever their numbers", async () => {
  await compared();
  expect(told(await table("files"))).toEqual(["W/app.py :0 50 → 80 more", "W/old.py :0 15 → 0 less gone"]);
  expect(told(await table("modules"))).toEqual(["[python] :0 65 → 80 more", "/usr/lib/libnew.so :0 0 → 5 more"]);
  expect(told(await table("threads"))).toEqual(["main web:0 65 → 85 more"]);
});

test("two ranges of one recording are compared row by row; without a baseline there is no comparison", async () => {
  server.write("app.py", APP);
  const folder = await run("20260101T000000Z-one", { "main:8($W/app.py);price:2($W/app.py)": 50 }, ["web/main", "web/pool"]);
  await server.ask("flameline/compare", { path: folder, fromNs: 0, toNs: 4e9 });
  const answer = await server.ask("flameline/table", { kind: "threads", selection: { event: "cpu", fromNs: 4e9, toNs: 8e9 } });
  expect(told(answer).map((row) => row.replaceAll(/\d{3,}/g, "N"))).toEqual([
    "main (N) web (N):0 25 → 25 noise",
    "pool (N) web (N):0 25 → 25 noise",
  ]);
  await server.ask("flameline/compare", { path: null });
  expect(told(await table("threads"))).toEqual(["no comparison"]);
});
