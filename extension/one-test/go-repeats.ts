/** How often a Go test is to be run: `go test` repeats by number, not by time. */
import { spawn } from "node:child_process";
import type { Command } from "./test-run.js";

/** Runs the program with that many repeats; answers seconds, whether it went well, and what it wrote first. */
export type Try = (count: number) => Promise<{ readonly seconds: number; readonly passed: boolean; readonly output: string }>;

/** As long as a test is to run in all, and the shortest time that tells more of the test than of starting its program. */
const ENOUGH_SECONDS = 1;
const TELLING_SECONDS = 0.2;
const MOST = 10_000_000;

export type Repeats = { readonly kind: "none" } | { readonly kind: "failing" } | { readonly kind: "count"; readonly count: number };

/** Tries with more and more repeats, as Go's own benchmarks do: three or four times for a test of a microsecond, once for one of a second. */
export async function repeatsOf(run: Try): Promise<Repeats> {
  let last = await run(1);
  if (/^testing: warning: no tests to run$/m.test(last.output)) {
    return { kind: "none" };
  }
  let count = 1;
  while (last.passed && last.seconds < TELLING_SECONDS && count < MOST) {
    count = Math.min(MOST, Math.ceil(count * Math.min(Math.max((1.5 * TELLING_SECONDS) / last.seconds, 2), 100)));
    last = await run(count);
    if (!last.passed) {
      // It went well once: what it leaves behind makes it fail when it comes again.
      return { kind: "count", count: 1 };
    }
  }
  return last.passed ? { kind: "count", count: Math.max(1, Math.round((count * ENOUGH_SECONDS) / last.seconds)) } : { kind: "failing" };
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
