import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { batchFromStacks } from "../../support/profile-text.js";
import { startServer, stopServers } from "./test-server.js";

afterEach(stopServers);

const APP = `import time

def work(n):
    total = 0
    for i in range(n):
        total += i * i
    return total

def main():
    work(1000)
    work(2000)

main()
`;

const RUST = "fn inner() {\n  busy();\n}\nfn main() {\n  inner();\n}\n";

test("the lines of a live recording have heat, with self and total as shares of the selection", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  await server.stacks(`
    main:10($W/app.py);work:6($W/app.py) 60
    main:11($W/app.py);work:5($W/app.py) 30
    main:10($W/app.py);sleep:7(/usr/lib/python3.11/x.py) 10
  `);
  expect(await server.heat(app)).toEqual([
    "5: 30 % self, 30 % total",
    "6: 60 % self, 60 % total",
    "10: 10 % self, 70 % total",
    "11: 0 % self, 30 % total",
  ]);
});

test("with just-my-code a line's self cost has the runtime, library and kernel code that it calls; without, only its own", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  await server.stacks(`
    work:6($W/app.py);eval[/usr/lib/libpython3.11.so]{c};page_fault{kernel} 7
    work:6($W/app.py) 1
    work:5($W/app.py);sort:9(/usr/lib/python3.11/x.py);key:2($W/app.py) 2
  `);
  expect(await server.heat(app)).toEqual(["2: 20 % self, 20 % total", "5: 0 % self, 20 % total", "6: 80 % self, 80 % total"]);
  await server.settings({ justMyCode: false });
  expect(await server.heat(app)).toEqual(["2: 20 % self, 20 % total", "5: 0 % self, 20 % total", "6: 10 % self, 80 % total"]);
});

test("heat follows unsaved edits, and a rewritten line shows nothing", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  await server.stacks("main:10($W/app.py);work:6($W/app.py) 3\nmain:10($W/app.py);work:5($W/app.py) 1");
  expect(await server.heat(app)).toEqual(["5: 25 % self, 25 % total", "6: 75 % self, 75 % total", "10: 0 % self, 100 % total"]);
  await server.open("app.py", APP);
  await server.edit("app.py", `# first\n# second\n${APP.replace("total += i * i", "total += i ** 2")}`);
  expect(await server.heat(app)).toEqual(["7: 25 % self, 25 % total", "12: 0 % self, 100 % total"]);
});

test("a recursive line counts once a sample in its total", async () => {
  const server = await startServer();
  const app = server.write("fib.py", "def fib(n):\n    return fib(n - 1) + fib(n - 2)\n\nfib(30)\n");
  await server.begin();
  await server.stacks(
    "<module>:4($W/fib.py);fib:2($W/fib.py);fib:2($W/fib.py);fib:2($W/fib.py) 4\n<module>:4($W/fib.py);fib:2($W/fib.py) 6",
  );
  expect(await server.heat(app)).toEqual(["2: 100 % self, 100 % total", "4: 0 % self, 100 % total"]);
});

test("a file that was recorded under a link and under its own path is one file, and recursion across both counts once", async () => {
  const server = await startServer();
  const app = server.write("real/fib.py", "def fib(n):\n    return fib(n - 1) + fib(n - 2)\n");
  symlinkSync(join(server.folder, "real"), join(server.folder, "linked"));
  await server.begin();
  await server.stacks("fib:2($W/real/fib.py);fib:2($W/linked/fib.py) 1\nfib:2($W/linked/fib.py) 1");
  expect(await server.heat(app)).toEqual(["2: 100 % self, 100 % total"]);
  expect(await server.heat(join(server.folder, "linked/fib.py"))).toEqual(["2: 100 % self, 100 % total"]);
});

test("a file that was changed after its program had started shows no numbers, and says why", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin("20260101T000000Z-run", Date.now() - 60_000);
  await server.stacks("main:10($W/app.py) 1");
  const [notice, ...rest] = await server.heat(app);
  expect(rest).toEqual([]);
  expect(notice).toMatch(/^app\.py was changed after the program/);
});

test("the same relative path is another file in a process with another working folder", async () => {
  const server = await startServer();
  const orders = server.write("orders/main.py", APP);
  const users = server.write("users/main.py", APP);
  await server.begin();
  await server.stacks("work:6(main.py) 30\nwork:5(main.py) 10\nwork:6(main.py) 60", {
    threads: ["orders/main", "users/main"],
    processes: { orders: { workingDirectory: join(server.folder, "orders") }, users: { workingDirectory: join(server.folder, "users") } },
  });
  expect(await server.heat(orders)).toEqual(["6: 30 % self, 30 % total"]);
  expect(await server.heat(users)).toEqual(["5: 10 % self, 10 % total", "6: 60 % self, 60 % total"]);
  expect(await server.hover(users, 6)).toMatch(/^\*\*60 % total · 60 % self\*\* — CPU of 2 processes/);
});

