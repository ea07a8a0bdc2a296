/** The cells of a notebook whose kernel is recorded: numbers on the text that ran, in whichever notebook it is, and on no other one. */
import { afterEach, expect, test } from "vitest";
import { cellPath } from "../../../source/notebook-cells.js";
import { startServer, stopServers, type TestServer } from "./test-server.js";

afterEach(stopServers);

const CELL = "def area(n):\n    return sum(range(n))\n\narea(10)\n";
const URI = "vscode-notebook-cell:/work/shapes.ipynb#W0sZmlsZQ%3D%3D";
const fileOf = (text: string): string => cellPath(text).replace("/ipykernel/", "/tmp/ipykernel_4711/");

async function recorded(): Promise<TestServer> {
  const server = await startServer();
  await server.begin();
  const file = fileOf(CELL);
  await server.stacks(`<cell line: 4>:4(${file});area:2(${file}) 30\n<cell line: 4>:4(${file}) 10\nother:1(/usr/lib/x.py) 60`, {
    timeNs: 8e9,
  });
  await server.ask("flameline/finish", { id: "20260101T000000Z-run" });
  return server;
}

test("a cell has its lenses, heat and hovers", async () => {
  const server = await recorded();
  await server.open(URI, CELL);
  expect(await server.lenses(URI)).toEqual([expect.stringMatching(/^1: 30 % total · 30 % self/)]);
  expect(await server.heat(URI)).toEqual(["2: 30 % self, 30 % total", "4: 10 % self, 40 % total"]);
  expect(await server.hover(URI, 2)).toContain("30 %");
});

test("an edited cell has no numbers, for what ran was another text, until it is as it was", async () => {
  const server = await recorded();
  await server.open(URI, CELL);
  await server.edit(URI, CELL.replace("10", "11"));
  expect(await server.heat(URI)).toEqual([]);
  expect(await server.lenses(URI)).toEqual([]);
  await server.edit(URI, CELL);
  expect(await server.heat(URI)).toHaveLength(2);
});

test("its code is the user's own, and has no file to be opened", async () => {
  const server = await recorded();
  const { rows } = await server.ask("flameline/functions", { limit: 10, mineOnly: true });
  expect(rows.map(({ name, owner }) => `${name} ${owner}`)).toEqual(["area mine", "<cell line: 4> mine"]);
  const [area] = rows;
  expect(await server.ask("flameline/locate", { function: area?.function ?? -1, selection: { event: "cpu" } })).toBeNull();
});

test("a finding names the line of the cell that leads to it, and no file", async () => {
  const server = await startServer();
  await server.begin();
  const file = fileOf(CELL);
  await server.stacks(`<cell line: 4>:4(${file});area:2(${file});sum[/usr/bin/python3]{native} 30`, { timeNs: 8e9 });
  const [finding] = await server.ask("flameline/findings", { selection: { event: "cpu" } });
  expect(finding?.places).toEqual([{ location: null, functionName: "area", cellLine: 2 }]);
});

test("a cell that nobody opened, or one of another text, has nothing", async () => {
  const server = await recorded();
  expect(await server.ask("flameline/documentHeat", { uri: URI })).toBeNull();
  await server.open(URI, "1 + 1\n");
  expect(await server.heat(URI)).toEqual([]);
});
