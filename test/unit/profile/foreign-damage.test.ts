import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { CollapsedReader } from "../../../profile/formats/collapsed.js";
import { JsonProfileReader } from "../../../profile/formats/json-profile.js";
import { PerfScriptReader } from "../../../profile/formats/perf-script.js";
import type { ReadResult, StreamReader } from "../../../profile/formats/stream-reader.js";
import { callTree } from "../../../profile/tree.js";
import { atOnce } from "../../../profile/steps.js";
import { summarize } from "../../../profile/summary.js";
import { fixture, readFileAt, readText } from "../../support/read-file.js";
import { formatSamples } from "../../support/profile-text.js";

const CPU = JSON.stringify({
  nodes: [
    { id: 1, callFrame: { functionName: "(root)", url: "", lineNumber: -1 }, hitCount: 0, children: [2] },
    {
      id: 2,
      callFrame: { functionName: 'a"\\\u2028é', url: "file:///a.js", lineNumber: 3 },
      hitCount: 2,
      children: [3],
      positionTicks: [{ line: 4, ticks: 2 }],
    },
    { id: 3, callFrame: { functionName: "b", url: "file:///a.js", lineNumber: 9 }, hitCount: 1, children: [] },
  ],
  startTime: 10,
  endTime: 50,
  samples: [2, 3, 2],
  timeDeltas: [10, 10, 10],
  other: { deep: [[[{}]]], text: "]}" },
});
const SPEEDSCOPE = JSON.stringify({
  $schema: "https://www.speedscope.app/file-format-schema.json",
  shared: {
    frames: [
      { name: "a", file: "x.py", line: 1 },
      { name: "b,]}", line: 2 },
    ],
  },
  profiles: [
    { type: "sampled", name: "one", unit: "seconds", startValue: 0, endValue: 3, samples: [[0], [0, 1], [1]], weights: [1, 1, 1] },
    {
      type: "evented",
      name: "two",
      unit: "seconds",
      startValue: 0,
      endValue: 3,
      events: [
        { type: "O", frame: 0, at: 0 },
        { type: "O", frame: 1, at: 1 },
        { type: "C", frame: 1, at: 2 },
        { type: "C", frame: 0, at: 3 },
      ],
    },
  ],
});
const PERF = readFileSync(fixture("perf-srcline.perf"), "utf8").split("\n").slice(0, 12).join("\n");
const COLLAPSED = "main;work 3\nmain;idle 2\n";

const FORMATS: readonly (readonly [string, string, () => StreamReader])[] = [
  [".cpuprofile", CPU, () => new JsonProfileReader()],
  ["speedscope", SPEEDSCOPE, () => new JsonProfileReader()],
  ["perf script", PERF, () => new PerfScriptReader()],
  ["collapsed", COLLAPSED, () => new CollapsedReader()],
];

/** Reads, and asks what every view would ask of it. */
function read(reader: StreamReader, bytes: Uint8Array, piece = bytes.length): ReadResult {
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.slice(at, at + piece));
  const result = atOnce(reader.end());
  summarize(result.recording, "");
  formatSamples(result.recording);
  for (const event of result.recording.eventsWithSamples()) {
    for (const direction of ["top-down", "bottom-up"] as const) callTree(result.recording, { event }, { direction, minimumShare: 0 });
  }
  for (const value of result.recording.samples.value.view()) expect(value >= 0 && Number.isFinite(value)).toBe(true);
  for (const time of result.recording.samples.timeNs.view()) expect(time >= 0 && Number.isFinite(time)).toBe(true);
  return result;
}

describe.each(FORMATS)("%s", (_, text, reader) => {
  const bytes = Buffer.from(text);

  test("in pieces of any size says the same", () => {
    const whole = read(reader(), bytes);
    expect(whole.warnings).toEqual(text === COLLAPSED ? [expect.stringContaining("only counts samples")] : []);
    for (const size of [1, 2, 3, 7, 64]) {
      const pieces = read(reader(), bytes, size);
      expect(formatSamples(pieces.recording)).toBe(formatSamples(whole.recording));
      expect(pieces.warnings).toEqual(whole.warnings);
    }
  });

  test("cut at every byte gives at most what is there, never throws, and never makes anything up", () => {
    const whole = read(reader(), bytes).recording;
    const names = new Set(whole.strings);
    for (let length = 0; length < bytes.length; length++) {
      const { recording, warnings } = read(reader(), bytes.subarray(0, length));
      expect(recording.samples.length).toBeLessThanOrEqual(whole.samples.length);
      // A name that lies on the cut may be cut itself in formats without quotes.
      if (text.startsWith("{")) {
        for (const name of recording.strings) expect(names).toContain(name);
        expect(warnings.join()).toContain("ends in the middle");
      }
    }
  });

  test("with any byte changed never throws", () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const other of [0, 0x22, 0x2c, 0x5b, 0x7d, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = other;
        read(reader(), changed);
      }
    }
  });
});

