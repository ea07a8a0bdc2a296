import { describe, expect, test } from "vitest";
import { functionCosts, lineCosts } from "../../../profile/cost.js";
import { Recording } from "../../../profile/recording.js";
import { summarize } from "../../../profile/summary.js";
import { callTree } from "../../../profile/tree.js";
import type { Batch } from "../../../protocol/helper.js";
import type { Selection } from "../../../protocol/queries.js";
import { batchFromStacks, formatSamples, formatTree, recordingFromCollapsed, recordingFromColumns } from "../../support/profile-text.js";

const CPU: Selection = { event: "cpu" };

function costsByName(recording: Recording, selection = CPU): Record<string, string> {
  const { self, total } = functionCosts(recording, selection);
  const rows: Record<string, string> = {};
  for (let fn = 0; fn < recording.functions.length; fn++) {
    if ((total[fn] ?? 0) > 0) rows[recording.functions.labelOf(fn)] = `self ${self[fn]} total ${total[fn]}`;
  }
  return rows;
}

function linesByName(recording: Recording, selection = CPU): string[] {
  const lines = lineCosts(recording, selection);
  return [...lines.function].map((fn, i) => {
    return `${recording.functions.labelOf(fn)}:${lines.line[i]} self ${lines.self[i]} total ${lines.total[i]}`;
  });
}

const WORK = `
  main:1    main:1     main:1    main:2
  work:12   work:12    work:13   idle:7
  hash:3    hash:4
`;

describe("cost", () => {
  test("self is the innermost function's, total everyone's on the stack", () => {
    expect(costsByName(recordingFromColumns(WORK))).toEqual({
      main: "self 0 total 4",
      work: "self 1 total 3",
      hash: "self 2 total 2",
      idle: "self 1 total 1",
    });
  });

  test("a line's cost is of its function and line", () => {
    expect(linesByName(recordingFromColumns(WORK))).toEqual([
      "main:1 self 0 total 3",
      "work:12 self 0 total 2",
      "hash:3 self 1 total 1",
      "hash:4 self 1 total 1",
      "work:13 self 1 total 1",
      "main:2 self 0 total 1",
      "idle:7 self 1 total 1",
    ]);
  });

  test("recursion counts once a sample, on functions and on lines", () => {
    const recording = recordingFromCollapsed(`
      main:1;walk:5;walk:6;walk:5;leaf:9 10
      main:1;walk:5;walk:5 1
    `);
    expect(costsByName(recording)).toEqual({ main: "self 0 total 11", walk: "self 1 total 11", leaf: "self 10 total 10" });
    expect(linesByName(recording)).toEqual([
      "main:1 self 0 total 11",
      "walk:5 self 1 total 11",
      "walk:6 self 0 total 10",
      "leaf:9 self 10 total 10",
    ]);
  });

  test("inlined calls have cost like called ones, and recursion through them counts once", () => {
    const recording = recordingFromCollapsed(`
      main:1;match:507<-find:88<-slow:31 4
      main:1;match:507<-find:88<-match:2 2
    `);
    expect(costsByName(recording)).toEqual({
      main: "self 0 total 6",
      match: "self 6 total 6",
      find: "self 0 total 6",
      slow: "self 0 total 4",
    });
  });

  test.each<[string, Partial<Selection>, Record<string, string>]>([
    ["an event", { event: "off_cpu" }, { c: "self 4 total 4" }],
    ["a time range, end exclusive", { fromNs: 1e6, toNs: 3e6 }, { b: "self 2 total 2" }],
    ["a pid", { pids: [1001] }, { b: "self 2 total 2" }],
    ["threads", { threads: [0] }, { a: "self 1 total 1", d: "self 8 total 8" }],
    ["no thread", { threads: [] }, {}],
    ["a pid and a thread of another one", { pids: [1000], threads: [1] }, {}],
  ])("a selection is by %s", (_, selection, costs) => {
    const recording = recordingFromColumns("a  b  c  d", {
      values: [1, 2, 4, 8],
      events: ["cpu", "cpu", "off_cpu", "cpu"],
      threads: ["one", "other/two", "one", "one"],
    });
    expect(costsByName(recording, { event: "cpu", ...selection })).toEqual(costs);
  });
});

