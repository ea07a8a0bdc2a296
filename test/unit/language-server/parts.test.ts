import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { carryRewritten } from "../../../language-server/carry-rewritten.js";
import { inTurns, Paced } from "../../../language-server/pacing.js";
import { readLines } from "../../../profile-files/read-lines.js";
import { duration, percent, quantity } from "../../../language-server/wording.js";
import { carryLines } from "../../../source/carry.js";

test("work in steps lets others have their turn, and gives its answer", async () => {
  let others = 0;
  const other = setInterval(() => others++, 1);
  const work = function* (): Generator<undefined, string, undefined> {
    for (let step = 0; step < 20; step++) {
      for (const end = performance.now() + 5; performance.now() < end; );
      yield;
    }
    return "done";
  };
  expect(await inTurns(work())).toBe("done");
  clearInterval(other);
  expect(others).toBeGreaterThan(3);
});

test("shares read with two significant digits", () => {
  expect([1, 0.3849, 0.0996, 0.0949, 0.004, 0.0004, 0, Number.NaN].map(percent)).toEqual([
    "100 %",
    "38 %",
    "10 %",
    "9.5 %",
    "0.4 %",
    "< 0.1 %",
    "0 %",
    "0 %",
  ]);
});

test("durations and sizes read in the unit that fits", () => {
  expect([0, 1e5, 350e6, 1.25e9, 8e9, 59.6e9, 125e9, 10_920e9].map(duration)).toEqual([
    "0 ms",
    "< 1 ms",
    "350 ms",
    "1.3 s",
    "8 s",
    "1 min",
    "2 min 5 s",
    "3 h 2 min",
  ]);
  expect([12, 1200, 45e6, 3.2e9].map((bytes) => quantity(bytes, "bytes"))).toEqual(["12 B", "1.2 kB", "45 MB", "3.2 GB"]);
});

test("a rewritten line is where the block of as many lines is that replaced it", () => {
  const old = "a\nb\nc\nd\ne\n";
  const rewritten = (to: string, line: number): number | undefined => carryRewritten(carryLines(old, to), line);
  expect(rewritten("a\nB\nC\nd\ne\n", 2)).toBe(2);
  expect(rewritten("top\na\nB\nC\nd\ne\n", 3)).toBe(4);
  expect(rewritten("A\nb\nc\nd\ne\n", 1)).toBe(1);
  expect(rewritten("a\nB\nd\ne\n", 2)).toBeUndefined();
  expect(rewritten("a\nb\nc\nd\ne\n", 4)).toBe(4);
});

test("paced work runs at most once an interval, never twice at once, and last after the last request", async () => {
  const starts: number[] = [];
  let running = 0;
  let requested = 0;
  let seen = 0;
  const paced = new Paced(
    { soon: 50, later: () => 0 },
    async () => {
      expect(running).toBe(0);
      running += 1;
      starts.push(performance.now());
      seen = requested;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    },
    () => undefined,
  );
  for (requested = 1; requested < 40; requested++) {
    paced.request();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  paced.request();
  await expect.poll(() => seen).toBe(40);
  const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(45);
});

test("paced work goes on after a failure", async () => {
  const failures: unknown[] = [];
  let calls = 0;
  const paced = new Paced(
    { soon: 1, later: () => 0 },
    async () => {
      calls += 1;
      throw new Error(`failure ${calls}`);
    },
    (error) => failures.push(error),
  );
  paced.request();
  await expect.poll(() => failures.length).toBe(1);
  paced.request();
  await expect.poll(() => failures.length).toBe(2);
});

test("lines are read whole over the borders of chunks, the last one also without its end", () => {
  const folder = mkdtempSync(join(tmpdir(), "flameline-lines-"));
  const path = join(folder, "long.txt");
  const lines = ["é".repeat(700_001), "", "x".repeat(2_500_000), "é".repeat(300_000)];
  writeFileSync(path, lines.join("\n"));
  expect([...readLines(path)]).toEqual(lines);
  rmSync(folder, { recursive: true });
});
