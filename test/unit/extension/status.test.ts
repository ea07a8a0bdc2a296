import { describe, expect, test } from "vitest";
import { LiveFigures } from "../../../extension/recording/live-figures.js";
import { ownShare } from "../../../extension/recording/own-cost.js";
import type { SessionState } from "../../../extension/recording/session-state.js";
import { clock, statusText } from "../../../extension/recording/status-text.js";
import type { Batch, CostAccount } from "../../../protocol/helper.js";
import type { ClientNotifications } from "../../../protocol/language-server.js";

const cost = (bpfNs: number, helperCpuNs = 0): CostAccount => ({ bpfNs, helperCpuNs, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 });

function batch(timeNs: number, samples: number, account: CostAccount, lost = 0): Batch {
  const rows = Array.from({ length: samples }, () => 0);
  return {
    type: "batch",
    recording: 1,
    sequence: 0,
    timeNs,
    strings: [],
    processes: [],
    threads: [],
    frames: { language: [], function: [], file: [], line: [], column: [], module: [], address: [] },
    stacks: { parent: [], frame: [] },
    samples: { stack: rows, thread: rows, timeNs: rows, event: rows.map(() => "cpu"), value: rows },
    counts: { process: [], kind: [], subject: [], calls: [], bytes: [] },
    memory: { process: [], timeNs: [], resident: [], anonymous: [] },
    updates: [],
    loss: { lost, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
    cost: account,
  };
}

describe("what recording costs", () => {
  test("is CPU time of BPF and helper between two readings, of all processors", () => {
    expect(ownShare({ timeNs: 1e9, cost: cost(1e6, 2e6) }, { timeNs: 2e9, cost: cost(6e6, 12e6) }, 2)).toBeCloseTo(0.0075);
  });

  test("counts the helper alone where the kernel does not say what BPF took", () => {
    expect(ownShare({ timeNs: 0, cost: cost(-1, 0) }, { timeNs: 1e9, cost: cost(-1, 1e7) }, 1)).toBeCloseTo(0.01);
  });

  test("is nothing over no time", () => {
    expect(ownShare({ timeNs: 5, cost: cost(0) }, { timeNs: 5, cost: cost(9) }, 4)).toBe(0);
  });
});

test("rates are those of the last seconds, not of the whole recording", () => {
  const figures = new LiveFigures(2, "cpu");
  for (let second = 1; second <= 10; second++) {
    figures.add(batch(second * 1e9, second <= 5 ? 1000 : 100, cost(second * 1e7)));
  }
  expect(figures.rate).toBeCloseTo(100);
  expect(figures.samples).toBe(5500);
  expect(figures.ownShare).toBeCloseTo(0.005);
});

describe("the status bar", () => {
  const state = (figures = new LiveFigures(2, "cpu")): SessionState => ({
    kind: "recording",
    id: "r1",
    name: "app",
    startUnixMs: 1_000_000,
    figures,
  });
  const change = (name: string, recording = "r1"): ClientNotifications["flameline/changed"] => ({
    recording,
    selection: { event: "cpu" },
    events: ["cpu"],
    leftOut: 0,
    samples: 1,
    hottest: { function: 0, name, language: "python", owner: "mine", file: null, line: null, self: 38, total: 40 },
    hottestShare: 0.38,
    baseline: null,
  });

  test("says of which range a share is", () => {
    const told = { ...change("resize"), range: "12.3 s to 14.1 s" };
    expect(statusText(state(), told, 1_012_300)?.tooltip).toContain("Hottest: resize, 38 % of 12.3 s to 14.1 s itself.");
    expect(statusText(state(), change("resize"), 1_012_300)?.tooltip).toContain("Hottest: resize, 38 % itself.");
  });

  test("says time, rate, hottest function and our own cost", () => {
    const figures = new LiveFigures(2, "cpu");
    figures.add(batch(1e9, 0, cost(0)));
    figures.add(batch(2e9, 198, cost(12e6)));
    expect(statusText(state(figures), change("resize"), 1_012_300)?.text).toBe("$(record) 0:12 · 198/s · resize 38 % · cost 0.6 %");
  });

  test("says in its tooltip what processes hold over time", () => {
    const python = { pid: 12, name: "python3", resident: [0, 10e6, 26e6, 52e6, 45e6], last: 45e6, most: 52e6 };
    const node = { pid: 13, name: "node", resident: [1e6, 1e6, 1e6, 1e6, 1e6], last: 1e6, most: 1e6 };
    const tooltip = statusText(state(), { ...change("resize"), memory: [python, node] }, 1_001_000)?.tooltip;
    expect(tooltip).toContain("\npython3 (12): 45 MB resident, 52 MB at most  ·▂▅█▇\nnode (13): 1 MB resident, 1 MB at most  ▁▁▁▁▁");
    expect(statusText(state(), { ...change("resize", "another"), memory: [python] }, 1_001_000)?.tooltip).not.toContain("resident");
  });

  test("says incomplete stacks in its tooltip", () => {
    const figures = new LiveFigures(2, "cpu");
    figures.add({ ...batch(1e9, 1234, cost(0)), loss: { lost: 0, leafOnly: 1, truncated: 20, broken: 3, unresolvedFrames: 5 } });
    expect(statusText(state(figures), undefined, 1_001_000)?.tooltip).toContain("1,234 samples, 24 with an incomplete stack, ");
  });

  test("says in its tooltip of how many waits the stack was taken, unless of all", () => {
    const figures = new LiveFigures(2, "cpu");
    const none = { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 };
    figures.add({ ...batch(1e9, 1234, cost(0)), loss: { ...none, waits: 30, waitStacks: 30 } });
    expect(statusText(state(figures), undefined, 1_001_000)?.tooltip).not.toContain("waits");
    figures.add({ ...batch(2e9, 1234, cost(0)), loss: { ...none, waits: 3_004_911, waitStacks: 1260 } });
    expect(statusText(state(figures), undefined, 1_001_000)?.tooltip).toContain("Stacks of 1,260 of 3,004,911 waits stand for all");
  });

  test("says lost samples in its tooltip", () => {
    const figures = new LiveFigures(2, "cpu");
    figures.add(batch(1e9, 1234, cost(0), 7));
    expect(statusText(state(figures), undefined, 1_001_000)?.tooltip).toContain("1,234 samples, 7 lost");
  });

  test("says where the kernel's part of our own cost is not known", () => {
    const tooltip = (bpfNs: number): string | undefined => {
      const figures = new LiveFigures(2, "cpu");
      figures.add(batch(1e9, 0, cost(bpfNs)));
      figures.add(batch(2e9, 198, cost(bpfNs)));
      return statusText(state(figures), undefined, 1_001_000)?.tooltip;
    };
    expect(tooltip(-1)).toContain("% of this machine, and its part in the kernel, which the kernel does not tell this helper.");
    expect(tooltip(0)).toMatch(/% of this machine\.$/);
  });

  test("does not show the hottest function of another recording", () => {
    expect(statusText(state(), change("old", "r0"), 1_000_000)?.text).toBe("$(record) 0:00 · 0/s");
  });

  test("cuts long names in the bar and keeps them in the tooltip", () => {
    const name = "com.example.service.internal.HandlerFactory.create";
    const shown = statusText(state(), change(name), 1_000_000);
    expect(shown?.text).toContain("com.example.service.interna… 38 %");
    expect(shown?.tooltip).toContain(name);
  });

  test("tells starting, loading and saving apart, and is silent otherwise", () => {
    const texts = (["connecting", "choosing", "stopping", "idle"] as const).map((kind) => statusText({ kind }, undefined, 0)?.text);
    expect(texts).toEqual([
      "$(loading~spin) Flameline: starting the helper",
      "$(question) Flameline: choose what to record",
      "$(loading~spin) Flameline: saving",
      undefined,
    ]);
    expect(statusText({ kind: "loading", phase: "loading" }, undefined, 0)?.text).toBe(
      "$(loading~spin) Flameline: loading into the kernel",
    );
  });

  test("writes hours only where there are some", () => {
    expect([0, 7_400, 750_000, 3_723_000].map(clock)).toEqual(["0:00", "0:07", "12:30", "1:02:03"]);
  });
});

test("waits don't count as samples a second where CPU time is recorded", () => {
  const figures = new LiveFigures(2, "cpu");
  const mixed = batch(1e9, 10, cost(0));
  figures.add({ ...mixed, samples: { ...mixed.samples, event: mixed.samples.event.map((_, i) => (i < 4 ? "cpu" : "off_cpu")) } });
  expect(figures.samples).toBe(4);
});