describe("tree", () => {
  test("top-down merges stacks by function and puts the costlier sibling first", () => {
    const recording = recordingFromCollapsed(`
      main:1;idle:7 1
      main:1;work:12;hash:3 2
      main:2;work:13 3
      main:2;work:12;hash:4 4
    `);
    const tree = callTree(recording, CPU, { direction: "top-down", minimumShare: 0 });
    expect(formatTree(recording, tree)).toMatchInlineSnapshot(`
      "all 10 (self 0)
      - main 10 (self 0)
        - work 9 (self 3)
          - hash 6 (self 6)
        - idle 1 (self 1)"
    `);
    expect([...tree.end]).toEqual([5, 5, 4, 4, 5]);
  });

  test("bottom-up has the innermost functions below the root and callers below them", () => {
    const recording = recordingFromCollapsed(`
      main;f;h 3
      main;g;h 4
      main;g 1
      main;f;f;h 2
    `);
    expect(formatTree(recording, callTree(recording, CPU, { direction: "bottom-up", minimumShare: 0 }))).toMatchInlineSnapshot(`
      "all 10 (self 0)
      - h 9 (self 9)
        - f 5 (self 0)
          - main 3 (self 0)
          - f 2 (self 0)
            - main 2 (self 0)
        - g 4 (self 0)
          - main 4 (self 0)
      - g 1 (self 1)
        - main 1 (self 0)"
    `);
  });

  test("both directions sum to the selection and fold what is small, counted", () => {
    const recording = recordingFromCollapsed(`
      main;big;deep 97
      main;small;one 1
      main;small;two 0.5
      main;tiny 1.5
    `);
    const fold = (direction: "top-down" | "bottom-up") =>
      formatTree(recording, callTree(recording, CPU, { direction, minimumShare: 0.02 }));
    expect(fold("top-down")).toMatchInlineSnapshot(`
      "all 100 (self 0)
      - main 100 (self 0)
        - big 97 (self 0)
          - deep 97 (self 97)
      folded 2: 3"
    `);
    expect(fold("bottom-up")).toMatchInlineSnapshot(`
      "all 100 (self 0)
      - deep 97 (self 97)
        - big 97 (self 0)
          - main 97 (self 0)
      folded 3: 3"
    `);
  });

  test("a symbol that comes late makes the tree anew", () => {
    const recording = recordingFromCollapsed("main;[/opt/app] 1", { language: "native" });
    const draw = () => formatTree(recording, callTree(recording, CPU, { direction: "top-down", minimumShare: 0 }));
    expect(draw()).toBe("all 1 (self 0)\n- main 1 (self 0)\n  - [app] 1 (self 1)");
    const position = (name: number, line: number) => ({ function: name, file: 0, line, functionLine: 2 });
    const next: Batch = {
      ...emptyBatch(1),
      strings: ["inner", "outer"],
      updates: [{ frame: 1, language: "rust", positions: [position(3, 9), position(4, 8)] }],
    };
    recording.append(next);
    expect(draw()).toBe("all 1 (self 0)\n- main 1 (self 0)\n  - outer 1 (self 0)\n    - inner 1 (self 1)");
    expect(linesByName(recording)).toEqual(["main:0 self 0 total 1", "inner:9 self 1 total 1", "outer:8 self 0 total 1"]);
    expect(recording.functions.lineOf(recording.frames.positions(1)[0]?.function ?? -1)).toBe(2);
  });

  test("an empty recording has a root without cost", () => {
    const recording = Recording.empty();
    expect(formatTree(recording, callTree(recording, CPU, { direction: "bottom-up", minimumShare: 0.01 }))).toBe("all 0 (self 0)");
  });
});

