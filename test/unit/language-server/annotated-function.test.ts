import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { startServer, stopServers, type TestServer } from "./test-server.js";

const outside = mkdtempSync(join(tmpdir(), "flameline-outside-"));
afterEach(async () => {
  await stopServers();
  rmSync(outside, { recursive: true, force: true });
});

const APP = `import lib

def main():
    x = 1
    lib.parse(x)
    return x
`;
const LIB = `def other():
    pass

def parse(text):
    def inner():
        return 1
    return inner()
`;
const cpu = { event: "cpu" } as const;

async function recorded(): Promise<TestServer> {
  const server = await startServer();
  server.write("app.py", APP);
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(outside, "lib.py"), LIB);
  await server.begin();
  await server.stacks(
    `
    main:5($W/app.py);parse:7(${outside}/lib.py);inner:6(${outside}/lib.py) 30
    main:5($W/app.py);parse:7(${outside}/lib.py) 20
    main:4($W/app.py) 50
    `,
    { timeNs: 8e9 },
  );
  return server;
}

test("the lines of a function have what they cost, in the workspace and outside of it", async () => {
  const server = await recorded();
  const { rows } = await server.ask("flameline/functions", { limit: 9, mineOnly: false, selection: cpu });
  const of = async (name: string) => {
    const fn = rows.find((row) => row.name === name)?.function ?? -1;
    const found = await server.ask("flameline/annotate", { function: fn });
    return found && [found.name, found.startLine, found.endLine, found.lines.map(({ lineIndex, total }) => `${lineIndex}: ${total}`)];
  };
  expect(await of("main")).toEqual(["main", 2, 5, ["3: 50", "4: 50"]]);
  // The whole function, and all that lies in it.
  expect(await of("parse")).toEqual(["parse", 3, 6, ["5: 30", "6: 50"]]);
  expect((await of("inner"))?.slice(1)).toEqual([4, 5, ["5: 30"]]);
});

test("a place in a document leads to the function around it, a place outside of functions to all lines that cost", async () => {
  const server = await recorded();
  const uri = pathToFileURL(join(outside, "lib.py")).href;
  expect(await server.ask("flameline/annotate", { uri, line: 3 })).toMatchObject({ name: "parse", startLine: 3, endLine: 6, total: 100 });
  expect(await server.ask("flameline/annotate", { uri, line: 0 })).toMatchObject({ name: "other", lines: [] });
  expect(await server.ask("flameline/annotate", { uri, line: 2 })).toMatchObject({ name: null, startLine: 2, endLine: 6 });
  expect(await server.ask("flameline/annotate", { uri: pathToFileURL(join(outside, "gone.py")).href, line: 0 })).toBeNull();
});
