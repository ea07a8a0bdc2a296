import { describe, expect, test } from "vitest";
import {
  eventChoices,
  idleChoices,
  processChoices,
  threadChoices,
  withEvent,
  withIdle,
  withProcesses,
  withThreads,
} from "../../../webview/choices.js";
import { summaryWith } from "./tree-text.js";

const process = (pid: number, name: string, samples: number) => ({ pid, name, commandLine: name, samples });
const thread = (index: number, pid: number, name: string, samples: number) => ({ index, pid, tid: 1000 + index, name, samples });
const SUMMARY = summaryWith({
  events: [
    { event: "cpu", unit: "ns", samples: 5, total: 5 },
    { event: "off_cpu", unit: "ns", samples: 0, total: 0 },
    { event: "io_read", unit: "bytes", samples: 2, total: 900 },
  ],
  processes: [process(1, "python3", 3), process(2, "node", 9), process(3, "python3", 1), process(4, "idle", 0)],
  threads: [thread(0, 1, "main", 3), thread(1, 2, "main", 5), thread(2, 2, "worker", 4)],
});

describe("choices", () => {
  test("processes come by samples, those of one name together first, those without samples not at all", () => {
    expect(processChoices(SUMMARY, { event: "cpu" }).choices.map((choice) => choice.label)).toMatchInlineSnapshot(`
      [
        "All processes (3)",
        "python3: all 2",
        "node (2), 9 samples",
        "python3 (1), 3 samples",
        "python3 (3), 1 sample",
      ]
    `);
  });

  test("what is chosen can be read back from its value", () => {
    const { choices } = processChoices(SUMMARY, { event: "cpu" });
    const all = choices.find((choice) => choice.label === "python3: all 2");
    const selection = withProcesses({ event: "cpu", threads: [2] }, all?.value ?? "");
    expect(selection).toEqual({ event: "cpu", pids: [1, 3] });
    expect(processChoices(SUMMARY, selection).chosen).toBe(all?.value);
    expect(withProcesses(selection, "")).toEqual({ event: "cpu" });
  });

  test("only the chosen processes' threads are offered", () => {
    const { choices } = threadChoices(SUMMARY, { event: "cpu", pids: [2] });
    expect(choices.map((choice) => choice.label)).toEqual(["All threads (2)", "main (1001), 5 samples", "worker (1002), 4 samples"]);
    expect(withThreads({ event: "cpu", pids: [2] }, choices[2]?.value ?? "")).toEqual({ event: "cpu", pids: [2], threads: [2] });
  });

  test("2,000 processes are a list that ends, and says how many it leaves out", () => {
    const many = summaryWith({ processes: Array.from({ length: 2000 }, (_, i) => process(i + 1, `p${i}`, i + 1)) });
    const { choices } = processChoices(many, { event: "cpu", pids: [1] });
    expect(choices.length).toBeLessThan(110);
    expect(choices.at(-1)?.label).toBe("… and 1,899 with fewer samples");
    expect(choices.filter((choice) => choice.value === "1").map((choice) => choice.label)).toContain("p0 (1), 1 sample");
  });

  test("a choice made elsewhere, of several processes, is shown as such", () => {
    const { choices, chosen } = processChoices(SUMMARY, { event: "cpu", pids: [1, 2] });
    expect(choices.find((choice) => choice.value === chosen)?.label).toBe("2 chosen");
  });

  test("events with samples can be chosen, and the one that is shown", () => {
    expect(eventChoices(SUMMARY, { event: "off_cpu" }).choices.map((choice) => choice.value)).toEqual(["cpu", "off_cpu", "io_read"]);
    expect(withEvent({ event: "cpu", pids: [1] }, "io_read")).toEqual({ event: "io_read", pids: [1] });
    expect(withEvent({ event: "cpu" }, "nonsense")).toEqual({ event: "cpu" });
  });
});

test("idle waits are left out until they are asked for, and another process or event does not change that", () => {
  const selection = withIdle({ event: "off_cpu" }, "with");
  expect(selection).toEqual({ event: "off_cpu", idle: true });
  expect(idleChoices(selection).chosen).toBe("with");
  expect(withProcesses(selection, "2")).toEqual({ event: "off_cpu", idle: true, pids: [2] });
  expect(withIdle(selection, "without")).toEqual({ event: "off_cpu" });
  expect(idleChoices({ event: "off_cpu" }).chosen).toBe("without");
});
