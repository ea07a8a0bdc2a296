import { afterEach, expect, test } from "vitest";
import { startServer, stopServers } from "./test-server.js";

afterEach(stopServers);

const APP = `def parse(text):
    return text.split()

def main():
    parse("a b")
`;
const cpu = { event: "cpu" } as const;

test("findings are the largest costs outside the user's code, with the line of theirs that leads to each, and the frames of its box", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  await server.stacks(
    `
    main:5($W/app.py);parse:2($W/app.py);memcpy[/usr/lib/libc.so.6]{native};fault{kernel} 30
    main:5($W/app.py);parse:2($W/app.py);eval[/usr/bin/python3]{native} 20
    main:5($W/app.py) 40
    do_syscall{kernel} 10
    `,
    { timeNs: 8e9 },
  );
  const findings = await server.ask("flameline/findings", { selection: cpu });
  expect(findings.map(({ share, places }) => [share, places[0]?.functionName, places[0]?.location?.line])).toEqual([
    [0.3, "parse", 2],
    [0.2, "parse", 2],
  ]);
  expect(findings[0]?.places[0]?.location?.file).toMatch(/app\.py$/);
  const { rows } = await server.ask("flameline/functions", { limit: 9, mineOnly: false });
  const nameOf = (id: number) => rows.find((row) => row.function === id)?.name;
  expect(findings[0]?.frames.map(nameOf)).toEqual(["main", "parse", "memcpy"]);
  expect(await server.ask("flameline/findings", { selection: { ...cpu, pids: [7] } })).toEqual([]);
});
