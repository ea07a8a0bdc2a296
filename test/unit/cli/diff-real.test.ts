/**
 * Recordings by the real helper, 14 s at 499 Hz on a busy machine: `shop.py 60000` twice, and `shop.py 72000`, in which `price` does
 * 1.2 times as much.
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
