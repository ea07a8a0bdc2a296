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

/** 8 kB written to a log by one line and 2 kB to a pipe by another; what was opened, called and passed on beside it. */
function write(): void {
  const libc = "/usr/lib/libc.so.6";
  const recording = recordingFromCollapsed(
    `
      main:9(app.py);log:3(app.py);write{c}[${libc}];[/var/log/app.log]{kernel} 8000
      main:9(app.py);tell:5(app.py);write{c}[${libc}];[pipe]{kernel} 2000
      main:9(app.py);ask:7(app.py);send{c}[${libc}];[10.0.0.5:5432]{kernel} 500
    `,
    { events: ["io_write", "io_write", "net_send"] },
  );
  const counts = [
    ["open", "[/var/log/app.log]", 2, 0],
    ["open", "[/etc/hosts]", 3, 0],
    ["connect", "[10.0.0.5:5432]", 1, 0],
    ["lookup", "[udp 127.0.0.53:53]", 1, 0],
    ["copy", "[10.0.0.5:5432]", 4, 4096],
    ["ring", "", 12, 8192],
    ["map", "", 5, 20_480],
    ["write", "", 0, 10_500],
    ["send", "", 0, 4596],
  ] as const;
  for (const [kind, subject, calls, bytes] of counts) recording.counts.add({ process: 0, kind, subject, calls, bytes });
  recording.setInfo({ durationNs: 10e9 });
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
}

test("bytes count for the line that called the library, and what was opened, called and passed on is said", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "io_write");
  expect(run.out).toMatchInlineSnapshot(`
    "io_write: 10.0 KB in 2 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0

       self  self%  total%  line                in
    8.00 KB  80.0%   80.0%  app.py:3            log
    2.00 KB  20.0%   20.0%  app.py:5            tell
        0 B   0.0%  100.0%  app.py:9            main
        0 B   0.0%  100.0%  write
        0 B   0.0%   80.0%  [/var/log/app.log]
        0 B   0.0%   20.0%  [pipe]

    Self holds 10.0 KB (100.0%) of calls inside the language's library, the C library and the kernel, which count for the line that called them; --native shows it apart.

    5 opens: 3 [/etc/hosts], 2 [/var/log/app.log]

    Counted, and of no line: 4.10 KB passed on by sendfile, splice or copy_file_range; 8.19 KB in 12 operations of io_uring; at least 20.5 KB read by 5 page faults of mapped files or swap.
    "
  `);
});

test("by file, bytes are those of each file or peer", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "net_send", "--by", "file");
  expect(run.out).toMatchInlineSnapshot(`
    "net_send: 500 B in 1 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0

     self   self%  total%  file or peer
    500 B  100.0%  100.0%  [10.0.0.5:5432]

    1 connect: 1 [10.0.0.5:5432]

    1 DNS look-up: 1 [udp 127.0.0.53:53]

    Counted, and of no line: 4.10 KB passed on by sendfile, splice or copy_file_range; 8.19 KB in 12 operations of io_uring.
    "
  `);
});

test("a process has the bytes that the kernel counted, whatever the event", async () => {
  write();
  await run.line("report", "run.pb.gz", "--event", "net_send", "--by", "process");
  expect(run.out).toMatchInlineSnapshot(`
    "net_send: 500 B in 1 samples over 10.0 s at 99 Hz · lost 0 · leaf only 0

     self   self%  total%  process                 read  written  sent     received
    500 B  100.0%  100.0%  1000 app  /usr/bin/app  0 B   10.5 KB  4.60 KB  0 B

    1 connect: 1 [10.0.0.5:5432]

    1 DNS look-up: 1 [udp 127.0.0.53:53]

    Counted, and of no line: 4.10 KB passed on by sendfile, splice or copy_file_range; 8.19 KB in 12 operations of io_uring.
    "
  `);
});

test("counts come back from a file, and those that can't be read are said", async () => {
  write();
  const bytes = gunzipSync(readFileSync(run.path("run.pb.gz")));
  expect(decodePprof(bytes).recording.counts.rows).toHaveLength(9);
  const damaged = Buffer.from(bytes.toString("latin1").replace('"ring"', '"rung"'), "latin1");
  const { recording, warnings } = decodePprof(damaged);
  expect(recording.counts.rows).toHaveLength(8);
  expect(warnings).toEqual(["1 count of a process could not be read and was left out."]);
  await run.line("report", "run.pb.gz", "--event", "io_write", "--json");
  expect(JSON.parse(run.out).counts).toContainEqual({ pid: 1000, kind: "open", subject: "[/etc/hosts]", calls: 3, bytes: 0 });
});
