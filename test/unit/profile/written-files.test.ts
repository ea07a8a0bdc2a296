import { describe, expect, test } from "vitest";
import { functionCosts, lineCosts } from "../../../profile/cost.js";
import { encodeCpuProfileInSteps } from "../../../profile/formats/cpuprofile-write.js";
import { encodeSpeedscopeInSteps } from "../../../profile/formats/speedscope-write.js";
import { JsonProfileReader } from "../../../profile/formats/json-profile.js";
import { encodeUtf8 } from "../../../profile/formats/utf8.js";
import type { Recording } from "../../../profile/recording.js";
import { atOnce } from "../../../profile/steps.js";
import { summarize } from "../../../profile/summary.js";
import { callTree } from "../../../profile/tree.js";
import type { EventName } from "../../../protocol/events.js";
import { formatTree, recordingFromCollapsed } from "../../support/profile-text.js";

function read(parts: readonly string[]): Recording {
  const reader = new JsonProfileReader();
  for (const part of parts) reader.push(encodeUtf8(part));
  const { recording, warnings } = atOnce(reader.end());
  expect(warnings).toEqual([]);
  return recording;
}

const tree = (recording: Recording, event: EventName): string =>
  formatTree(recording, callTree(recording, { event, idle: true }, { direction: "top-down", minimumShare: 0 }));

/** Cost by function, file and line. */
function byLine(recording: Recording, event: EventName, what: "self" | "total"): Record<string, number> {
  const costs = lineCosts(recording, { event, idle: true });
  const rows = [...costs.function].map((fn, row) => [
    `${recording.functions.labelOf(fn)} ${recording.functions.fileOf(fn)}:${costs.line[row]}`,
    costs[what][row] ?? 0,
  ]);
  return Object.fromEntries(rows.filter(([, value]) => (value as number) > 0)) as Record<string, number>;
}

/** When, whose, what and how much, by sample. */
function samplesOf(recording: Recording, event: EventName): string[] {
  const { samples } = recording;
  return Array.from({ length: samples.length }, (_, row) => row)
    .filter((row) => recording.eventName(samples.event.at(row)) === event)
    .map((row) => {
      const thread = recording.threads[samples.thread.at(row)];
      const process = recording.processes[thread?.process ?? -1];
      return `${samples.timeNs.at(row)} ${process?.pid} ${process?.name} ${thread?.tid} ${thread?.name} ${samples.value.at(row)}`;
    })
    .toSorted();
}

const HOSTILE = ['</script><script>alert("x")</script>', "\u202egnp", "nul\u0000", "x".repeat(100_000), "\u2028", "__proto__", '{"a":[1,2'];

/** Several processes, threads and events, inlined calls, gaps, samples without a stack, hostile names. */
function everything(): Recording {
  const recording = recordingFromCollapsed(
    `
    main:3(/srv/a b/app.py);work:12:5(/srv/a b/app.py);hash:7(/srv/lib.py) 10000000
    main:4(/srv/a b/app.py);match:507<-find:88<-slow:31(re.go){go} 10000000
    main:4(/srv/a b/app.py) 10000000
    serve:1(srv.py) 20000000
    serve:1(srv.py);[/lib/libc.so] 5000000
    main:3(/srv/a b/app.py);wait:9 70000001
    main:3(/srv/a b/app.py);read:2 4096
    main:3(/srv/a b/app.py);odd;names 1000
    `,
    {
      events: ["cpu", "cpu", "cpu", "cpu", "cpu", "off_cpu", "io_read", "cpu"],
      threads: ["app/main", "app/main", "app/main", "web/loop", "web/two", "app/main", "app/main", "app/main"],
      timesNs: [1e9, 1_010_000_000, 1_500_000_000, 1e9, 2e9, 1_100_000_000, 0, 1_600_000_000],
    },
  );
  HOSTILE.forEach((name, index) => {
    const fn = recording.functions.intern(
      recording.stringTable.intern(name),
      recording.stringTable.intern(`/srv/${name.slice(0, 20)}`),
      5,
      0,
      index,
    );
    const origin = { language: 5, module: 0, addressHigh: 0, addressLow: 0 };
    const frame = recording.frames.add(origin, [{ function: fn, line: index + 1, column: 0 }]);
    recording.samples.push(recording.stacks.intern(-1, frame), 0, 3e9 + index * 1e7, 0, 1e6);
  });
  recording.samples.push(-1, 0, 4e9, 0, 1e6);
  return recording;
}

