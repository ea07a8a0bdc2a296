import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functionCosts, lineCosts } from "../../../profile/cost.js";
import type { Recording } from "../../../profile/recording.js";
import { summarize } from "../../../profile/summary.js";
import { formatSamples } from "../../support/profile-text.js";
import { readText, fixture, readFileAt } from "../../support/read-file.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-foreign-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sum of an event by function name. */
function selfByName(recording: Recording, event: "cpu" | "off_cpu" | "memory"): Map<string, number> {
  const { self } = functionCosts(recording, { event });
  const sums = new Map<string, number>();
  self.forEach((value, fn) => {
    const name = recording.functions.nameOf(fn);
    if (value > 0) sums.set(name, (sums.get(name) ?? 0) + value);
  });
  return sums;
}

describe(".cpuprofile", () => {
  interface Node {
    id: number;
    callFrame: { functionName: string; url: string };
    hitCount: number;
    positionTicks?: { line: number; ticks: number }[];
  }

  test("that Node wrote has its totals, functions, lines, times and idle time", async () => {
    const script = join(folder, "job.mjs");
    writeFileSync(script, PROGRAM);
    execFileSync(process.execPath, ["--cpu-prof", "--cpu-prof-interval", "500", `--cpu-prof-dir=${folder}/cpu`, script]);
    const file = join(folder, "cpu", readdirSync(join(folder, "cpu"))[0] ?? "");
    const raw = JSON.parse(readFileSync(file, "utf8")) as {
      nodes: Node[];
      samples: number[];
      timeDeltas: number[];
      startTime: number;
      endTime: number;
    };
    const { recording, warnings } = await readFileAt(file);
    expect(warnings.filter((each) => !each.includes("not in the order"))).toEqual([]);

    // The same by hand, as DevTools does it: a sample lasts until the next one.
    const times: number[] = [];
    let at = raw.startTime;
    for (const delta of raw.timeDeltas) times.push((at += delta));
    const order = times.map((_, i) => i).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
    const names = new Map(raw.nodes.map(({ id, callFrame }) => [id, callFrame.functionName || "(anonymous)"]));
    const expected = new Map<string, number>();
    order.forEach((row, i) => {
      const next = order[i + 1];
      const us = (next === undefined ? raw.endTime : (times[next] ?? 0)) - (times[row] ?? 0);
      const name = names.get(raw.samples[row] ?? 0) ?? "";
      expected.set(name, (expected.get(name) ?? 0) + us * 1000);
    });
    const idle = expected.get("(idle)") ?? 0;
    expected.delete("(idle)");
    expect(Object.fromEntries(selfByName(recording, "cpu"))).toEqual(Object.fromEntries([...expected].filter(([, ns]) => ns > 0)));
    expect(selfByName(recording, "off_cpu").get("(idle)") ?? 0).toBe(idle);
    expect(idle).toBeGreaterThan(20e6);
    expect(recording.info.durationNs).toBe((raw.endTime - raw.startTime) * 1000);

    // Every tick of a line is a sample of it.
    const ticks = new Map<number, number>();
    for (const { callFrame, positionTicks } of raw.nodes) {
      if (callFrame.functionName !== "spin") continue;
      for (const { line, ticks: count } of positionTicks ?? []) ticks.set(line, (ticks.get(line) ?? 0) + count);
    }
    const counted = new Map<number, number>();
    const { samples, stacks, frames, functions } = recording;
    for (let row = 0; row < samples.length; row++) {
      const [leaf] = frames.positions(stacks.frame.at(samples.stack.at(row)));
      if (leaf === undefined || functions.nameOf(leaf.function) !== "spin" || leaf.line === 0) continue;
      counted.set(leaf.line, (counted.get(leaf.line) ?? 0) + 1);
      expect(functions.fileOf(leaf.function)).toBe(script);
      expect(functions.lineOf(leaf.function)).toBe(1);
    }
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(ticks));
    expect(ticks.size).toBeGreaterThan(0);
  });

  const profile = {
    nodes: [
      { id: 1, callFrame: { functionName: "(root)", url: "", lineNumber: -1, columnNumber: -1 }, hitCount: 0, children: [2, 4] },
      {
        id: 2,
        callFrame: { functionName: "main", url: "file:///srv/a%20b/app.js", lineNumber: 0, columnNumber: 4 },
        hitCount: 1,
        children: [3],
        positionTicks: [{ line: 9, ticks: 1 }],
      },
      {
        id: 3,
        callFrame: { functionName: "", url: "https://example.test/lib.js", lineNumber: 40, columnNumber: 4 },
        hitCount: 3,
        positionTicks: [
          { line: 42, ticks: 2 },
          { line: 43, ticks: 1 },
        ],
      },
      { id: 4, callFrame: { functionName: "(idle)", url: "", lineNumber: -1, columnNumber: -1 }, hitCount: 1 },
    ],
    startTime: 1000,
    endTime: 1600,
    samples: [2, 3, 3, 4, 3],
    timeDeltas: [100, 100, 100, 100, 100],
  };

  test("has lines, definitions and decoded paths; a sample lasts until the next, the last one to the end", async () => {
    const { recording, warnings } = await readText(JSON.stringify(profile));
    expect(warnings).toEqual([]);
    expect(formatSamples(recording)).toMatchInlineSnapshot(`
      "100000 0:/0: cpu 100000 main:9(/srv/a b/app.js)@1{javascript}
      200000 0:/0: cpu 100000 main(/srv/a b/app.js)@1{javascript};(anonymous):42(https://example.test/lib.js)@41{javascript}
      300000 0:/0: cpu 100000 main(/srv/a b/app.js)@1{javascript};(anonymous):43(https://example.test/lib.js)@41{javascript}
      400000 0:/0: off_cpu 100000 (idle){native}
      500000 0:/0: cpu 100000 main(/srv/a b/app.js)@1{javascript};(anonymous):42(https://example.test/lib.js)@41{javascript}"
    `);
  });

  test("whose samples are out of order is put in order, and says so", async () => {
    const { recording, warnings } = await readText(JSON.stringify({ ...profile, timeDeltas: [100, 100, 100, -50, 150] }));
    expect(warnings).toEqual(["1 of the samples were not in the order of their times; they were put in order."]);
    expect([...recording.samples.timeNs.view()]).toEqual([100e3, 200e3, 250e3, 300e3, 400e3]);
    expect([...recording.samples.value.view()].reduce((a, b) => a + b)).toBe(500e3);
  });

  test("of the old form, with a tree and counts, is read too", async () => {
    const node = (id: number, functionName: string, hitCount: number, children: unknown[]): unknown => ({
      functionName,
      url: functionName.startsWith("(") ? "" : "/srv/app.js",
      lineNumber: 7,
      hitCount,
      id,
      children,
    });
    const head = node(1, "(root)", 0, [node(2, "main", 1, [node(3, "work", 3, [])])]);
    const { recording, warnings } = await readText(JSON.stringify({ head, startTime: 2, endTime: 2.4 }));
    expect(formatSamples(recording)).toMatchInlineSnapshot(`
      "0 0:/0: cpu 100000000 main(/srv/app.js)@7{javascript}
      0 0:/0: cpu 300000000 x3 main(/srv/app.js)@7{javascript};work(/srv/app.js)@7{javascript}"
    `);
    expect(warnings).toEqual(["The file has no samples, only how often each function was met; times within the run are unknown."]);
  });

  test("whose nodes call each other in a circle keeps what can be told", async () => {
    const nodes = profile.nodes.map((each) => (each.id === 3 ? { ...each, children: [2, 3, 99] } : each));
    const { recording, warnings } = await readText(JSON.stringify({ ...profile, nodes }));
    expect(recording.samples.length).toBe(5);
    expect(warnings.join()).toMatch(/stacks? could not be read/);
  });
});

