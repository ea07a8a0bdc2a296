import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { Recording } from "../../../profile/recording.js";
import type { Batch, FramePosition } from "../../../protocol/helper.js";
import { batch, started, stopped } from "../recorder/fake-helper.js";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

/**
 * 10 samples of 10 ms: main (app.py:9) calls work (app.py:3), 7 of them in `work` itself, 2 in the C++ code that it calls and
 * 1 in a library without symbols.
 */
function recording(): Recording {
  const strings = [
    "",
    "main",
    "work",
    run.path("app.py"),
    "/usr/lib/libgrid.so.1",
    "ns::Grid<int>::step(int) const",
    run.path("grid.cpp"),
    "/usr/lib/libz.so",
  ];
  const frames: Batch["frames"] = {
    language: ["python", "python", "native", "native"],
    function: [1, 2, 0, 0],
    file: [3, 3, 0, 0],
    line: [9, 3, 0, 0],
    column: [0, 0, 0, 0],
    module: [0, 0, 4, 7],
    address: ["", "", "0x10", "0x20"],
  };
  const position: FramePosition = { function: 5, file: 6, line: 20, functionLine: 18 };
  const leaves = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3];
  const first: Batch = {
    ...batch(1, 0),
    strings,
    frames,
    stacks: { parent: [-1, 0, 1, 1], frame: [0, 1, 2, 3] },
    samples: {
      stack: leaves,
      thread: leaves.map(() => 0),
      timeNs: leaves.map((_, i) => i * 1e7),
      event: leaves.map(() => "cpu" as const),
      value: leaves.map(() => 1e7),
    },
    updates: [{ frame: 2, language: "cpp", positions: [position] }],
  };
  const made = Recording.fromStarted(started(1), "test");
  made.append(first);
  made.stop(stopped(1, 1));
  return made;
}

/**
 * 10 samples of 10 ms: work (app.py:3) 1 in itself, 3 in the interpreter that it calls, 2 in the kernel below that, 1 in a library and
 * 1 in the C library that this calls; 1 in a Python module that the interpreter calls; 1 in the interpreter with no Python caller.
 */
function interpreted(): Recording {
  const strings = ["", "work", run.path("app.py"), "PyObject_Call", "/usr/lib/libpython3.11.so.1.0", "vfs_read", "inflate"];
  strings.push("/usr/lib/libz.so.1", "memcpy", "/usr/lib/libc.so.6", "loads", "/usr/lib/python3.11/json/decoder.py");
  const made = Recording.fromStarted(started(1), "test");
  // Stacks: 0 work · 1 work>Call · 2 work>Call>vfs_read · 3 work>inflate · 4 work>inflate>memcpy · 5 work>Call>loads · 6 Call
  const leaves = [0, 1, 1, 1, 2, 2, 3, 4, 5, 6];
  made.append({
    ...batch(1, 0),
    strings,
    frames: {
      language: ["python", "c", "kernel", "native", "native", "python"],
      function: [1, 3, 5, 6, 8, 10],
      file: [2, 0, 0, 0, 0, 11],
      line: [3, 0, 0, 0, 0, 7],
      column: [0, 0, 0, 0, 0, 0],
      module: [0, 4, 0, 7, 9, 0],
      address: ["", "0x1", "", "0x2", "0x3", ""],
    },
    stacks: { parent: [-1, 0, 1, 0, 3, 1, -1], frame: [0, 1, 2, 3, 4, 5, 1] },
    samples: {
      stack: leaves,
      thread: leaves.map(() => 0),
      timeNs: leaves.map((_, i) => i * 1e7),
      event: leaves.map(() => "cpu" as const),
      value: leaves.map(() => 1e7),
    },
  });
  made.stop(stopped(1, 1));
  return made;
}

function writeProfile(name = "p.pb.gz", made = recording()): string {
  for (const source of ["app.py", "grid.cpp"]) {
    writeFileSync(run.path(source), "x\n");
    utimesSync(run.path(source), 1e9, 1e9);
  }
  writeFileSync(run.path(name), gzipSync(encodePprof(made)));
  return name;
}

