import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { functionCosts } from "../../../profile/cost.js";
import { decodePprof, decodePprofInSteps, encodePprof, encodePprofInSteps } from "../../../profile/formats/pprof.js";
import { Recording } from "../../../profile/recording.js";
import { summarize } from "../../../profile/summary.js";
import { batchFromStacks, formatSamples, recordingFromCollapsed, recordingFromColumns } from "../../support/profile-text.js";

const folder = mkdtempSync(join(tmpdir(), "flameline-pprof-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything at once: languages that files do and don't tell, inlined calls, unnamed code, several events and threads. */
function everything(): Recording {
  return recordingFromCollapsed(
    `
    main:1:2(/w/a.py);f:12(/w/a.py);h\u00e9:3:4(ts.ts){javascript} 10101010
    main:1(a.py);fast:3<-work:7(l.rs)[/bin/app]{rust};nofile{go}[/bin/app] 20
    main(Main.java){java};run:9(x.odd){beam};\u{1f600}:2(<string>) 0
    __proto__{kernel};vfs_read{kernel};end[/bin/app]{native} 4096
    start[/bin/app]{c};[/lib/libc.so]{native} 7
    `,
    {
      timesNs: [0, 1, 123456789012, 4, 4],
      events: ["cpu", "off_cpu", "cpu", "memory", "cpu"],
      threads: ["one", "other/two", "one", "/x", "one"],
      name: "every\u{1f680}thing",
    },
  );
}

test("a long profile is read in steps, with the same result", () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `main:1(/w/a.py);work:${row + 1}(/w/a.py) 7`);
  const bytes = encodePprof(recordingFromCollapsed(rows.join("\n")));
  const steps = decodePprofInSteps(bytes);
  let pauses = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) pauses++;
  // The index has 20,000 samples and locations, which are both read once more.
  expect(pauses).toBeGreaterThan(25);
  expect(formatSamples(step.value.recording)).toBe(formatSamples(decodePprof(bytes).recording));
});

test("a long profile is written in steps, with the same result", () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `main:1(/w/a.py);work${row}:${row + 1}(/w/a.py) 7`);
  const recording = recordingFromCollapsed(rows.join("\n"));
  const steps = encodePprofInSteps(recording);
  let pauses = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) pauses++;
  // 20,000 samples, locations, functions and strings, each with a pause after at most 1,100 of them.
  expect(pauses).toBeGreaterThan((4 * 20_000) / 1_100);
  expect(formatSamples(decodePprof(step.value).recording)).toBe(formatSamples(recording));
  expect(Buffer.compare(step.value, encodePprof(recording))).toBe(0);
});