describe("speedscope's files", () => {
  test("of py-spy have threads, lines and times", async () => {
    const { recording, warnings } = await readFileAt(fixture("py-spy.speedscope.json"));
    expect(warnings).toEqual([]);
    expect(recording.threads.map(({ tid, name }) => `${tid} ${name}`)).toEqual(["2541 MainThread"]);
    const { events } = summarize(recording, "");
    expect(events).toEqual([{ event: "cpu", unit: "ns", samples: 49, total: 980e6 }]);
    const { line, self } = lineCosts(recording, { event: "cpu" });
    const raw = JSON.parse(readFileSync(fixture("py-spy.speedscope.json"), "utf8")) as { profiles: { samples: number[][] }[] };
    // Of its frames, 0 is line 4 and 3 is line 5; each sample is 20 ms.
    const ends = (frame: number): number => (raw.profiles[0]?.samples ?? []).filter((sample) => sample.at(-1) === frame).length * 20e6;
    expect(Object.fromEntries([...line].map((each, row) => [each, self[row]]))).toEqual({ 4: ends(0), 5: ends(3), 8: 0, 10: 0 });
    expect(formatSamples(recording).split("\n")[48]).toMatch(/^960000000 .*outer:8\(\/home\/me\/job\.py\)/);
  });

  const frames = [{ name: "main", file: "a.py", line: 3 }, { name: "work", file: "a.py", line: 7, col: 2 }, { name: "idle" }];

  test("with events, several profiles, other units and frames at the end are read", async () => {
    const text = JSON.stringify({
      $schema: "https://www.speedscope.app/file-format-schema.json",
      profiles: [
        {
          type: "evented",
          name: "one",
          unit: "milliseconds",
          startValue: 5,
          endValue: 12,
          events: [
            { type: "O", frame: 0, at: 5 },
            { type: "O", frame: 1, at: 6 },
            { type: "C", frame: 1, at: 9 },
            { type: "C", frame: 0, at: 10 },
          ],
        },
        { type: "sampled", name: "two", unit: "seconds", startValue: 1, endValue: 4, samples: [[0], [], [0, 1]], weights: [1, 1, 1] },
        { type: "sampled", name: "heap", unit: "kilobytes", startValue: 0, endValue: 4, samples: [[2]], weights: [4] },
      ],
      shared: { frames },
      name: "demo",
    });
    const { recording, warnings } = await readText(text);
    expect(warnings).toEqual([]);
    expect(recording.info.name).toBe("demo");
    expect(formatSamples(recording)).toMatchInlineSnapshot(`
      "0 0:/0:one cpu 1000000 main:3(a.py){python}
      1000000 0:/0:one cpu 3000000 main:3(a.py){python};work:7:2(a.py){python}
      4000000 0:/0:one cpu 1000000 main:3(a.py){python}
      995000000 0:/0:two cpu 1000000000 main:3(a.py){python}
      2995000000 0:/0:two cpu 1000000000 main:3(a.py){python};work:7:2(a.py){python}
      0 0:/0:heap memory 4096 idle{native}"
    `);
  });

  test("that only count samples say what they are shown as, and are left out beside times", async () => {
    const counted = { type: "sampled", name: "samples", unit: "none", startValue: 0, endValue: 3, samples: [[0], [0, 1]], weights: [2, 1] };
    const timed = { ...counted, name: "cpu", unit: "nanoseconds" };
    const one = await readText(JSON.stringify({ shared: { frames }, profiles: [counted] }));
    expect(one.warnings).toEqual(["The file only counts samples; each is shown as 10 ms of CPU time."]);
    expect(summarize(one.recording, "").events).toEqual([{ event: "cpu", unit: "ns", samples: 3, total: 3e7 }]);
    const both = await readText(JSON.stringify({ shared: { frames }, profiles: [counted, timed] }));
    expect(both.warnings).toEqual(["The file also holds counts of samples, which are not shown beside its times."]);
    expect(summarize(both.recording, "").events).toEqual([{ event: "cpu", unit: "ns", samples: 2, total: 3 }]);
  });
});