test("processes in a thousand folders of their own are one program still", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  const names = Array.from({ length: 1000 }, (_, index) => `p${index}`);
  const processes = Object.fromEntries(names.map((name, index) => [name, { pid: 5000 + index, workingDirectory: `/tmp/test-${name}` }]));
  const stacks = names.map((_, index) => `main:10($W/app.py);work:${5 + (index % 2)}($W/app.py) 1`).join("\n");
  await server.stacks(stacks, { threads: names.map((name) => `${name}/main`), processes, timeNs: 2e9 });
  expect(await server.heat(app)).toEqual(["5: 50 % self, 50 % total", "6: 50 % self, 50 % total", "10: 0 % self, 100 % total"]);
  expect(await server.lenses(app)).toEqual([
    "3: 100 % total · 100 % self — CPU of 1,000 processes, 2 s",
    "9: 100 % total · 0 % self — CPU of 1,000 processes, 2 s",
  ]);
});

test("a server that was started before an edit still runs the old text: no number is shown while it takes part", async () => {
  const server = await startServer();
  const app = server.write("app.py", APP);
  await server.begin();
  const old = { startNs: -3600e9 };
  await server.stacks("work:6($W/app.py) 1", { threads: ["test/main"] });
  expect(await server.heat(app)).toEqual(["6: 100 % self, 100 % total"]);
  await server.stacks("work:6($W/app.py) 1", { threads: ["server/main"], processes: { server: old } });
  expect(await server.heat(app)).toEqual([expect.stringMatching(/^app\.py was changed after the program/)]);
});

test("inlined calls have their own lines", async () => {
  const server = await startServer();
  const app = server.write("app.rs", RUST);
  await server.begin();
  await server.stacks("inner:2($W/app.rs){rust}<-main:5($W/app.rs) 4");
  expect(await server.heat(app)).toEqual(["2: 100 % self, 100 % total", "5: 0 % self, 100 % total"]);
});

test("a late symbol puts the cost of samples that came before it onto its lines", async () => {
  const server = await startServer();
  const app = server.write("app.rs", RUST);
  await server.begin("late");
  const batch = batchFromStacks([{ frames: ["[/usr/bin/app]{native}"], value: 4 }]);
  await server.connection.sendNotification("flameline/batch", { id: "late", text: JSON.stringify(batch) });
  expect(await server.heat(app)).toEqual([]);
  const named = batchFromStacks([{ frames: [`inner:2(${app}){rust}<-main:5(${app})`], value: 0 }]);
  const late = { ...named, sequence: 1, processes: [], threads: [], samples: { stack: [], thread: [], timeNs: [], event: [], value: [] } };
  const string = (index: number): number => (index === 0 ? 0 : index + batch.strings.length);
  const updates = named.updates.map((update) => ({
    ...update,
    frame: 0,
    positions: update.positions.map((row) => ({ ...row, function: string(row.function), file: string(row.file) })),
  }));
  const columns = { language: [], function: [], file: [], line: [], column: [], module: [], address: [] };
  const message = { ...late, frames: columns, stacks: { parent: [], frame: [] }, updates };
  await server.connection.sendNotification("flameline/batch", { id: "late", text: JSON.stringify(message) });
  expect(await server.heat(app)).toEqual(["2: 100 % self, 100 % total", "5: 0 % self, 100 % total"]);
});

test("a script with a source map has its heat in the source", async () => {
  const server = await startServer();
  const source = server.write("src/app.ts", "export function hot(): number {\n  return 1;\n}\n");
  // Generated line 2 column 2 is line 2 column 2 of the source.
  const map = { version: 3, sources: ["../src/app.ts"], names: [], mappings: "AAAA;EACE" };
  server.write("dist/app.js.map", JSON.stringify(map));
  server.write("dist/app.js", "function hot() {\n  return 1;\n}\n//# sourceMappingURL=app.js.map\n");
  await server.begin();
  await server.stacks("hot:2:3($W/dist/app.js){javascript} 4");
  expect(await server.heat(source)).toEqual(["2: 100 % self, 100 % total"]);
});