/** Puts every odd value at every place of a document, one at a time. */
function* variants(value: unknown): Generator<unknown> {
  for (const odd of [null, true, -1, 1e300, -1e300, 0.5, 2 ** 53, "", "x", [], {}, [[]], [null, "1", {}]]) yield odd;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      for (const odd of variants(item)) yield value.map((each, i) => (i === index ? odd : (each as unknown)));
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) for (const odd of variants(item)) yield { ...value, [key]: odd };
  }
}

describe.each([
  [".cpuprofile", CPU],
  ["speedscope", SPEEDSCOPE],
])("%s", (_, text) => {
  test("with a wrong type, a huge or a negative number in any place never throws", () => {
    let tried = 0;
    for (const variant of variants(JSON.parse(text))) {
      read(new JsonProfileReader(), Buffer.from(JSON.stringify(variant)));
      tried++;
    }
    expect(tried).toBeGreaterThan(500);
  });
});

describe("hostile files", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "nul\u0000nul",
    "__proto__",
    "x".repeat(100_000),
    "\u2028;\n",
    "a\ud800b",
    "../../etc/passwd",
  ];

  test("have their names kept as they are", async () => {
    const frames = HOSTILE.map((name) => ({ name, file: name }));
    const profile = {
      type: "sampled",
      name: "<b>",
      unit: "bytes",
      startValue: 0,
      endValue: 1,
      samples: [HOSTILE.map((__, i) => i)],
      weights: [1],
    };
    const { recording, warnings } = await readText(JSON.stringify({ shared: { frames }, profiles: [profile] }));
    expect(warnings).toEqual([]);
    for (const name of HOSTILE) expect(recording.strings).toContain(name);
  });

  test("of perf with long and hostile names are read line by line", async () => {
    const text = HOSTILE.map(
      (name) =>
        `${name.replace(/[\n\0]/g, "")} 1/1 1.5: 1 cpu-clock: \n\t11 ${name.replace(/[\n\0]/g, "")} (/bin/${name.slice(0, 9).replace(/[\n\0]/g, "")})\n\n`,
    );
    const { recording } = await readText(text.join(""));
    // The one whose process's name alone is longer than any head of a sample is not told from noise.
    expect(recording.samples.length).toBe(HOSTILE.length - 1);
  });

  test("that are one line of 10 MB, or blanks, end soon", { timeout: 60_000 }, async () => {
    for (const fill of [" ", "a", "\t", "1.1: ", "(", '"', "[", "\\"]) {
      const line = Buffer.from(fill.repeat(Math.ceil(1e7 / fill.length)));
      for (const before of ["", '{"nodes":[', "app 1 1.5: 1 cpu-clock: \n\t11 "])
        await readText(Buffer.concat([Buffer.from(before), line])).catch(() => undefined);
    }
  });

  test("with a chain of 200,000 calls, and with a circle of them, are read", { timeout: 60_000 }, async () => {
    const count = 200_000;
    for (const last of ["[]", "[1]"]) {
      const nodes = Array.from(
        { length: count },
        (__, i) => `{"id":${i + 1},"callFrame":{"functionName":"f","url":""},"children":${i + 1 < count ? `[${i + 2}]` : last}}`,
      );
      const { recording } = await readText(
        `{"nodes":[${nodes.join(",")}],"startTime":0,"endTime":2,"samples":[${count},1],"timeDeltas":[0,1]}`,
      );
      expect(recording.samples.length).toBe(2);
      expect(recording.stacks.length).toBeGreaterThanOrEqual(count);
    }
  });

  test("that unpack to more than 2 GB are refused in a sentence, in memory that does not grow with them", {
    timeout: 120_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "flameline-bomb-"));
    try {
      const path = join(folder, "bomb.speedscope.json.gz");
      const gzip = createGzip({ level: 1 });
      const written = new Promise<void>((resolve) => gzip.pipe(createWriteStream(path)).on("close", () => resolve()));
      gzip.write('{"profiles":[');
      const blanks = Buffer.alloc(1 << 26, " ");
      for (let i = 0; i < 31; i++) if (!gzip.write(blanks)) await new Promise<void>((resolve) => gzip.once("drain", () => resolve()));
      gzip.end();
      await written;
      const before = process.memoryUsage().rss;
      await expect(readFileAt(path)).rejects.toThrow("too-large");
      expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("that are damaged inside their compression give what comes before the damage", async () => {
    const names = Array.from({ length: 3000 }, (__, i) => `f${i};g${i * 7919} ${i + 1}\n`).join("");
    const packed = gzipSync(names);
    const cut = await readText(packed.subarray(0, packed.length * 0.7));
    expect(cut.recording.samples.length).toBeGreaterThan(1500);
    expect(cut.warnings[0]).toContain("truncated or damaged");
    const changed = Buffer.from(packed);
    changed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 40);
    const broken = await readText(changed);
    expect(broken.recording.samples.length).toBeGreaterThan(500);
    expect(broken.warnings[0]).toContain("truncated or damaged");
  });
});
