import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
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
    "10: 0 % self, 70 % total",
    "11: 0 % self, 30 % total",
  ]);
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