describe("what we write", () => {
  test("comes back as it was: positions, addresses, times, threads, events, languages", () => {
    const recording = everything();
    const { recording: back, warnings } = decodePprof(encodePprof(recording));
    expect(formatSamples(back)).toBe(formatSamples(recording));
    expect(formatSamples(back)).toMatchInlineSnapshot(`
      "0 1000:app/1000:one cpu 10101010 main:1:2(/w/a.py){python};f:12(/w/a.py){python};hé:3:4(ts.ts){javascript}
      1 1001:other/1002:two off_cpu 20 main:1(a.py){python};fast:3(l.rs)<-work:7(l.rs)[/bin/app]{rust};nofile[/bin/app]{go}
      123456789012 1000:app/1000:one cpu 0 main(Main.java){java};run:9(x.odd){beam};😀:2(<string>){python}
      4 1002:/1004:x memory 4096 __proto__{kernel};vfs_read{kernel};end[/bin/app]{native}
      4 1000:app/1000:one cpu 7 start[/bin/app]{c};[/lib/libc.so]{native}"
    `);
    expect(warnings).toEqual([]);
    expect(summarize(back, "")).toEqual(summarize(recording, ""));
    expect(back.processes).toEqual(recording.processes);
    expect(back.info).toEqual(recording.info);
  });

  test("addresses, definition lines, losses and an empty stack come back too", () => {
    const recording = Recording.empty();
    const batch = batchFromStacks([{ frames: ["main:1", "[/bin/app]"], value: 5 }], { language: "native" });
    recording.append({
      ...batch,
      frames: { ...batch.frames, address: ["0xffffffffffffffff", "0x1a2b"] },
      updates: [
        {
          frame: 0,
          language: "cpp",
          positions: [
            { function: 0, file: 0, line: 0, functionLine: 0 },
            { function: 1, file: 0, line: 9, functionLine: 7 },
          ],
        },
      ],
      loss: { lost: 1, leafOnly: 2, truncated: 3, broken: 4, unresolvedFrames: 5, waits: 700, waitStacks: 60 },
      cost: { bpfNs: -1, helperCpuNs: 1, symbolizerCpuNs: 2, residentBytes: 3, mapBytes: 4 },
    });
    recording.samples.push(-1, 0, 0, 0, 3);
    const { recording: back } = decodePprof(encodePprof(recording));
    expect(formatSamples(back)).toBe(formatSamples(recording));
    expect(back.loss).toEqual(recording.loss);
    expect(back.loss.waitStacks).toBe(60);
    expect(back.cost).toEqual(recording.cost);
    expect(functionCosts(back, { event: "cpu" }).sum).toBe(8);
  });

  test("two rows of one pid and thread stay apart", () => {
    const recording = recordingFromColumns("a  b", { threads: ["one", "other/one"] });
    recording.processRows[1] = { ...(recording.processRows[0] ?? recording.processRows[1] ?? never()), startNs: 5, executable: "/new" };
    recording.threadRows[1] = { ...(recording.threadRows[0] ?? never()), process: 1 };
    const { recording: back } = decodePprof(encodePprof(recording));
    expect([...back.samples.thread.view()]).toEqual([0, 1]);
    expect(back.processes).toEqual(recording.processes);
  });

  test("a selection leaves the rest out, and arguments only where asked", () => {
    const recording = recordingFromColumns("a  b  c", { events: ["cpu", "memory", "cpu"], values: [1, 2, 4] });
    recording.processRows[0] = { ...(recording.processRows[0] ?? never()), commandLine: ["app", "--password=x"] };
    const part = decodePprof(encodePprof(recording, { selection: { event: "cpu", fromNs: 1 }, commandLines: false })).recording;
    expect(summarize(part, "").events.map(({ event, total }) => `${event} ${total}`)).toEqual(["cpu 4"]);
    expect(part.processes[0]?.commandLine).toEqual(["app"]);
  });

  test("a truncated file gives what came before, at every length, and never throws", () => {
    const bytes = encodePprof(everything());
    for (let length = 0; length < bytes.length; length++) {
      const { recording, warnings } = decodePprof(bytes.subarray(0, length));
      expect(recording.samples.length).toBeLessThanOrEqual(5);
      if (length > 0) expect(warnings.length).toBeGreaterThan(0);
    }
  });

  test("random damage never throws", () => {
    const bytes = encodePprof(everything());
    let state = 12345;
    const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0);
    for (let round = 0; round < 3000; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i < 1 + ((random() >>> 8) % 4); i++) damaged[(random() >>> 4) % damaged.length] = random() >>> 16;
      const { recording } = decodePprof(damaged);
      functionCosts(recording, { event: "cpu" });
      summarize(recording, "");
    }
  });
});

