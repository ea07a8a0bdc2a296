import { afterEach, expect, test } from "vitest";
import { memoryOverTime } from "../../../language-server/memory-over-time.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { startServer, stopServers } from "./test-server.js";

afterEach(stopServers);

const APP = `def load():
    return bytes(100)

def keep():
    return bytes(50)

def main():
    load()
    keep()
`;

test("lenses tell what a function holds: what it gave back is taken off, also where it took more again", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  const load = "main:8($W/app.py);load:2($W/app.py)";
  await server.stacks(`${load} 100\nmain:9($W/app.py);keep:5($W/app.py) 60\n${load} -100\n${load} 100\n${load} -60`, {
    events: ["memory"],
    timesNs: [1e9, 2e9, 3e9, 4e9, 5e9],
    timeNs: 6e9,
  });
  await server.heat("app.py");
  await server.stacks("", { timeNs: 8e9 });
  await server.ask("flameline/select", { selection: { event: "memory" } });
  expect(await server.lenses("app.py")).toEqual([
    "1: 40 % total · 40 % self — memory growth of 1 process, 8 s",
    "4: 60 % total · 60 % self — memory growth of 1 process, 8 s",
    "7: 100 % total · 0 % self — memory growth of 1 process, 8 s",
  ]);
});

test("the largest processes are told with what they held over time", () => {
  const recording = recordingFromCollapsed("main 1\nmain 1\nmain 1\nmain 1\nmain 1", {
    threads: ["a/1", "b/1", "c/1", "d/1", "e/1"],
    events: ["cpu", "cpu", "cpu", "cpu", "cpu"],
  });
  recording.setInfo({ durationNs: 20e9 });
  expect(memoryOverTime(recording)).toEqual({ memory: [] });
  [40e6, 10e6, 0, 30e6].forEach((resident, process) => {
    if (resident > 0) recording.memory.add({ process, timeNs: 1e9, resident, anonymous: 1 });
  });
  recording.memory.add({ process: 0, timeNs: 15e9, resident: 20e6, anonymous: 1 });
  const { memory = [] } = memoryOverTime(recording);
  expect(memory.map(({ name, last, most }) => [name, last, most])).toEqual([
    ["a", 20e6, 40e6],
    ["d", 30e6, 30e6],
    ["b", 10e6, 10e6],
  ]);
  expect(memory[0]?.resident).toEqual([0, ...Array<number>(14).fill(40e6), ...Array<number>(5).fill(20e6)]);
});