describe("a speedscope file that we write", () => {
  test("comes back with the same totals, stacks, lines, times and threads in each event", () => {
    const recording = everything();
    const back = read(atOnce(encodeSpeedscopeInSteps(recording)));
    for (const event of ["cpu", "off_cpu", "io_read"] as const) {
      expect(tree(back, event).split("\n").toSorted()).toEqual(tree(recording, event).split("\n").toSorted());
      expect(byLine(back, event, "self")).toEqual(byLine(recording, event, "self"));
      expect(byLine(back, event, "total")).toEqual(byLine(recording, event, "total"));
    }
    for (const event of ["cpu", "off_cpu"] as const) {
      expect(samplesOf(back, event)).toEqual(samplesOf(recording, event));
    }
  });

  test("keeps its sums where values are longer than the time between samples", () => {
    const recording = recordingFromCollapsed("a 50\na;b 70\na 9", { timesNs: [0, 10, 20] });
    const back = read(atOnce(encodeSpeedscopeInSteps(recording)));
    expect(
      samplesOf(back, "cpu").map((each) =>
        each
          .split(" ")
          .filter((_, i) => i === 0 || i === 5)
          .join(" "),
      ),
    ).toEqual(["0 50", "120 9", "50 70"]);
    expect(tree(back, "cpu")).toBe(tree(recording, "cpu"));
  });

  test("of memory has what each stack took, less what it gave back", () => {
    const recording = recordingFromCollapsed("a;b 8192\na;c 4096\na;b -4096\na;c 1", { events: ["memory"] });
    const back = read(atOnce(encodeSpeedscopeInSteps(recording)));
    expect([...back.samples.value.view()]).toEqual([4096, 4097]);
    expect(tree(back, "memory").split("\n").toSorted()).toEqual(tree(recording, "memory").split("\n").toSorted());
  });

  test("of one event has no other", () => {
    const back = read(atOnce(encodeSpeedscopeInSteps(everything(), "off_cpu")));
    expect(summarize(back, "").events.map(({ event }) => event)).toEqual(["off_cpu"]);
  });
});

describe("a .cpuprofile that we write", () => {
  test("of one thread comes back with the same totals, stacks, times and innermost lines", () => {
    const recording = recordingFromCollapsed(
      "main:3(/srv/a b/app.py);work:12(/srv/a b/app.py) 10000000\nmain:4(/srv/a b/app.py) 20000000\nmain:3(/srv/a b/app.py);work:13(/srv/a b/app.py) 10000000",
      {
        timesNs: [5e6, 15e6, 60e6],
      },
    );
    const back = read(atOnce(encodeCpuProfileInSteps(recording, "cpu")));
    expect(tree(back, "cpu")).toBe(tree(recording, "cpu"));
    expect(byLine(back, "cpu", "self")).toEqual(byLine(recording, "cpu", "self"));
    const when = (each: string): string =>
      each
        .split(" ")
        .filter((_, i) => i === 0 || i === 5)
        .join(" ");
    expect(samplesOf(back, "cpu").map(when)).toEqual(
      samplesOf(recording, "cpu").map((each) => [each.split(" ")[0], each.split(" ").at(-1)].join(" ")),
    );
    // The gaps are idle time, as in V8's own files.
    expect(summarize(back, "").events).toContainEqual({ event: "off_cpu", unit: "ns", samples: 2, total: 30e6 });
  });

  test("of several threads has each below the root, and the same sums of functions", () => {
    const recording = everything();
    const back = read(atOnce(encodeCpuProfileInSteps(recording, "cpu")));
    const { functions } = back;
    const names = Array.from({ length: functions.length }, (_, fn) => functions.nameOf(fn));
    expect(names.filter((name) => /^\((app|web)/.test(name))).toEqual([
      "(app 1000 / main 1000)",
      "(web 1001 / loop 1002)",
      "(web 1001 / two 1003)",
    ]);
    const sums = (of: Recording): Record<string, number> => {
      const { self } = functionCosts(of, { event: "cpu" });
      const found = new Map<string, number>();
      self.forEach((value, fn) => {
        const key = of.functions.labelOf(fn);
        // Times are whole microseconds.
        if (value > 0 && !key.startsWith("(app")) found.set(key, Math.round(((found.get(key) ?? 0) + value) / 1000));
      });
      return Object.fromEntries(found);
    };
    expect(sums(back)).toEqual(sums(recording));
  });

  test("is what V8's protocol asks for: whole microseconds, ids that are there, a root", () => {
    const profile = JSON.parse(atOnce(encodeCpuProfileInSteps(everything(), "off_cpu")).join("")) as {
      nodes: { id: number; children: number[]; hitCount: number; callFrame: Record<string, unknown> }[];
      startTime: number;
      endTime: number;
      samples: number[];
      timeDeltas: number[];
    };
    const ids = new Set(profile.nodes.map(({ id }) => id));
    expect(profile.nodes[0]?.callFrame["functionName"]).toBe("(root)");
    expect(profile.nodes.flatMap(({ children }) => children).every((id) => ids.has(id))).toBe(true);
    expect(profile.samples.every((id) => ids.has(id))).toBe(true);
    expect(profile.timeDeltas.every((delta) => Number.isInteger(delta) && delta >= 0)).toBe(true);
    expect(profile.timeDeltas.length).toBe(profile.samples.length);
    expect(profile.nodes.reduce((sum, { hitCount }) => sum + hitCount, 0)).toBe(profile.samples.length);
    expect(profile.endTime - profile.startTime).toBe(1_170_000);
  });
});
