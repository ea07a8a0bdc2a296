import { describe, expect, test } from "vitest";
import { readBatches } from "../../../profile/formats/batches.js";
import { decodeCollapsed, encodeCollapsed } from "../../../profile/formats/collapsed.js";
import { chooseColumns } from "../../../profile/formats/sample-types.js";
import { decodePprof } from "../../../profile/formats/pprof.js";
import { ProtoReader } from "../../../profile/formats/proto-reader.js";
import { ProtoWriter } from "../../../profile/formats/proto-writer.js";
import { decodeUtf8, encodeUtf8 } from "../../../profile/formats/utf8.js";
import { summarize } from "../../../profile/summary.js";
import { batchFromStacks, formatSamples, recordingFromCollapsed } from "../../support/profile-text.js";

describe("collapsed stacks", () => {
  test("say which event and unit they are, and come back with the same numbers", () => {
    const recording = recordingFromCollapsed(
      `
      main:1;work:12;a;b 250
      main:2;work:13;a;b 50
      main:1;[/lib/libc.so] 7
      `,
      { events: ["off_cpu"] },
    );
    const text = encodeCollapsed(recording, { event: "off_cpu" });
    expect(text).toBe("# flameline event=off_cpu unit=ns\nmain;work;a;b 300\nmain;[libc.so] 7\n");
    const { recording: back, warnings } = decodeCollapsed(text);
    expect(encodeCollapsed(back, { event: "off_cpu" })).toBe(text);
    expect(warnings).toEqual([]);
  });

  test("names that hold a separator lose it rather than break their line", () => {
    const recording = recordingFromCollapsed("main 1");
    recording.stringTable.values[recording.functions.name.at(0)] = "a;b\nc";
    expect(encodeCollapsed(recording, { event: "cpu" })).toBe("# flameline event=cpu unit=ns\na:b c 1\n");
  });

  test("of other tools count samples, and py-spy's names have file and line", () => {
    const { recording, warnings } = decodeCollapsed(
      "<module> (app.py:3);work (pkg/app.py:12) 5\nswapper;do_idle_[k] 2\r\n\nnonsense\nmain -3\n 4\n",
    );
    expect(formatSamples(recording)).toMatchInlineSnapshot(`
      "0 0:/0: cpu 50000000 x5 <module>:3(app.py){python};work:12(pkg/app.py){python}
      0 0:/0: cpu 20000000 x2 swapper{native};do_idle{kernel}"
    `);
    expect(summarize(recording, "").events).toEqual([{ event: "cpu", unit: "ns", samples: 7, total: 7e7 }]);
    expect(warnings).toEqual([
      "The file only counts samples; each is shown as 10 ms of CPU time.",
      "3 samples could not be read and were left out.",
    ]);
  });
});

describe("batches.jsonl", () => {
  const started = { type: "started", recording: 1, startUnixNs: "1700000000000000123", hz: 99, events: ["cpu"] };
  const batch = batchFromStacks([{ frames: ["main:1", "work:2"], value: 5 }]);
  const stopped = { type: "stopped", recording: 1, reason: "requested", durationNs: 2e9, batches: 1 };
  const lines = [started, batch, stopped].map((message) => JSON.stringify(message));

  test("of a whole recording are read without a word", () => {
    const { recording, warnings } = readBatches(lines, "run");
    expect(warnings).toEqual([]);
    expect(recording.info).toEqual({
      name: "run",
      startUnixNs: "1700000000000000123",
      startUnixMs: 1700000000000,
      hz: 99,
      events: ["cpu"],
      durationNs: 2e9,
    });
    expect(recording.samples.length).toBe(1);
  });

  test.each([
    ["a crash", [lines[0], lines[1]], 1, ["The recording was not ended properly; everything up to its last message was read."]],
    ["a cut line", [lines[0], lines[1], lines[2]?.slice(0, 40)], 1, ["The recording's last message was cut off and is left out."]],
    ["a lost first line", lines.slice(1), 1, ["The recording's first line is missing, so its start and its rate are unknown."]],
    ["a bad line", [lines[0], "{]", lines[1], lines[2]], 1, ["1 message from the helper could not be read and was left out."]],
    ["nothing", [], 0, undefined],
  ])("after %s give what there is", (_, kept, samples, said) => {
    const { recording, warnings } = readBatches(kept.map((line) => line ?? ""));
    expect(recording.samples.length).toBe(samples);
    if (said !== undefined) expect(warnings).toEqual(said);
    else expect(warnings.length).toBeGreaterThan(0);
  });
});

