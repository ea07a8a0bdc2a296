// Line shares against each example's own account of its CPU time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { accountedExamples, lastAccount, prepareExample, whyNotRunnable } from "../../scripts/examples.mjs";
import { root } from "../../scripts/paths.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { freshHelper, OWN_ENV } from "../support/flameline.mjs";

const TARGET_POINTS = 2;
const SAMPLES = 10_000;
const HZ = 999;
const LONGEST_SECONDS = 120;

/**
 * Records an example under the command and compares.
 * @param {string} name
 * @param {number} seconds how long it runs
 * @param {number} [hz]
 * @param {Record<string, string>} [env] of the command, beside our own
 * @returns {{ parts: { name: string, line: number, own: number, ours: number }[], worst: number, samples: number, seconds: number, coverage: number }}
 *   shares are of the CPU time of all parts, 0 to 1; `worst` is in percentage points; `coverage` is the CPU time that our
 *   lines of the parts hold over the CPU time that the program measured for them
 */
export function measureAccuracy(name, seconds, hz = HZ, env = {}) {
  const example = prepareExample(name);
  const scratch = mkdtempSync(path.join(tmpdir(), "flameline-accuracy-"));
  try {
    const profile = path.join(scratch, "run.pb.gz");
    const flameline = (...args) => {
      const result = spawnSync(process.execPath, [path.join(root, "dist/flameline.js"), ...args], {
        cwd: example.folder,
        env: { ...process.env, ...env },
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      if (result.status !== 0) {
        throw new Error(`flameline ${args.join(" ")} ended with ${result.status}: ${result.stderr}`);
      }
      return result.stdout;
    };
    const account = lastAccount(flameline("record", "-o", profile, "--hz", String(hz), "--", ...example.run, "--seconds", String(seconds)));
    if (account === undefined) {
      throw new Error(`examples/${name} printed no account`);
    }
    const report = JSON.parse(flameline("report", profile, "--by", "line", "--json"));
    const totals = account.parts.map((part) => lineTotal(report.rows, part));
    const sum = totals.reduce((a, b) => a + b, 0);
    const parts = account.parts.map((part, index) => ({
      name: part.name,
      line: part.line,
      own: part.share,
      ours: sum === 0 ? 0 : totals[index] / sum,
    }));
    return {
      parts,
      worst: 100 * Math.max(...parts.map(({ own, ours }) => Math.abs(own - ours))),
      samples: report.samples,
      seconds: report.seconds,
      coverage: sum / 1e9 / account.measuredSeconds,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A line may have several rows, one a function (a closure and its caller): the largest holds the others' samples. */
function lineTotal(rows, part) {
  const mine = rows.filter((row) => row.line === part.line && row.file !== null && row.file.endsWith(`/${path.basename(part.file)}`));
  return Math.max(0, ...mine.map((row) => row.total));
}

/** Records until there are enough samples: where other programs keep the processors busy, a second holds few. */
function measureEnough(name, wanted) {
  let seconds = Math.max(2, (1.25 * wanted) / HZ);
  for (;;) {
    const measured = measureAccuracy(name, seconds, HZ, OWN_ENV);
    if (measured.samples >= wanted || seconds >= LONGEST_SECONDS) {
      return measured;
    }
    seconds = Math.min(LONGEST_SECONDS, Math.max(1.5 * seconds, (1.2 * seconds * wanted) / Math.max(1, measured.samples)));
  }
}

export const bench = {
  title: `Accuracy: line shares against the program's own account (at ${SAMPLES} samples, ${HZ} Hz; worst line, in percentage points)`,
  whyNot: () => (isRoot ? undefined : "it records with the real helper and needs root"),
  run: async ({ scale }) => {
    const names = accountedExamples().filter((name) => {
      const reason = whyNotRunnable(name);
      if (reason !== undefined) {
        console.log(`  skipped ${name}: ${reason}`);
      }
      return reason === undefined;
    });
    const helper = await freshHelper();
    try {
      // At a small scale one program is enough to see that the bench works.
      return (scale < 0.1 ? names.slice(0, 1) : names).map((name) => {
        const { worst, samples, coverage } = measureEnough(name, SAMPLES * scale);
        return {
          what: name,
          value: worst,
          unit: "points",
          target: TARGET_POINTS,
          note: `${samples} samples, the parts' lines hold ${(100 * coverage).toFixed(1)} % of their CPU time`,
        };
      });
    } finally {
      helper.stop();
    }
  },
};
