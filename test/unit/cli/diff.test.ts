import { createHash } from "node:crypto";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { type Program, simulate } from "../../support/simulated-run.js";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

const frame = (fn: number): string =>
  fn < 2 ? `${["price", "tax"][fn]}:${[2, 6][fn]}(${run.path("shop.py")})` : `read [libc.so.6]{native}`;
const shop = (): Program => ({ rates: [0.3, 0.2, 0.1], seconds: 20, hz: 499, frame });

/** Before the simulated recordings' start. */
const LONG_AGO = new Date("2023-01-01");
const TEXT = "def price():\n    return 1\n\n\ndef tax():\n    return 2\n";

function write(name: string, program: Program, seed: number): void {
  writeFileSync(run.path(name), gzipSync(encodePprof(simulate(program, seed), {})));
}

function source(text: string, at = LONG_AGO): void {
  writeFileSync(run.path("shop.py"), text);
  utimesSync(run.path("shop.py"), at, at);
}

/** A kept recording's folder, with the text of the source as it ran. */
function keep(name: string, program: Program, seed: number, text: string): void {
  mkdirSync(run.path(name, "sources"), { recursive: true });
  write(`${name}/run.pb.gz`, program, seed);
  const sha256 = createHash("sha256").update(text).digest("hex");
  writeFileSync(run.path(name, "sources", sha256), text);
  const file = { path: run.path("shop.py"), sha256, bytes: text.length, mtimeMs: LONG_AGO.getTime() };
  writeFileSync(run.path(name, "sources.json"), JSON.stringify({ version: 1, files: [file], leftOut: 0 }));
}

interface Row {
  readonly file: string | null;
  readonly line: number | null;
  readonly function: string;
  readonly base: number;
  readonly new: number;
  readonly baseCost: number;
  readonly newCost: number;
  readonly change: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly relative: number | null;
  readonly significant: boolean;
  readonly verdict: string;
}

async function json(
  ...args: string[]
): Promise<{ rows: Row[]; per: string; cost: string; untold: string | null; total: Row | null; base: object }> {
  expect((await run.line("diff", ...args, "--json")).split("\n")[0]).toBe("0");
  return JSON.parse(run.out);
}

const slower = (program: Program, by: number): Program => ({
  ...program,
  rates: program.rates.map((rate, fn) => (fn === 0 ? rate * by : rate)),
});

