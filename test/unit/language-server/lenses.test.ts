import { afterEach, expect, test } from "vitest";
import { startServer, stopServers } from "./test-server.js";

afterEach(stopServers);

const APP = `def parse(text):
    return text.split()

def count(words):
    return len(words)

def rare(words):
    return sorted(words)

def main():
    parse("a b")
    count([])
    rare([])
`;

const MANY = { timeNs: 2e9 };
const parse = "main:11($W/app.py);parse:2($W/app.py)";
const count = "main:12($W/app.py);count:5($W/app.py)";
const rare = "main:13($W/app.py);rare:8($W/app.py)";

test("a lens says self and total of its function, of what and over how long", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  const threads = ["web/main", "worker/main", "db/main"];
  await server.stacks(`${parse} 60\n${count} 40\nidle [libc] 100`, { timeNs: 0.1e9, threads });
  expect(await server.heat("app.py")).toHaveLength(4);
  await server.stacks("", { timeNs: 8e9 });
  expect(await server.lenses("app.py")).toEqual([
    "1: 30 % total · 30 % self — CPU of 3 processes, 8 s",
    "4: 20 % total · 20 % self — CPU of 3 processes, 8 s",
    "10: 50 % total · 0 % self — CPU of 3 processes, 8 s",
  ]);
});

test("lenses wait until the first samples of their file say enough", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(`${parse} 1`, { timeNs: 0.2e9 });
  expect(await server.heat("app.py")).toHaveLength(2);
  expect(await server.lenses("app.py")).toEqual([]);
  await server.stacks(`${count} 1`, { timeNs: 0.9e9 });
  expect(await server.lenses("app.py")).toEqual([]);
  await server.stacks(`${count} 1`, { timeNs: 1.3e9 });
  expect(await server.lenses("app.py")).toHaveLength(3);
});

test("a hundred samples of a file are enough at once", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(Array.from({ length: 100 }, () => `${parse} 1`).join("\n"), { timeNs: 0.1e9 });
  expect(await server.lenses("app.py")).toHaveLength(2);
});

test("a function under the minimum share has no lens, and one that turns hot later is told at the line's end", async () => {
  const server = await startServer({ minimumShare: 0.05 });
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(`${parse} 99\n${rare} 1`);
  await server.heat("app.py");
  await server.stacks(`${parse} 1`, MANY);
  expect(await server.lenses("app.py")).toEqual([
    expect.stringMatching(/^1: 99 % total · 99 % self/),
    expect.stringMatching(/^10: 100 % total · 0 % self/),
  ]);
  expect(await server.hints("app.py")).toEqual([]);
  await server.stacks(`${rare} 400\n${count} 500`, MANY);
  expect(await server.lenses("app.py")).toEqual([
    expect.stringMatching(/^1: 10 % total · 10 % self/),
    expect.stringMatching(/^10: 100 % total · 0 % self/),
  ]);
  expect(await server.hints("app.py")).toEqual(["4: 50 % total · 50 % self", "7: 40 % total · 40 % self"]);
});

test("lenses stay where a function has become cold, through another recording, and go when the heat is cleared", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin("20260101T000000Z-one");
  await server.stacks(`${parse} 50\n${count} 50`);
  await server.heat("app.py");
  await server.stacks(`${parse} 0`, MANY);
  const lines = (lenses: string[]): string[] => lenses.map((lens) => lens.replace(/:.*/, ""));
  expect(lines(await server.lenses("app.py"))).toEqual(["1", "4", "10"]);
  await server.begin("20260101T000100Z-two");
  expect(await server.lenses("app.py")).toEqual([
    "1: no samples yet (was 50 %)",
    "4: no samples yet (was 50 %)",
    "10: no samples yet (was 100 %)",
  ]);
  await server.stacks(`${parse} 10`, MANY);
  expect(await server.lenses("app.py")).toEqual([
    "1: 100 % total (was 50 %) · 100 % self — CPU of 1 process, 2 s",
    "4: 0 % total (was 50 %) · 0 % self — CPU of 1 process, 2 s",
    "10: 100 % total · 0 % self — CPU of 1 process, 2 s",
  ]);
  await server.ask("flameline/clear", {});
  expect(await server.lenses("app.py")).toEqual([]);
});

test("lenses stay, without numbers, when the file turns out to be newer than a program that runs it", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(`${parse} 50`);
  await server.heat("app.py");
  await server.stacks("", MANY);
  expect(await server.lenses("app.py")).toHaveLength(2);
  await server.stacks(`${parse} 50`, { timeNs: 3e9, threads: ["old/main"], processes: { old: { pid: 7, startNs: -3600e9 } } });
  expect(await server.lenses("app.py")).toEqual(["1: no numbers: they could be wrong", "10: no numbers: they could be wrong"]);
});

test("lenses follow their functions over unsaved edits", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(`${parse} 50\n${count} 50`);
  await server.heat("app.py");
  await server.stacks(`${parse} 1`, MANY);
  await server.open("app.py", APP);
  await server.edit("app.py", `import os\n\n${APP.replace("def count(words):", "def count(words, limit=3):")}`);
  expect((await server.lenses("app.py")).map((lens) => lens.slice(0, 9))).toEqual(["3: 50 % t", "6: 50 % t", "12: 100 %"]);
});

test("the setting puts all at the line's end, or nothing anywhere", async () => {
  const server = await startServer({ lenses: "endOfLine" });
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(`${parse} 50\n${count} 50`, MANY);
  expect(await server.lenses("app.py")).toEqual([]);
  expect(await server.hints("app.py")).toEqual(["1: 50 % total · 50 % self", "4: 50 % total · 50 % self", "10: 100 % total · 0 % self"]);
  await server.settings({ lenses: "off" });
  expect(await server.lenses("app.py")).toEqual([]);
  expect(await server.hints("app.py")).toEqual([]);
});

test("recursion and a function's own closures count once in its total", async () => {
  const server = await startServer();
  server.write("walk.py", "def walk(tree):\n    keys = sorted(tree, key=lambda k: k[0])\n    for child in keys:\n        walk(child)\n");
  await server.begin();
  await server.stacks("walk:4($W/walk.py);walk:4($W/walk.py);<lambda>:2($W/walk.py) 3\nwalk:3($W/walk.py) 1", MANY);
  await server.heat("walk.py");
  await server.stacks("walk:3($W/walk.py) 1", { timeNs: 4e9 });
  expect(await server.lenses("walk.py")).toEqual([expect.stringMatching(/^1: 100 % total · 100 % self/)]);
});

test("without a grammar a lens stands where the text defines the function's name, and nowhere where it doesn't", async () => {
  const server = await startServer();
  server.write("deploy.pl", "use strict;\n\nsub deploy {\n  work();\n}\n\ndeploy();\n");
  await server.begin();
  await server.stacks("<top-level>:7($W/deploy.pl){perl};main::deploy:4($W/deploy.pl){perl} 5", MANY);
  expect(await server.heat("deploy.pl")).toEqual(["4: 100 % self, 100 % total", "7: 0 % self, 100 % total"]);
  await server.stacks("main::deploy:4($W/deploy.pl){perl} 5", { timeNs: 4e9 });
  expect(await server.lenses("deploy.pl")).toEqual([expect.stringMatching(/^3: 100 % total · 100 % self/)]);
});
