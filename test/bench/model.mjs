// The model at the size that a long recording has: profile-bench.ts, bundled here and run in a process of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

const SAMPLES = 1_000_000;
const STACKS = 100_000;
/** A line of profile-bench.ts: what was done, and the CPU time of each round. */
const TIMED = /^(.+?)((?: +\d+)+) ms CPU$/;

export const bench = {
  title: `Model: ${SAMPLES.toLocaleString("en")} samples on ${STACKS.toLocaleString("en")} stacks (CPU time; best round)`,
  run: async ({ scale }) => {
    const outfile = path.join(root, ".test/profile-bench.mjs");
    mkdirSync(path.dirname(outfile), { recursive: true });
    await build({
      entryPoints: [path.join(root, "test/bench/profile-bench.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      logLevel: "error",
    });
    const size = [SAMPLES, STACKS].map((full) => String(Math.max(1000, Math.round(full * scale))));
    const { status, stdout, stderr } = spawnSync(process.execPath, [outfile, ...size], { encoding: "utf8" });
    if (status !== 0) {
      throw new Error(`profile-bench.ts ended with ${status}: ${stderr}`);
    }
    const rows = stdout.split("\n").flatMap((line) => {
      const [, what = "", times = ""] = TIMED.exec(line) ?? [];
      return what === "" ? [] : [{ what: what.trim(), value: Math.min(...times.trim().split(/ +/).map(Number)), unit: "ms" }];
    });
    const appended = /^append .*?, (\d+)\/s$/m.exec(stdout)?.[1];
    if (rows.length < 5 || appended === undefined) {
      throw new Error(`profile-bench.ts printed something else: ${stdout}`);
    }
    return [{ what: "samples appended", value: Number(appended) / 1e6, unit: "M/s" }, ...rows];
  },
};
