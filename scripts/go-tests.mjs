// Runs the helper's Go tests and counts them.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { root } from "./paths.mjs";

/** @typedef {{ passed: number, failed: string[], skipped: string[] }} Outcome */

/**
 * @param {string[]} args packages, and flags before them
 * @param {{ env?: Record<string, string>, prefix?: string }} [options] `env` is beside ours; `prefix` stands before each name
 * @returns {Outcome}
 */
export function goTests(args, { env = {}, prefix = "" } = {}) {
  const { stdout, stderr, status } = spawnSync("go", ["test", "-json", ...args], {
    cwd: path.join(root, "bpf-helper"),
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  });
  /** @type {Outcome} */
  const outcome = { passed: 0, failed: [], skipped: [] };
  const output = new Map();
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const event = JSON.parse(line);
    const name = `${prefix}${event.Package} ${event.Test ?? ""}`;
    if (event.Action === "output") {
      output.set(name, `${output.get(name) ?? ""}${event.Output}`);
    } else if (event.Test === undefined) {
      if (event.Action === "fail") {
        outcome.failed.push(name);
      }
    } else if (event.Action === "pass") {
      outcome.passed++;
    } else if (event.Action === "fail" || event.Action === "skip") {
      outcome[event.Action === "fail" ? "failed" : "skipped"].push(name);
    }
  }
  for (const name of [...outcome.failed, ...outcome.skipped]) {
    console.log((output.get(name) ?? name).trimEnd());
  }
  if (status !== 0 && outcome.failed.length === 0) {
    console.log(stderr);
    outcome.failed.push(`${prefix}go test`);
  }
  return outcome;
}