describe("flameline diff", () => {
  test("says what is more, what is less and what is noise", async () => {
    source(TEXT);
    write("base.pb.gz", shop(), 1);
    write("new.pb.gz", { ...slower(shop(), 1.3), rates: [0.39, 0.2, 0] }, 2);
    expect(await run.line("diff", "base.pb.gz", "new.pb.gz")).toMatchInlineSnapshot(`
      "0
      cpu, self, in each second of wall time
      base  base.pb.gz: 12.3 s in 20.0 s
      new   new.pb.gz: 11.9 s in 20.0 s
      all   614 ms/s → 596 ms/s, -18.1 ms/s (-3.0%), 95% interval -7.6% to +1.1%: noise

      2 of 3 lines changed by more than noise within the recordings (at most 5% of these are expected to be noise).

          base       new      change               95% interval          line       in
      104 ms/s    0 ns/s   -104 ms/s    gone  -100.0% to -99.8%  ▼ less  main
      306 ms/s  395 ms/s  +88.9 ms/s  +29.0%   +21.6% to +36.4%  ▲ more  shop.py:2  price
      204 ms/s  201 ms/s  -3.21 ms/s   -1.6%     -7.6% to +4.9%  noise   shop.py:6  tax"
    `);
  });

  test("prints the same as one document", async () => {
    source(TEXT);
    write("base.pb.gz", shop(), 1);
    write("new.pb.gz", slower(shop(), 1.3), 2);
    const { rows, ...head } = await json("base.pb.gz", "new.pb.gz");
    expect(head).toMatchObject({
      event: "cpu",
      unit: "ns",
      cost: "self",
      per: "second",
      untold: null,
      base: { seconds: 20, lost: 0, blocks: 16 },
    });
    const [price, ...others] = rows;
    expect(price).toMatchObject({ file: run.path("shop.py"), line: 2, function: "price", significant: true, verdict: "more" });
    expect(Math.abs((price?.relative ?? 0) - 0.3)).toBeLessThan(0.1);
    expect(price?.change).toBeCloseTo((price?.new ?? 0) - (price?.base ?? 0), 3);
    // In each second, beside what was recorded in all of them.
    expect(price?.baseCost).toBeCloseTo((price?.base ?? 0) * 20, -3);
    expect(price?.low).toBeGreaterThan(0);
    expect(price?.high).toBeGreaterThan(price?.change ?? 0);
    expect(others.map(({ function: name, significant }) => `${name} ${significant}`).toSorted()).toEqual(["main false", "tax false"]);
    expect(head.total?.verdict).toBe("more");
  });

  test("compares functions, total cost, shares and whole runs", async () => {
    source(TEXT);
    write("base.pb.gz", shop(), 1);
    write("new.pb.gz", { ...shop(), seconds: 10 }, 2);
    const byFunction = await json("base.pb.gz", "new.pb.gz", "--by", "function", "--total");
    expect(byFunction.rows.map(({ function: name }) => name).toSorted()).toEqual(["main", "price", "read", "tax"]);
    expect(byFunction.rows.find(({ function: name }) => name === "main")?.base).toBeCloseTo(0.6e9, -8);
    const shares = await json("base.pb.gz", "new.pb.gz", "--per", "share");
    expect(shares.rows.reduce((sum, row) => sum + row.base, 0)).toBeCloseTo(1, 6);
    expect(shares.rows.some(({ significant }) => significant)).toBe(false);
    const runs = await json("base.pb.gz", "new.pb.gz", "--per", "run");
    expect(runs.rows.every(({ verdict }) => verdict === "less")).toBe(true);
  });

  test("compares two parts of one profile", async () => {
    source(TEXT);
    write("base.pb.gz", shop(), 1);
    const { rows, base } = await json("base.pb.gz", "base.pb.gz", "--base-range", "0-8", "--new-range", "12-");
    expect(base).toMatchObject({ seconds: 8, blocks: 8 });
    expect(rows).toHaveLength(3);
    expect(rows.every(({ verdict }) => verdict === "noise")).toBe(true);
  });

  test("carries lines over edits: a moved line is one row, a rewritten one is gone and new", async () => {
    source("rewritten since", new Date());
    keep("base", shop(), 1, TEXT);
    const moved = { ...shop(), frame: (fn: number) => frame(fn).replace(":2(", ":3(").replace(":6(", ":7(") };
    keep("new", moved, 2, `import os\n${TEXT.replace("return 2", "return 2 + 0")}`);
    const { rows } = await json("base", "new");
    const told = rows.map(
      ({ function: name, line, base, new: next }) => `${name}:${line} ${base > 0 ? "base" : ""}${next > 0 ? "new" : ""}`,
    );
    expect(told.toSorted()).toEqual(["main:null basenew", "price:3 basenew", "tax:6 base", "tax:7 new"]);
  });

  test("adds lines up by function where the text of a run is not known, and says so", async () => {
    source(TEXT, new Date());
    write("base.pb.gz", shop(), 1);
    write("new.pb.gz", { ...shop(), frame: (fn: number) => frame(fn).replace(":2(", ":3(") }, 2);
    const { rows } = await json("base.pb.gz", "new.pb.gz");
    expect(rows.find(({ function: name }) => name === "price")).toMatchObject({ line: null, verdict: "noise" });
    expect(run.err).toContain("The text that ran is not known of shop.py: written since, and not kept with the profile.");
  });

  test("finds a file of another checkout by its name", async () => {
    write("base.pb.gz", shop(), 1);
    write("new.pb.gz", { ...shop(), frame: (fn: number) => frame(fn).replace(run.folder, "/elsewhere") }, 2);
    const { rows } = await json("base.pb.gz", "new.pb.gz");
    expect(rows.map(({ function: name, file }) => `${name} ${file}`).toSorted()).toEqual([
      "main null",
      "price /elsewhere/shop.py",
      "tax /elsewhere/shop.py",
    ]);
  });

  test("says that a recording is too short to tell", async () => {
    source(TEXT);
    write("base.pb.gz", { ...shop(), seconds: 2 }, 1);
    write("new.pb.gz", slower(shop(), 2), 2);
    expect(await run.line("diff", "base.pb.gz", "new.pb.gz")).toContain(
      "Too short to tell change from noise: record at least 4 s on each side.",
    );
    const { untold, rows } = await json("base.pb.gz", "new.pb.gz");
    expect(untold).toBe("short");
    expect(rows.every(({ significant, low, verdict }) => !significant && low === null && verdict === "untold")).toBe(true);
  });

  test("refuses what it can't compare, in one sentence", async () => {
    write("base.pb.gz", shop(), 1);
    expect(await run.line("diff", "base.pb.gz")).toBe("2\nflameline: Name two profiles: the base, and the new one.");
    expect(await run.line("diff", "base.pb.gz", "base.pb.gz", "--event", "off_cpu")).toBe(
      "2\nflameline: The profiles can't be compared by off_cpu: the base holds cpu, the new one cpu.",
    );
    expect(await run.line("diff", "base.pb.gz", "base.pb.gz", "--base-range", "9-3")).toBe(
      "2\nflameline: --base-range takes two times in seconds since the recording's start, as 2-10.5, not 9-3.",
    );
    expect((await run.line("diff", "base.pb.gz", "gone.pb.gz")).split("\n")[0]).toBe("2");
  });
});
