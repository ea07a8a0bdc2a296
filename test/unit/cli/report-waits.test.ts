import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

/** 10 s: 3 s of CPU; the main thread waits 4 s for a lock and 1 s for the network, a worker 10 s for work. */
function write(loss = {}): void {
  const lib = "/usr/lib/python3.11/queue.py";
  const recording = recordingFromCollapsed(
    `
      main:9(app.py);work:3(app.py) 3000000000
      main:9(app.py);take:5(app.py);get:170(${lib});futex_wait{kernel};[lock]{kernel} 4000000000
      main:9(app.py);fetch:7(app.py);recv{c}[/usr/lib/libc.so.6];[network]{kernel} 1000000000
      run:2(app.py);idle:12(app.py);[lock]{kernel} 5000000000
      run:2(app.py);idle:12(app.py);[lock]{kernel} 5000000000
    `,
    {
      events: ["cpu", "off_cpu"],
      threads: ["app/main", "app/main", "app/main", "app/worker", "app/worker"],
      timesNs: [0, 4e9, 5e9, 5e9, 10e9],
    },
  );
  recording.setInfo({ durationNs: 10e9 });
  recording.loss = { ...recording.loss, ...loss };
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
}

test("waits count for the line that called the library, with what for, and idle threads apart", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "off_cpu");
  expect(run.out).toMatchInlineSnapshot(`
    "off_cpu: 5.00 s in 2 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0
    waiting 500 ms in each second: lock 80.0% · network 20.0%

      self  self%  total%  waits for      line                              in
    4.00 s  80.0%   80.0%  lock           app.py:5                          take
    1.00 s  20.0%   20.0%  network        app.py:7                          fetch
      0 ns   0.0%  100.0%  lock, network  app.py:9                          main
      0 ns   0.0%   80.0%  lock           /usr/lib/python3.11/queue.py:170  get
      0 ns   0.0%   80.0%  lock           futex_wait
      0 ns   0.0%   80.0%  lock           [lock]
      0 ns   0.0%   20.0%  network        recv
      0 ns   0.0%   20.0%  network        [network]

    Self holds 5.00 s (100.0%) of waits inside the language's library, the C library and the kernel, which count for the line that called them; --native shows it apart.

    Left out: 10.0 s in which threads had nothing to do; --idle shows them.
    "
  `);
});

test("the report says of how many waits the stack was taken", async () => {
  write({ waits: 3_004_911, waitStacks: 1260 });
  await run.line("report", "run.pb.gz", "--event", "off_cpu");
  expect(run.out.split("\n")[0]).toContain(" · leaf only 0 · stacks of 1,260 of 3,004,911 waits");
  await run.line("report", "run.pb.gz", "--event", "off_cpu", "--json");
  expect(JSON.parse(run.out)).toMatchObject({ loss: { waits: 3_004_911, waitStacks: 1260 } });
});

test("--idle has the waits of idle threads, too", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "off_cpu", "--idle", "--by", "process");
  expect(run.out).toMatchInlineSnapshot(`
    "off_cpu: 15.0 s in 4 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0
    waiting 1.50 s in each second: lock 93.3% · network 6.7%

      self   self%  total%  waits for  process
    15.0 s  100.0%  100.0%  lock       1000 app  /usr/bin/app
    "
  `);
});

test("the JSON has the classes, those of each row, and what was left out", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "off_cpu", "--json", "--by", "function");
  const { rows, ...head } = JSON.parse(run.out) as { rows: { function: string }[] };
  expect(head).toEqual({
    event: "off_cpu",
    unit: "ns",
    total: 5e9,
    samples: 2,
    lost: 0,
    loss: { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
    seconds: 10,
    idle: 10e9,
    classes: [
      { waits: "lock", total: 4e9 },
      { waits: "network", total: 1e9 },
    ],
    findings: expect.any(Array),
  });
  expect(rows.find((row) => row.function === "main")).toEqual({
    file: null,
    line: 9,
    function: "main",
    language: "python",
    self: 0,
    total: 5e9,
    waits: { lock: 4e9, network: 1e9 },
  });
});

test("an export keeps idle waits, in pprof and in collapsed stacks of one event", async () => {
  write();
  const total = (name: string): Record<string, number> => {
    const { recording } = decodePprof(gunzipSync(readFileSync(run.path(name))));
    const { event, value } = recording.samples;
    const sums: Record<string, number> = {};
    for (let row = 0; row < recording.samples.length; row++) {
      const key = recording.eventName(event.at(row));
      sums[key] = (sums[key] ?? 0) + value.at(row) / 1e9;
    }
    return sums;
  };
  await run.line("export", "run.pb.gz", "--to", "pprof", "-o", "all.pb.gz");
  expect(total("all.pb.gz")).toEqual({ cpu: 3, off_cpu: 15 });
  await run.line("export", "run.pb.gz", "--to", "pprof", "--event", "off_cpu", "-o", "waits.pb.gz");
  expect(total("waits.pb.gz")).toEqual({ off_cpu: 15 });
  await run.line("export", "run.pb.gz", "--to", "collapsed", "--event", "off_cpu", "-o", "-");
  expect(run.out.split("\n").toSorted()).toEqual([
    "",
    "# flameline event=off_cpu unit=ns",
    "main;fetch;recv;[network] 1000000000",
    "main;take;get;futex_wait;[lock] 4000000000",
    "run;idle;[lock] 10000000000",
  ]);
});

test.skipIf(spawnSync("go", ["version"]).status !== 0)("go tool pprof reads both sample types", async () => {
  write();
  const top = (index: string): string =>
    spawnSync("go", ["tool", "pprof", "-top", `-sample_index=${index}`, run.path("run.pb.gz")], { encoding: "utf8" }).stdout;
  expect(top("off_cpu")).toMatch(/of 15s total[^]*14s 93\.33%[^]*\[lock\]/);
  expect(top("cpu")).toMatch(/of 3s total[^]*3s +100%[^]*work/);
});