describe("bad rows", () => {
  const good = batchFromStacks([{ frames: ["main:1", "work:2"], value: 5 }]);

  test("samples that point nowhere, or count what is no number, are left out and said once", () => {
    const recording = Recording.empty();
    const samples = {
      stack: [1, 99, -1, 1, 1, 1, 1, 1.5],
      thread: [0, 0, 0, 7, 0, 0, 0, 0],
      timeNs: [0, 0, 0, 0, Number.NaN, -1, 0, 0],
      event: ["cpu", "cpu", "cpu", "cpu", "cpu", "cpu", "__proto__", "cpu"] as Batch["samples"]["event"],
      value: [5, 5, 5, 5, 5, 5, 5, 5],
    };
    recording.append({ ...good, samples });
    expect(formatSamples(recording)).toBe("0 1000:app/1000:main cpu 5 main:1{python};work:2{python}");
    expect(recording.warnings).toEqual(["7 samples could not be read and were left out."]);
  });

  test("a bad row keeps its place, so the rows behind it mean what they meant", () => {
    const recording = Recording.empty();
    recording.append({
      ...good,
      frames: {
        ...good.frames,
        function: [1234, ...good.frames.function],
        line: [0, 1, 2],
        language: ["klingon" as "c", "python", "python"],
      },
      stacks: { parent: [-1, 55, -1, 2], frame: [0, 1, 1, 2] },
      samples: { stack: [3, 1], thread: [0, 0], timeNs: [0, 0], event: ["cpu", "cpu"], value: [5, 5] },
    });
    expect(formatSamples(recording)).toBe("0 1000:app/1000:main cpu 5 main:1{python};work:2{python}");
    expect(recording.warnings).toMatchInlineSnapshot(`
      [
        "2 frames could not be read and are shown without a name.",
        "1 frame is of an unknown language and was taken as native.",
        "1 stack could not be read.",
        "1 sample could not be read and was left out.",
      ]
    `);
  });

  test.each([
    null,
    7,
    "batch",
    [],
    { type: "batch" },
    { type: "batch", sequence: -1 },
    { type: "batch", sequence: 0, samples: null, frames: 3 },
  ])("%j is no reason to stop", (nonsense) => {
    const recording = Recording.empty();
    recording.append(nonsense as unknown as Batch);
    recording.append({ ...good, sequence: recording.warnings[0]?.includes("message") === true ? 0 : 1 });
    expect(functionCosts(recording, CPU).sum).toBe(5);
  });

  test("after a lost batch samples on known stacks still count, new rows don't", () => {
    const recording = Recording.empty();
    recording.append(good);
    recording.append({ ...good, sequence: 2 });
    recording.append({ ...good, sequence: 3, samples: { ...good.samples, stack: [2] } });
    recording.stop({ type: "stopped", recording: 1, reason: "requested", durationNs: 9e9, batches: 6 });
    expect(functionCosts(recording, CPU).sum).toBe(10);
    expect(recording.warnings).toMatchInlineSnapshot(`
      [
        "3 batches of samples never arrived; new functions after that could not be read.",
        "1 sample could not be read and was left out.",
      ]
    `);
    expect(recording.info.durationNs).toBe(9e9);
  });

  test("a batch that comes twice counts once", () => {
    const recording = Recording.empty();
    recording.append(good);
    recording.append(good);
    expect(recording.samples.length).toBe(1);
    expect(recording.warnings).toEqual(["1 batch came twice and was counted once."]);
  });

  test("functions called __proto__ and constructor are only names", () => {
    const recording = recordingFromCollapsed("__proto__;constructor;toString 3");
    expect(formatTree(recording, callTree(recording, CPU, { direction: "top-down", minimumShare: 0 }))).toBe(
      "all 3 (self 0)\n- __proto__ 3 (self 0)\n  - constructor 3 (self 0)\n    - toString 3 (self 3)",
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

test("a summary counts events, processes and threads", () => {
  const recording = recordingFromColumns("a  b  c  d", {
    values: [1, 2, 4, 8],
    events: ["cpu", "cpu", "off_cpu", "cpu"],
    threads: ["one", "other/two", "one", "one"],
  });
  expect(summarize(recording, "id")).toMatchInlineSnapshot(`
    {
      "cost": {
        "bpfNs": 0,
        "helperCpuNs": 0,
        "mapBytes": 0,
        "residentBytes": 0,
        "symbolizerCpuNs": 0,
      },
      "durationNs": 4000000,
      "events": [
        {
          "event": "cpu",
          "samples": 3,
          "total": 11,
          "unit": "ns",
        },
        {
          "event": "off_cpu",
          "samples": 1,
          "total": 4,
          "unit": "ns",
        },
      ],
      "hz": 99,
      "id": "id",
      "live": false,
      "loss": {
        "broken": 0,
        "leafOnly": 0,
        "lost": 0,
        "truncated": 0,
        "unresolvedFrames": 0,
      },
      "name": "test",
      "processes": [
        {
          "commandLine": "/usr/bin/app",
          "name": "app",
          "pid": 1000,
          "samples": 3,
        },
        {
          "commandLine": "/usr/bin/other",
          "name": "other",
          "pid": 1001,
          "samples": 1,
        },
      ],
      "startUnixMs": 1700000000000,
      "threads": [
        {
          "index": 0,
          "name": "one",
          "pid": 1000,
          "samples": 3,
          "tid": 1000,
        },
        {
          "index": 1,
          "name": "two",
          "pid": 1001,
          "samples": 1,
          "tid": 1002,
        },
      ],
      "warnings": [],
    }
  `);
});

function emptyBatch(sequence: number): Batch {
  return {
    ...batchFromStacks([]),
    sequence,
    strings: [],
  };
}
