/**
 * Recordings by the real helper: 14 s at 499 Hz on a busy machine of `shop.py 60000` twice, and of `shop.py 72000`, in which `price` does
 * 1.2 times as much; and, each in turn, five of 10 s at 99 Hz of `shop.py 200000` (`before`) and of `shop.py 240000` (`after`).
 */
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Run } from "./run.js";

let run: Run;
beforeEach(() => {
  run = new Run();
});
afterEach(() => run.dispose());

interface Row {
  readonly function: string;
  readonly base: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly relativeLow: number | null;
  readonly relativeHigh: number | null;
  readonly significant: boolean;
}

const fixture = (name: string): string => path.join(import.meta.dirname, "../../fixtures/difference", `${name}.pb.gz`);

async function compare(base: string, next: string): Promise<readonly Row[]> {
  await run.line("diff", fixture(base), fixture(next), "--by", "function", "--json");
  return (JSON.parse(run.out) as { rows: Row[] }).rows;
}

test("two recordings of the same program do not differ, and the intervals hold no change", async () => {
  const rows = await compare("base", "same");
  expect(rows.filter(({ significant }) => significant)).toEqual([]);
  const own = rows.filter(({ function: name }) => ["price", "tax", "receipt"].includes(name));
  expect(own).toHaveLength(3);
  expect(own.every(({ base, low, high }) => base > 0 && (low ?? 1) < 0 && (high ?? -1) > 0)).toBe(true);
});

test("of a function that does a fifth more the truth is inside the interval, and no other is called changed", async () => {
  const rows = await compare("base", "slower");
  expect(rows.filter(({ significant, function: name }) => significant && name !== "price")).toEqual([]);
  const price = rows.find(({ function: name }) => name === "price");
  expect(price?.relativeLow).toBeGreaterThan(0);
  expect(price?.relativeLow).toBeLessThan(0.2);
  expect(price?.relativeHigh).toBeGreaterThan(0.2);
});

const RUNS = [1, 2, 3, 4, 5];

/** Of each pair of runs the functions that are called changed. */
async function found(base: string, next: string, pairs: readonly (readonly [number, number])[]): Promise<string[][]> {
  const all: string[][] = [];
  for (const [one, other] of pairs) {
    const rows = await compare(`${base}-${one}`, `${next}-${other}`);
    all.push(rows.filter(({ significant }) => significant).map(({ function: name }) => name));
  }
  return all;
}

test("a fifth more in a function is found in recordings of 10 s at the ordinary rate", async () => {
  const all = await found(
    "before",
    "after",
    RUNS.flatMap((one) => RUNS.map((other) => [one, other] as const)),
  );
  // `price` has some 400 samples in each: a fifth is three times the error of their difference, which 17 of 20 such pairs exceed twofold.
  expect(all.filter((names) => names.includes("price")).length).toBeGreaterThanOrEqual((RUNS.length ** 2 * 17) / 20);
  expect(all.flat().filter((name) => name !== "price").length).toBeLessThanOrEqual(1);
});

test("pairs of such recordings of one program do not differ", async () => {
  const pairs = RUNS.flatMap((one) => RUNS.filter((other) => other > one).map((other) => [one, other] as const));
  const all = [...(await found("before", "before", pairs)), ...(await found("after", "after", pairs))];
  expect(all).toHaveLength(20);
  // One in twenty may be wrong.
  expect(all.filter((names) => names.length > 0).length).toBeLessThanOrEqual(1);
});