const GO = ((): string | undefined => {
  try {
    return execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
})();

describe.skipIf(GO === undefined)("go tool pprof", () => {
  const pprof = (...options: string[]): string => {
    return execFileSync("go", ["tool", "pprof", ...options], {
      encoding: "utf8",
      env: { ...process.env, PPROF_TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  const file = join(folder, "run.pb");

  test("-top, -traces and -raw read what we write", () => {
    const recording = recordingFromCollapsed(
      `
      main:1(main.go)[/bin/app];match:507(regexp.go)<-find:88(regexp.go)<-slow:31(main.go)[/bin/app] 30000000
      main:1(main.go)[/bin/app];idle:7(main.go)[/bin/app] 10000000
      serve:3(a.py){python};sys_read{kernel} 20000000
      `,
      { language: "go", threads: ["one", "one", "web/loop"] },
    );
    writeFileSync(file, encodePprof(recording));
    expect(pprof("-top", file)).toMatchInlineSnapshot(`
      "File: app
      flameline:{"version":1,"name":"test","hz":99,"events":["cpu"],"seconds":0.003,"lost":0,"loss":{"lost":0,"leafOnly":0,"truncated":0,"broken":0,"unresolvedFrames":0},"cost":{"bpfNs":0,"helperCpuNs":0,"symbolizerCpuNs":0,"residentBytes":0,"mapBytes":0},"warnings":[]}
      Type: cpu
      Time: 2023-11-14 22:13:20 UTC
      Duration: 3ms, Total samples = 60ms (2000.00%)
      Showing nodes accounting for 60ms, 100% of 60ms total
            flat  flat%   sum%        cum   cum%
            30ms 50.00% 50.00%       30ms 50.00%  match (inline)
            20ms 33.33% 83.33%       20ms 33.33%  sys_read
            10ms 16.67%   100%       10ms 16.67%  idle
               0     0%   100%       30ms 50.00%  find (inline)
               0     0%   100%       40ms 66.67%  main
               0     0%   100%       20ms 33.33%  serve
               0     0%   100%       30ms 50.00%  slow
      "
    `);
    expect(pprof("-traces", file)).toMatchInlineSnapshot(`
      "File: app
      flameline:{"version":1,"name":"test","hz":99,"events":["cpu"],"seconds":0.003,"lost":0,"loss":{"lost":0,"leafOnly":0,"truncated":0,"broken":0,"unresolvedFrames":0},"cost":{"bpfNs":0,"helperCpuNs":0,"symbolizerCpuNs":0,"residentBytes":0,"mapBytes":0},"warnings":[]}
      Type: cpu
      Time: 2023-11-14 22:13:20 UTC
      Duration: 3ms, Total samples = 60ms (2000.00%)
      -----------+-------------------------------------------------------
          thread:  one
         process:  app
             pid:  1000
             tid:  1000
            30ms   match (inline)
                   find (inline)
                   slow
                   main
      -----------+-------------------------------------------------------
          thread:  one
         process:  app
             pid:  1000
             tid:  1000
      timestamp_ns:  1000000
            10ms   idle
                   main
      -----------+-------------------------------------------------------
          thread:  loop
         process:  web
             pid:  1001
             tid:  1002
      timestamp_ns:  2000000
            20ms   sys_read
                   serve
      -----------+-------------------------------------------------------
      "
    `);
    expect(pprof("-raw", file).replace(/flameline:.*/, "flameline:…")).toMatchInlineSnapshot(`
      "Comment: flameline:…
      PeriodType: cpu nanoseconds
      Period: 10101010
      Time: 2023-11-14 22:13:20 +0000 UTC
      Duration: 3ms
      Samples:
      cpu/nanoseconds[dflt]
         30000000: 2 1 
                      process:[app] thread:[one]
                      pid:[1000] tid:[1000]
         10000000: 3 1 
                      process:[app] thread:[one]
                      pid:[1000] tid:[1000] timestamp_ns:[1000000]
         20000000: 5 4 
                      process:[web] thread:[loop]
                      pid:[1001] tid:[1002] timestamp_ns:[2000000]
      Locations
           1: 0x0 M=1 main main.go:1:0 s=0
           2: 0x0 M=1 match regexp.go:507:0 s=0
                   find regexp.go:88:0 s=0
                   slow regexp.go:31:0 s=0
           3: 0x0 M=1 idle main.go:7:0 s=0
           4: 0x0 M=2 serve a.py:3:0 s=0
           5: 0x0 M=3 sys_read :0:0 s=0
      Mappings
      1: 0x0/0x0/0x0 /bin/app  [FN][FL][LN][IN]
      2: 0x0/0x0/0x0 <python>  [FN][FL][LN][IN]
      3: 0x0/0x0/0x0 <kernel>  [FN][FL][LN][IN]
      "
    `);
  });

  test("-proto writes it anew, and it still says the same", () => {
    const recording = everything();
    writeFileSync(file, encodePprof(recording));
    const anew = join(folder, "anew.pb.gz");
    pprof("-proto", "-output", anew, file);
    const { recording: back, warnings } = decodePprof(gunzipSync(execFileSync("cat", [anew])));
    const sorted = (text: string): string[] => text.split("\n").sort();
    // pprof drops our details; these two languages are told by nothing else.
    const guessed = formatSamples(recording).replace("{go}", "{native}").replace("[/bin/app]{c}", "[/bin/app]{native}");
    expect(sorted(formatSamples(back))).toEqual(sorted(guessed));
    expect(warnings).toEqual([]);
  });

  test("profiles of Go's own runtime are read", { timeout: 120_000 }, () => {
    writeFileSync(join(folder, "go.mod"), "module example.test/burn\n\ngo 1.21\n");
    writeFileSync(join(folder, "main.go"), GO_PROGRAM);
    execFileSync("go", ["build", "-o", "burn", "."], { cwd: folder });
    execFileSync(join(folder, "burn"), { cwd: folder });
    const read = (name: string) => {
      const bytes = gunzipSync(execFileSync("cat", [join(folder, name)]));
      const { recording, warnings } = decodePprof(bytes);
      return { recording, warnings, summary: summarize(recording, name) };
    };
    const cpu = read("cpu.pb.gz");
    const { self, sum } = functionCosts(cpu.recording, { event: "cpu" });
    const burn = [...self.keys()].filter((fn) => cpu.recording.functions.nameOf(fn) === "main.burn");
    expect(burn.reduce((total, fn) => total + (self[fn] ?? 0), 0) / sum).toBeGreaterThan(0.2);
    expect(cpu.recording.functions.languageOf(burn[0] ?? -1)).toBe("go");
    expect(cpu.warnings).toEqual([]);
    expect(cpu.summary).toMatchObject({ hz: 100, processes: [{ name: "burn" }] });
    const text = pprof("-raw", join(folder, "cpu.pb.gz"));
    const total = [...text.matchAll(/^\s+\d+\s+(\d+): /gm)].reduce((all, [, ns]) => all + Number(ns), 0);
    expect(sum).toBe(total);

    const heap = read("heap.pb.gz");
    expect(heap.summary.events.map(({ event }) => event)).toEqual(["heap", "alloc"]);
    expect(heap.warnings).toEqual([]);
    const goroutines = read("goroutine.pb.gz");
    expect(goroutines.warnings[0]).toContain("counts goroutine");
    expect(read("block.pb.gz").summary.events.map(({ event }) => event)).toEqual(["off_cpu"]);
  });
});

const GO_PROGRAM = `package main

import (
	"os"
	"compress/gzip"
	"io"
	"runtime"
	"runtime/pprof"
	"time"
)

var sink uint64
var keep [][]byte

//go:noinline
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := uint64(0); i < 100000; i++ {
			sink += i * i
		}
	}
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.MemProfileRate = 1
	f, _ := os.Create("cpu.pb.gz")
	pprof.StartCPUProfile(f)
	burn(600 * time.Millisecond)
	pprof.StopCPUProfile()
	f.Close()
	for i := 0; i < 1000; i++ {
		keep = append(keep, make([]byte, 1000))
	}
	c := make(chan int)
	go func() { time.Sleep(20 * time.Millisecond); c <- 1 }()
	<-c
	runtime.GC()
	w := gzip.NewWriter(io.Discard)
	w.Close()
	for _, name := range []string{"heap", "goroutine", "block"} {
		f, _ := os.Create(name + ".pb.gz")
		pprof.Lookup(name).WriteTo(f, 0)
		f.Close()
	}
}
`;

function never(): never {
  throw new Error("the test's own recording has no such row");
}
