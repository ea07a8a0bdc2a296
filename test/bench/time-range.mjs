// From a range of the heat map to its flame graph, in a day of samples: time-range-bench.ts, bundled here and run in a process of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

const SAMPLES = 5_000_000;
const STACKS = 100_000;
const TARGET_MS = 200;
/** A line of time-range-bench.ts. */
const TIMED = /^(.+): (\d+) ms wall, (\d+) ms CPU$/;

export const bench = {
  title: `Range of time: ${SAMPLES.toLocaleString("en")} samples over 24 hours (longest of 7 rounds; the page's decoding included)`,
  run: async ({ scale }) => {
    const outfile = path.join(root, ".test/time-range-bench.cjs");
    mkdirSync(path.dirname(outfile), { recursive: true });
    await build({
      entryPoints: [path.join(root, "test/bench/time-range-bench.ts")],
      bundle: true,
      platform: "node",
      format: "cjs",
      outfile,
      logLevel: "error",
    });
    const size = [SAMPLES, STACKS].map((full) => String(Math.max(2000, Math.round(full * scale))));
    const { status, stdout, stderr } = spawnSync(process.execPath, [outfile, ...size], { encoding: "utf8" });
    if (status !== 0) {
      throw new Error(`time-range-bench.ts ended with ${status}: ${stderr}`);
    }
    const rows = stdout.split("\n").flatMap((line) => {
      const [, what, wall, cpu] = TIMED.exec(line) ?? [];
      return what === undefined ? [] : [{ what, value: Number(wall), unit: "ms", target: TARGET_MS, note: `${cpu} ms of CPU time` }];
    });
    if (rows.length !== 6) {
      throw new Error(`time-range-bench.ts printed something else: ${stdout}`);
    }
    return rows;
  },
};