describe("report", () => {
  test("lists lines by their own cost, with what was lost and over how long", async () => {
    expect(await run.line("report", writeProfile())).toMatchInlineSnapshot(`
      "0
      cpu: 100 ms in 10 samples over 0.3 s at 99 Hz · lost 1 · leaf only 0

         self  self%  total%  line         in
      70.0 ms  70.0%  100.0%  app.py:3     work
      20.0 ms  20.0%   20.0%  grid.cpp:20  ns::Grid::step
      10.0 ms  10.0%   10.0%  [libz.so]
         0 ns   0.0%  100.0%  app.py:9     main

      Findings
      10.0%: work calls [libz.so], which is not your code (app.py:3).
      flameline: libz.so has no symbols, so functions there show as addresses. Build without stripping (-g), or install the debug symbols of the package."
    `);
  });

  test("lists functions without arguments, at their definition or hottest line", async () => {
    await run.line("report", writeProfile(), "--by", "function");
    expect(run.out).toMatchInlineSnapshot(`
      "cpu: 100 ms in 10 samples over 0.3 s at 99 Hz · lost 1 · leaf only 0

         self  self%  total%  function
      70.0 ms  70.0%  100.0%  work            app.py:3
      20.0 ms  20.0%   20.0%  ns::Grid::step  grid.cpp:18
      10.0 ms  10.0%   10.0%  [libz.so]
         0 ns   0.0%  100.0%  main            app.py:9

      Findings
      10.0%: work calls [libz.so], which is not your code (app.py:3).
      "
    `);
  });

  test("counts the runtime and the kernel under it for the interpreted line that called them, and says so", async () => {
    await run.line("report", writeProfile("i.pb.gz", interpreted()));
    expect(run.out).toMatchInlineSnapshot(`
      "cpu: 100 ms in 10 samples over 0.3 s at 99 Hz · lost 1 · leaf only 0

         self  self%  total%  line                                   in
      60.0 ms  60.0%   90.0%  app.py:3                               work
      10.0 ms  10.0%   70.0%  PyObject_Call
      10.0 ms  10.0%   20.0%  inflate
      10.0 ms  10.0%   10.0%  memcpy
      10.0 ms  10.0%   10.0%  /usr/lib/python3.11/json/decoder.py:7  loads
         0 ns   0.0%   20.0%  vfs_read

      Self holds 50.0 ms (50.0%) of interpreters, virtual machines and the kernel under them, which counts for the line that called them; --native shows it apart.

      Findings
      60.0%: work calls PyObject_Call, which is not your code (app.py:3).
      20.0%: work calls inflate, which is not your code (app.py:3).
      "
    `);
    const rows = async (...options: string[]): Promise<string> => {
      await run.line("report", "i.pb.gz", "--json", ...options);
      const found = JSON.parse(run.out) as { rows: { function: string; self: number; total: number }[] };
      return found.rows.map((row) => `${row.function} ${row.self / 1e7} ${row.total / 1e7}`).join(", ");
    };
    expect(await rows("--by", "function")).toMatchInlineSnapshot(
      `"work 6 9, PyObject_Call 1 7, inflate 1 2, memcpy 1 1, loads 1 1, vfs_read 0 2"`,
    );
    expect(await rows("--native")).toMatchInlineSnapshot(`"PyObject_Call 4 7, vfs_read 2 2, work 1 9, inflate 1 2, memcpy 1 1, loads 1 1"`);
    await run.line("report", "i.pb.gz", "--native");
    expect(run.out).not.toContain("--native");
  });

  test("lists processes", async () => {
    await run.line("report", writeProfile(), "--by", "process");
    expect(run.out).toMatchInlineSnapshot(`
      "cpu: 100 ms in 10 samples over 0.3 s at 99 Hz · lost 1 · leaf only 0

        self   self%  total%  process
      100 ms  100.0%  100.0%  7 python  /usr/bin/python
      "
    `);
  });

  test("lists threads with the labels of their tasks, whose text is only text, and keeps them in files", async () => {
    const samples = [0, 1, 1, 1, 2, 2, 3, 4];
    const made = Recording.fromStarted(started(1), "test");
    const first = batch(1, 0);
    made.append({
      ...first,
      strings: ["", "work"],
      frames: { language: ["go"], function: [1], file: [0], line: [0], column: [0], module: [0], address: [""] },
      stacks: { parent: [-1], frame: [0] },
      threads: [
        { process: 0, tid: 7, name: "server" },
        { process: 0, tid: 7, name: "server", labels: [["endpoint", "/orders"]] },
        { process: 0, tid: 8, name: "server", labels: [["endpoint", "/orders"]] },
        {
          process: 0,
          tid: 8,
          name: "server",
          labels: [
            ["event", "\u001b[31m<b>"],
            ["pid", "1"],
          ],
        },
        // What no helper sends.
        { process: 0, tid: 9, name: "odd", labels: [["a"], 7, null] as unknown as [string, string][] },
      ],
      samples: {
        stack: samples.map(() => 0),
        thread: samples,
        timeNs: samples.map((_, i) => i * 1e7),
        event: samples.map(() => "cpu" as const),
        value: samples.map(() => 1e7),
      },
      loss: { ...first.loss, unlabelled: 3 },
    });
    made.stop(stopped(1, 1));
    await run.line("report", writeProfile("labels.pb.gz", made), "--by", "thread");
    expect(run.out).toMatchInlineSnapshot(`
      "cpu: 80.0 ms in 8 samples over 0.3 s at 99 Hz · lost 1 · leaf only 0 · without their task's labels 3

         self  self%  total%  thread
      50.0 ms  62.5%   62.5%  7 server · endpoint=/orders        /usr/bin/python
      10.0 ms  12.5%   12.5%  7 server                           /usr/bin/python
      10.0 ms  12.5%   12.5%  7 server · event=�[31m<b> · pid=1  /usr/bin/python
      10.0 ms  12.5%   12.5%  7 odd · a=                         /usr/bin/python
      "
    `);
    const file = encodePprof(made);
    const again = decodePprof(file).recording;
    expect(again.threads).toEqual(made.threads);
    expect(again.loss.unlabelled).toBe(3);
    // Others read the file's strings: a label that means something to us is in the thread's name only.
    const text = new TextDecoder().decode(file);
    expect(text).toContain("endpoint");
    expect(again.processes.map(({ pid }) => pid)).toEqual([7]);
  });

  test("prints the documented JSON", async () => {
    await run.line("report", writeProfile(), "--json");
    const found = JSON.parse(run.out.replaceAll(run.folder, "DIR")) as { rows: unknown[] };
    expect({ ...found, rows: found.rows.slice(0, 2) }).toEqual({
      event: "cpu",
      unit: "ns",
      total: 1e8,
      samples: 10,
      lost: 1,
      loss: { lost: 1, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
      seconds: 0.25,
      findings: [
        {
          id: expect.stringMatching(/^foreign-cost:/),
          kind: "foreign-cost",
          title: "work calls [libz.so], which is not your code",
          share: 0.1,
          file: "DIR/app.py",
          line: 3,
          advice: expect.stringContaining("This line"),
        },
      ],
      rows: [
        { file: "DIR/app.py", line: 3, function: "work", language: "python", self: 7e7, total: 1e8 },
        { file: "DIR/grid.cpp", line: 20, function: "ns::Grid::step", language: "cpp", self: 2e7, total: 2e7 },
      ],
    });
  });

  test("tells sources that changed or are gone since", async () => {
    const name = writeProfile();
    utimesSync(run.path("app.py"), 2e9, 2e9);
    rmSync(run.path("grid.cpp"));
    await run.line("report", name);
    expect(run.err.replaceAll(run.folder, "DIR")).toContain(
      "flameline: DIR/grid.cpp is gone since the recording, and DIR/app.py changed since the recording. " +
        "Line numbers there are those of the text that ran; record again for the text of today.",
    );
  });

  test("of an event that the profile does not hold is a mistake", async () => {
    expect(await run.line("report", writeProfile(), "--event", "memory")).toBe("2\nflameline: The profile holds no memory, only cpu.");
    expect(await run.line("report", "p.pb.gz", "--event", "cup")).toMatch(/^2\nflameline: There is no event cup. Did you mean cpu\?/);
  });
});

describe("a bad file", () => {
  test("that is truncated is read as far as it goes", async () => {
    const name = writeProfile();
    const whole = readFileSync(run.path(name));
    // Not compressed, so that what is cut off is the end of the profile and not of a block of the packer.
    const packed = gzipSync(gunzipSync(whole), { level: 0 });
    writeFileSync(run.path("cut.pb.gz"), packed.subarray(0, packed.length - 100));
    // 10 samples were written: the last ones are gone, and the first ones keep their names.
    expect(await run.line("report", "cut.pb.gz")).toMatch(/ in [1-9] samples? [^]*app\.py/);
    expect(run.err).toContain("flameline: The file is truncated or damaged: what follows the damage is missing.");
  });

  test.each([
    ["nothing", "", "is not a profile that Flameline can read: it is empty."],
    ["a picture", "\u0089PNG\r\n\u001a\n\0\0\0\rIHDR", "is not a profile that Flameline can read:"],
    ["damaged gzip", "\u001f\u008bnothing of that kind", "is not a profile that Flameline can read: its compressed data is damaged."],
    ["prose", "It was a dark and stormy night.\nThe end.\n", "is not a profile that Flameline can read:"],
  ])("%s is told in one sentence", async (_, text, sentence) => {
    writeFileSync(run.path("bad"), Buffer.from(text, "latin1"));
    const found = await run.line("report", "bad");
    expect(found.split("\n")[0]).toBe("2");
    expect(run.err).toContain(sentence);
    expect(run.err.trim().split("\n")).toHaveLength(1);
  });

  test("that does not exist, and a folder without a recording, are told", async () => {
    expect(await run.line("report", "none.pb.gz")).toMatch(/^2\nflameline: There is no file DIR\/none.pb.gz\./);
    mkdirSync(run.path("empty"));
    expect(await run.line("report", "empty")).toMatch(/it is a folder without run.pb.gz, batches.jsonl and ring.json/);
  });

  test("that a crash left as batches is read, with a half-written last line", async () => {
    const lines = [started(1), batch(1, 0), batch(1, 1)].map((message) => JSON.stringify(message)).join("\n");
    writeFileSync(run.path("batches.jsonl"), lines.slice(0, -20));
    expect(await run.line("report", "batches.jsonl", "--json")).toMatch(/"samples":3,/);
    expect(run.err).not.toBe("");
  });
});

describe("export", () => {
  test("writes collapsed stacks", async () => {
    expect(await run.line("export", writeProfile(), "--to", "collapsed", "-o", "out.txt")).toBe("0");
    const lines = readFileSync(run.path("out.txt"), "utf8").trim().split("\n");
    expect(lines).toMatchInlineSnapshot(`
      [
        "# flameline event=cpu unit=ns",
        "main;work 70000000",
        "main;work;ns::Grid<int>::step(int) const 20000000",
        "main;work;[libz.so] 10000000",
      ]
    `);
  });

  test("writes to the standard output where - is the file", async () => {
    expect(await run.line("export", writeProfile(), "--to", "collapsed", "-o", "-")).toMatch(/^0\n# flameline event=cpu/);
  });

  test("writes pprof that reads the same, over an existing file but not through a link", async () => {
    writeFileSync(run.path("precious"), "precious");
    symlinkSync(run.path("precious"), run.path("out.pb.gz"));
    expect(await run.line("export", writeProfile(), "--to", "pprof", "-o", "out.pb.gz")).toBe("0");
    expect(readFileSync(run.path("precious"), "utf8")).toBe("precious");
    expect(lstatSync(run.path("out.pb.gz")).isSymbolicLink()).toBe(false);
    const again = decodePprof(gunzipSync(readFileSync(run.path("out.pb.gz")))).recording;
    expect([again.samples.length, again.loss.lost, again.info.hz]).toEqual([10, 1, 99]);
  });

  test("to a folder that does not exist is told", async () => {
    expect(await run.line("export", writeProfile(), "--to", "pprof", "-o", "none/out.pb.gz")).toMatch(
      /^2\nflameline: DIR\/none\/out.pb.gz could not be written: ENOENT/,
    );
  });
});
