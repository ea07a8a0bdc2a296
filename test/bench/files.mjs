// Files of other tools at the size that a long recording has: written, then read in a process of its own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

const SAMPLES = 1_000_000;
const STACKS = 100_000;
const FORMATS = ["cpuprofile", "speedscope", "perf", "collapsed"];

export const bench = {
  title: `Files of other tools: ${SAMPLES.toLocaleString("en")} samples on ${STACKS.toLocaleString("en")} stacks of 24 frames, not aggregated`,
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-files-"));
    try {
      const program = path.join(folder, "files-bench.mjs");
      const entry = path.join(root, "test/bench/files-bench.ts");
      await build({ entryPoints: [entry], bundle: true, platform: "node", format: "esm", outfile: program, logLevel: "error" });
      const run = (...args) => {
        const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
        if (status !== 0) {
          throw new Error(`files-bench.ts ended with ${status}: ${stderr}`);
        }
        return stdout;
      };
      const [samples, stacks] = [SAMPLES, STACKS].map((full) => Math.max(1000, Math.round(full * scale)));
      const rows = [];
      for (const format of FORMATS) {
        const file = path.join(folder, format);
        run("write", format, file, String(samples), String(stacks));
        const megabytes = statSync(file).size / 1e6;
        const { samples: found, ms, rssMb, longestMs } = JSON.parse(run("read", file));
        if (found !== samples) {
          throw new Error(`of ${samples} samples in ${format} ${found} were read`);
        }
        rmSync(file);
        const note = `${megabytes.toFixed(0)} MB`;
        rows.push({ what: `${format} read`, value: ms / 1000, unit: "s", target: 2, note });
        rows.push({ what: `${format}, memory at most`, value: rssMb, unit: "MB", target: 500 });
        rows.push({ what: `${format}, longest without a turn for others`, value: longestMs, unit: "ms", target: 50 });
      }
      return rows;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