describe("the text of perf script", () => {
  test("has processes, kernel frames, unknown frames and several events", async () => {
    const { recording, warnings } = await readFileAt(fixture("perf-events.perf"));
    expect(warnings).toEqual(["The file also holds samples of sched:sched_switch (5), which are not shown."]);
    expect(recording.threads).toEqual([{ process: 0, tid: 2173, name: "two words" }]);
    const heads = readFileSync(fixture("perf-events.perf"), "utf8").match(/^two words.*$/gm) ?? [];
    const period = (event: string): number =>
      heads.filter((head) => head.includes(event)).reduce((sum, head) => sum + Number(/: +(\d+) +[\w-]+: $/.exec(head)?.[1]), 0);
    const { events } = summarize(recording, "");
    expect(events.map(({ event, total }) => [event, total])).toEqual([
      ["cpu", period("cpu-clock")],
      ["memory", 4096 * period("page-faults")],
    ]);
    const lines = formatSamples(recording).split("\n");
    expect(lines[0]).toMatchInlineSnapshot(
      `"0 2173:two words/2173:two words memory 4096 {native};entry_SYSCALL_64_after_hwframe{kernel};do_syscall_64{kernel};__x64_sys_execve{kernel};do_execveat_common.isra.0{kernel};bprm_execve{kernel};load_elf_binary{kernel};elf_load{kernel}"`,
    );
    expect(lines.at(-1)).toMatchInlineSnapshot(
      `"31653000 2173:two words/2173:two words cpu 10101010 __libc_start_call_main[/usr/lib/x86_64-linux-gnu/libc.so.6]{native};work[/home/me/two words]{native}"`,
    );
  });

  test("with source lines and pids has lines", async () => {
    const { recording, warnings } = await readFileAt(fixture("perf-srcline.perf"));
    expect(warnings).toEqual([]);
    expect(formatSamples(recording).split("\n")[0]).toMatchInlineSnapshot(
      `"0 6130:inl/6130:inl cpu 5025125 __libc_start_call_main:74(libc-start.c)[/usr/lib/x86_64-linux-gnu/libc.so.6]{c};main:7(inl.c)[/home/me/inl]{c};touch:6(inl.c)[/home/me/inl]{c};asm_exc_page_fault{kernel};exc_page_fault{kernel}"`,
    );
  });

  test("without stacks has one frame a sample", async () => {
    const { recording, warnings } = await readFileAt(fixture("perf-without-stacks.perf"));
    expect(warnings).toEqual([]);
    expect(formatSamples(recording).split("\n").slice(0, 2).join("\n")).toMatchInlineSnapshot(`
      "0 6146:inl/6146:inl cpu 5025125 do_anonymous_page{kernel}
      7734000 6146:inl/6146:inl cpu 5025125 work[/home/me/inl]{native}"
    `);
    expect(recording.samples.length).toBe(8);
  });

  test("of names with blanks, brackets and numbers, deleted files, inlined calls and just-in-time code", async () => {
    const { recording, warnings } = await readText(
      [
        "# captured on    : Mon Nov 23 07:37:50 2026",
        "a (b) 12 [x]  700/701 [003] d..1.  10.000001:    1000000 cpu-clock:u: ",
        "\t        11e6 mix<int, (a)> (inlined)",
        "\t        11e6 twice (inlined)",
        "\t        11e6 ns::work(int, char const*)+0x26 (/opt/a b/app (deleted))",
        "\t    7f00aa00 py::handle:/srv/app.py (/tmp/perf-700.map)",
        "\t    7f00aa10 JS:*render /srv/page.js:12:5 (/tmp/perf-700.map)",
        "\t    7f00aa20 Lorg/shop/Cart;::total (/tmp/perf-700.map)",
        "\t           0 [unknown] ([unknown])",
        "",
        ":-1    -1 [000]    11.5:          1 cycles:",
        "\tffffffffc0401000 nft_do_chain+0x1 ([nf_tables])",
        "\t7ffff7fc1000 [vdso]+0x1 ([vdso])",
        "",
      ].join("\n"),
    );
    expect(formatSamples(recording)).toMatchInlineSnapshot(
      `"0 700:a (b) 12 [x]/701:a (b) 12 [x] cpu 1000000 {native};org.shop.Cart.total{java};render(/srv/page.js)@12{javascript};handle(/srv/app.py){python};mix<int, (a)><-twice<-ns::work(int, char const*)[/opt/a b/app]{native}"`,
    );
    expect(warnings).toEqual([
      "The file also holds samples of cycles (1), which are not shown.",
      "The file names threads but not their processes, so each is shown as a process; perf script -F +pid tells both.",
    ]);
  });

  test("that counts cycles says what a cycle is shown as", async () => {
    const { recording, warnings } = await readText("app 1/1 1.5: 2500 cycles:ppp: \n\t11 f+0x1 (/bin/app)\n\n");
    expect(warnings).toEqual(["The file counts cycles; each is shown as 1 ns of CPU time, so shares are right and seconds are not."]);
    expect(summarize(recording, "").events).toEqual([{ event: "cpu", unit: "ns", samples: 1, total: 2500 }]);
  });
});