describe("sample types", () => {
  const choose = (text: string, defaultType = "", periodNs = 0) => {
    const types = text.split(" ").map((pair) => ({ type: pair.split("/")[0] ?? "", unit: pair.split("/")[1] ?? "" }));
    const { columns, countIndex, warnings } = chooseColumns(types, { defaultType, periodNs });
    return [columns.map(({ index, event, scale }) => `${index}: ${event} x${scale}`).join(", "), `count ${countIndex}`, ...warnings];
  };

  test.each([
    ["Go's CPU profile", "samples/count cpu/nanoseconds", "", 1e7],
    ["Go's heap profile", "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes", "", 524288],
    [
      "Go's heap profile, allocations wanted",
      "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes",
      "alloc_space",
      0,
    ],
    ["Go's mutex profile", "contentions/count delay/nanoseconds", "", 1],
    ["ours", "cpu/nanoseconds off_cpu/nanoseconds io_read/bytes", "cpu", 0],
    ["Node's", "sample/count wall/microseconds", "", 0],
    ["those with CPU and wall time", "samples/count cpu/nanoseconds wall/nanoseconds", "", 0],
    ["those with wall time by default", "samples/count cpu/nanoseconds wall/nanoseconds", "wall", 0],
    ["counts at a known period", "samples/count", "", 2e6],
    ["counts only", "samples/count", "", 0],
    ["something else", "goroutine/count", "", 0],
  ])("of %s are understood", (_, types, defaultType, periodNs) => {
    expect(choose(types, defaultType, periodNs)).toMatchSnapshot();
  });
});

describe("pprof of other tools", () => {
  /** A file by hand: fields in an odd order, numbers unpacked, ids that are 64-bit hashes, missing tables. */
  function handmade(change: (profile: ProtoWriter) => void): Uint8Array {
    const profile = new ProtoWriter();
    const message = (field: number, write: (inner: ProtoWriter) => void, into = profile): void => {
      const inner = new ProtoWriter();
      write(inner);
      into.bytes(field, inner.view());
    };
    for (const text of ["", "wall", "nanoseconds", "main", "work", "thread_id", "7", "end_timestamp_ns", "a.py"]) profile.text(6, text);
    message(2, (sample) => {
      sample.halves(1, 0xfedcba98, 2);
      sample.halves(1, 0xfedcba98, 1);
      sample.int(1, 404);
      sample.int(2, 1000);
      message(
        3,
        (label) => {
          label.int(1, 5);
          label.int(2, 6);
        },
        sample,
      );
      message(
        3,
        (label) => {
          label.int(1, 7);
          label.halves(3, 396000000, 1234567891);
        },
        sample,
      );
    });
    message(1, (type) => {
      type.int(1, 1);
      type.int(2, 2);
    });
    for (const id of [1, 2]) {
      message(4, (location) => {
        location.halves(1, 0xfedcba98, id);
        message(
          4,
          (line) => {
            line.int(1, id);
            line.int(2, 10 * id);
          },
          location,
        );
      });
    }
    message(5, (fn) => {
      fn.int(1, 1);
      fn.int(2, 3);
      fn.int(4, 8);
    });
    profile.halves(9, 396000000, 1234567890);
    change(profile);
    return profile.view().slice();
  }

  test("with hashes as ids, no second function, a location that is not there, calendar times", () => {
    const { recording, warnings } = decodePprof(handmade(() => undefined));
    expect(formatSamples(recording)).toMatchInlineSnapshot(`"1 0:/7: cpu 1000 {native};main:10(a.py){python};:20{native}"`);
    expect(warnings).toMatchInlineSnapshot(`
      [
        "The file holds wall-clock time, which is shown as CPU time.",
        "2 frames could not be read and are shown without a name.",
      ]
    `);
  });

  test("negative and missing values are left out, unknown fields are skipped, the largest value counts", () => {
    const { recording, warnings } = decodePprof(
      handmade((profile) => {
        for (const value of [-5, 2 ** 62]) {
          const sample = new ProtoWriter();
          sample.int(2, value);
          profile.bytes(2, sample.view());
        }
        profile.bytes(2, new Uint8Array());
        profile.text(7, "runtime\\..*");
        profile.text(999, "unknown");
        profile.int(1000, 5);
      }),
    );
    expect([...recording.samples.value.view()]).toEqual([1000, 2 ** 62]);
    expect(warnings).toContain("2 samples could not be read and were left out.");
  });

  test("a file that is still compressed says so", () => {
    expect(decodePprof(Uint8Array.of(0x1f, 0x8b, 8)).warnings).toEqual([
      "The profile is still compressed and was not read. Decompress it first, for example with gzip -d.",
    ]);
  });
});

describe("bytes", () => {
  test.each([0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, -(2 ** 53), 2 ** 62])("%d is written and read as a varint", (value) => {
    const writer = new ProtoWriter();
    writer.varint(value);
    const reader = new ProtoReader(writer.view());
    reader.varint();
    expect(reader.int64()).toBe(value);
  });

  test.each(["", "plain", "h\u00e9\u20ac\u{1f680}", "x".repeat(20000), `${"y".repeat(9000)}\u{1f680}`])(
    "%# is UTF-8 as Node has it",
    (text) => {
      expect(encodeUtf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    },
  );

  test("what is not UTF-8 becomes U+FFFD", () => {
    expect(decodeUtf8(Uint8Array.of(0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xe2, 0x82, 0x62))).toMatch(/^a\ufffd+b$/);
    expect(decodeUtf8(encodeUtf8("a\ud800b"))).toBe("a\ufffdb");
  });
});
