import { afterEach, expect, test } from "vitest";
import { float64FromBase64, int32FromBase64 } from "../../../profile/base64.js";
import { TABLE_KINDS, type TableColumns, type TableKind } from "../../../protocol/tables.js";
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
    { threads: ["web/main", "web/pool", "worker/main", "web/main"], timeNs: 8e9 },
  );
  return server;
}

/** One line a row, by falling total: `name place:line self/total`. */
function told(table: TableColumns | null, folder: string): string[] {
  if (table === null) return [];
  const [name, place, line] = [table.name, table.place, table.line].map((column) => int32FromBase64(column) ?? []);
  const [self, total] = [table.selfOf, table.totalOf].map((column) => float64FromBase64(column) ?? []);
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  rows.sort((a, b) => (total?.[b] ?? 0) - (total?.[a] ?? 0) || (self?.[b] ?? 0) - (self?.[a] ?? 0));
  return rows.map((row) =>
    `${table.texts[name?.[row] ?? -1]} ${table.texts[place?.[row] ?? -1]}:${line?.[row]} ${self?.[row]}/${total?.[row]}`.replaceAll(
      folder,
      "W",
    ),
  );
}

test.each<{ kind: TableKind; rows: string[] }>([
  {
    kind: "functions",
    rows: ["parse W/app.py:2 60/90", "main W/app.py:5 0/90", "memcpy /usr/lib/libc.so.6:0 30/30", "do_syscall :0 10/10"],
  },
  {
    kind: "lines",
    rows: [
      "W/app.py parse:2 60/90",
      "W/app.py main:5 0/50",
      "W/app.py main:6 0/40",
      "(no file) memcpy:0 30/30",
      "(no file) do_syscall:0 10/10",
    ],
  },
  { kind: "files", rows: ["W/app.py :0 60/90"] },
  { kind: "modules", rows: ["[python] :0 60/90", "/usr/lib/libc.so.6 :0 30/30", "[kernel] :0 10/10"] },
])("the table of $kind has each once a sample, with what ends in it", async ({ kind, rows }) => {
  const server = await recorded();
  expect(told(await server.ask("flameline/table", { kind, selection: cpu }), server.folder)).toEqual(rows);
});

test("threads stand with their processes; waits have a table only where there are some", async () => {
  const server = await recorded();
  const threads = told(await server.ask("flameline/table", { kind: "threads", selection: cpu }), server.folder);
  expect(threads.map((row) => row.replaceAll(/\d{3,}/g, "N"))).toEqual([
    "main (N) web (N):0 40/40",
    "main (N) worker (N):0 40/40",
    "pool (N) web (N):0 20/20",
  ]);
  expect(await server.ask("flameline/table", { kind: "waits", selection: cpu })).toMatchObject({ rows: 0, total: 100 });
});

test("every table is of the selection, and none of nothing", async () => {
  const server = await recorded();
  const selection = { ...cpu, pids: [1001] };
  for (const kind of TABLE_KINDS) {
    expect((await server.ask("flameline/table", { kind, selection }))?.total, kind).toBe(40);
    expect(await server.ask("flameline/table", { kind, selection: { ...cpu, pids: [7] } }), kind).toBeNull();
  }
});

test("a row leads to its line, a file to the line that costs most in it, a thread nowhere", async () => {
  const server = await recorded();
  const place = async (kind: TableKind, name: string, line?: number) => {
    const table = await server.ask("flameline/table", { kind, selection: cpu });
    const lines = int32FromBase64(table?.line ?? "");
    const row = (int32FromBase64(table?.name ?? "") ?? []).findIndex(
      (text, index) => table?.texts[text]?.includes(name) === true && (line === undefined || lines?.[index] === line),
    );
    const id = int32FromBase64(table?.id ?? "")?.[row] ?? -1;
    const found = await server.ask("flameline/locateRow", { kind, id, selection: cpu });
    return found && `${found.file.replace(/.*\//, "")}:${found.line}`;
  };
  expect(await place("lines", "app.py", 6)).toBe("app.py:6");
  expect(await place("functions", "main")).toBe("app.py:5");
  expect(await place("files", "app.py")).toBe("app.py:2");
  expect(await place("modules", "[python]")).toBe("app.py:2");
  expect(await place("modules", "libc.so.6")).toBeNull();
  expect(await place("threads", "pool")).toBeNull();
  expect(await server.ask("flameline/locateRow", { kind: "lines", id: 99_999, selection: cpu })).toBeNull();
});
