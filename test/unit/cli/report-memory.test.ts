import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

test("growth counts for the line that took it, less what it gave back", async () => {
  const recording = recordingFromCollapsed(
    `
      main:9(app.py);load:3(app.py);mmap{c}[/usr/lib/libc.so.6] 150000000
      main:9(app.py);keep:5(app.py) 50000000
      main:9(app.py);load:3(app.py);mmap{c}[/usr/lib/libc.so.6] -100000000
    `,
    { events: ["memory"], timesNs: [0, 1e9, 2e9] },
  );
  recording.setInfo({ durationNs: 10e9 });
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
  await run.line("report", "run.pb.gz", "--event", "memory");
  expect(run.out).toMatchInlineSnapshot(`
    "memory: 100 MB in 3 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0

       self  self%  total%  line      in
    50.0 MB  50.0%   50.0%  app.py:3  load
    50.0 MB  50.0%   50.0%  app.py:5  keep
        0 B   0.0%  100.0%  app.py:9  main
        0 B   0.0%   50.0%  mmap

    Self holds 50.0 MB (50.0%) of memory asked for inside the language's library, the C library and the kernel, which count for the line that called them; --native shows it apart.
    "
  `);
  await run.line("report", "run.pb.gz", "--event", "memory", "--json");
  expect(JSON.parse(run.out)).toMatchObject({ event: "memory", unit: "bytes", total: 100e6 });
  const go = spawnSync("go", ["tool", "pprof", "-top", "-sample_index=memory", run.path("run.pb.gz")], { encoding: "utf8" });
  if (go.error === undefined) expect(go.stdout).toMatch(/accounting for 95\.37MB[^]*47\.68MB[^]*keep/);
});

test("by process the report says what each held, and JSON says it over time", async () => {
  const recording = recordingFromCollapsed("main:9(app.py);keep:5(app.py) 50000000", { events: ["memory"] });
  recording.memory.add({ process: 0, timeNs: 1e9, resident: 90e6, anonymous: 60e6 });
  recording.memory.add({ process: 0, timeNs: 2e9, resident: 70e6, anonymous: 40e6 });
  recording.setInfo({ durationNs: 3e9 });
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
  await run.line("report", "run.pb.gz", "--event", "memory", "--by", "process");
  expect(run.out).toMatchInlineSnapshot(`
    "memory: 50.0 MB in 1 samples over 3.0 s at 99 Hz · lost 0 · leaf only 0

       self   self%  total%  process                 resident  of that own  most resident
    50.0 MB  100.0%  100.0%  1000 app  /usr/bin/app  70.0 MB   40.0 MB      90.0 MB
    "
  `);
  await run.line("report", "run.pb.gz", "--event", "memory", "--json");
  expect(JSON.parse(run.out)).toMatchObject({
    memory: [
      { timeNs: 1e9, resident: 90e6, anonymous: 60e6 },
      { timeNs: 2e9, resident: 70e6, anonymous: 40e6 },
    ],
  });
});

test("an allocator's bytes count for the line that asked, however it is called and wherever it is linked into", async () => {
  const recording = recordingFromCollapsed(
    `
      main:9(app.cc)[/srv/app];fill:3(app.cc)[/srv/app];operator new{native}[/srv/app];[malloc]{kernel} 60000000
      main:9(app.cc)[/srv/app];fill:3(app.cc)[/srv/app];operator new{native}[/usr/lib/libstdc++.so.6];[malloc]{kernel} 30000000
      main:9(app.cc)[/srv/app];[calloc]{kernel} 10000000
    `,
    { events: ["alloc"] },
  );
  recording.setInfo({ durationNs: 10e9 });
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
  await run.line("report", "run.pb.gz", "--event", "alloc");
  expect(run.out).toMatchInlineSnapshot(`
    "alloc: 100 MB in 3 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0

       self  self%  total%  line          in
    90.0 MB  90.0%   90.0%  app.cc:3      fill
    10.0 MB  10.0%  100.0%  app.cc:9      main
        0 B   0.0%   90.0%  [malloc]
        0 B   0.0%   60.0%  operator new
        0 B   0.0%   30.0%  operator new
        0 B   0.0%   10.0%  [calloc]

    Self holds 100 MB (100.0%) of memory asked for inside the language's library, the C library and the kernel, which count for the line that called them; --native shows it apart.
    "
  `);
});