describe("a file", () => {
  test("is told by its content, packed or not, whatever its name says", async () => {
    const json = readFileSync(fixture("py-spy.speedscope.json"));
    const plain = await readText(json, "anything.pb.gz");
    const packed = await readText(gzipSync(json), "anything.txt");
    const marked = await readText(Buffer.concat([Buffer.from("\ufeff"), json]), "anything.json");
    expect(formatSamples(packed.recording)).toBe(formatSamples(plain.recording));
    expect(formatSamples(marked.recording)).toBe(formatSamples(plain.recording));
  });

  test.each([
    ["a trace of Chrome", '{"traceEvents":[{"ph":"X"}],"metadata":{}}', "Chrome's Performance panel"],
    ["a profile of Firefox", '{"meta":{"interval":1},"libs":[],"threads":[]}', "Firefox Profiler"],
    ["other JSON", '{"name":"flameline","version":"0.1.0"}', "neither a CPU profile"],
    ["perf's own file", Buffer.concat([Buffer.from("PERFILE2"), Buffer.alloc(5000)]), "perf script -i"],
    ["an empty one", "", "it is empty"],
  ])("that is %s is refused with what to do", async (_, bytes, words) => {
    await expect(readText(bytes)).rejects.toThrow(words);
  });
});

const PROGRAM = `function spin(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (x * 31 + i) % 65521;
  return x;
}
function outer() {
  return spin(2e6) + spin(1e6);
}
for (let i = 0; i < 8; i++) outer();
setTimeout(() => outer(), 60);
`;
