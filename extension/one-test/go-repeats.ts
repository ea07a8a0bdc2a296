/** How often a Go test is to be run: `go test` repeats by number, not by time. */
import { spawn } from "node:child_process";
import type { Command } from "./test-run.js";

/** Runs the program with that many repeats; answers seconds, whether it went well, and what it wrote first. */
export type Try = (count: number) => Promise<{ readonly seconds: number; readonly passed: boolean; readonly output: string }>;

/** As long as a test is to run in all, and the shortest time beyond that of one run that tells how long the others took. */
const ENOUGH_SECONDS = 1;
const TELLING_SECONDS = 0.2;
const MOST = 10_000_000;

export type Repeats = { readonly kind: "none" } | { readonly kind: "failing" } | { readonly kind: "count"; readonly count: number };

/**
 * Tries with more and more repeats, as Go's own benchmarks do. What a program takes to start is in each try, and so not in their difference:
 * on a busy machine it is longer than most tests.
 */
export async function repeatsOf(run: Try): Promise<Repeats> {
  const once = await run(1);
  if (/^testing: warning: no tests to run$/m.test(once.output)) {
    return { kind: "none" };
  }
  if (!once.passed) {
    return { kind: "failing" };
  }
  let [count, more] = [1, 0];
  while (once.seconds < ENOUGH_SECONDS && more < TELLING_SECONDS && count < MOST) {
    count = Math.min(MOST, count === 1 ? 2 : Math.ceil(count * Math.min(Math.max((1.5 * TELLING_SECONDS) / Math.max(more, 1e-9), 2), 100)));
    const again = await run(count);
    if (!again.passed) {
      // It went well once: what it leaves behind makes it fail when it comes again.
      return { kind: "count", count: 1 };
    }
    more = again.seconds - once.seconds;
  }
  return {
    kind: "count",
    count: count === 1 ? 1 : Math.max(1, Math.min(MOST, Math.round(((count - 1) * ENOUGH_SECONDS) / Math.max(more, 1e-9)))),
  };
}

/** A try takes at most so long, ms; then once is enough. */
const LONGEST_TRY_MS = 30_000;
const KEPT_OUTPUT = 64_000;

/** Runs it without a terminal. Rejects where it can't be started. */
export function tryOf({ command, args, cwd }: Command): Try {
  return (count) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const child = spawn(command, [...args, `-test.count=${count}`], { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: LONGEST_TRY_MS });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output = output.length < KEPT_OUTPUT ? output + text : output;
        });
      }
      child.once("error", reject);
      child.once("close", (code, signal) => {
        const seconds = (performance.now() - began) / 1000;
        // One that was ended for taking too long is run once, and may take its time.
        resolve({ seconds, passed: code === 0 || signal !== null, output });
      });
    });
}
