// Prints the figures, each beside its target.   npm run bench [-- NAME…] [--scale F] [--json FILE]
// Absolute figures mean something only beside the calibration loop's time, which is printed first. Nothing here fails a
// build for being slow: the status is 1 only when a bench could not be run.
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { root } from "./paths.mjs";

/**
 * @typedef {object} Row one figure
 * @property {string} what
 * @property {number} value
 * @property {string} unit
 * @property {number} [target]
 * @property {boolean} [atLeast] the target is a lower bound; it is an upper one otherwise
 * @property {string} [note]
 *
 * @typedef {object} Bench
 * @property {string} title
 * @property {() => string | undefined} [whyNot] why it can't run here
 * @property {(options: { scale: number }) => Promise<Row[]>} run
 */

/** In the order in which they run: what must not be disturbed comes first. */
const BENCHES = ["sizes", "accuracy", "overhead", "waits", "start", "activation", "model", "flame-graph"];

const { values, positionals } = parseArgs({
  options: { scale: { type: "string", default: "1" }, json: { type: "string" } },
  allowPositionals: true,
});
const scale = Number(values.scale);
const unknown = positionals.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0 || !(scale > 0 && scale <= 1)) {
  console.error(`bench: usage: npm run bench [-- NAME…] [--scale F]; NAME is one of ${BENCHES.join(", ")}, F is above 0 and at most 1.`);
  process.exit(2);
}

/** The median time of a fixed integer loop, ms: how fast this machine is right now. */
function calibrate() {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    let x = 1;
    for (let i = 0; i < 2e7; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
    }
    return x === 0 ? 0 : performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3] ?? 0;
}

console.log(`${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.version}, scale ${scale}`);
console.log(`calibration loop: ${calibrate().toFixed(1)} ms`);
let broken = 0;
const report = {};
for (const name of BENCHES.filter((each) => positionals.length === 0 || positionals.includes(each))) {
  /** @type {{ bench: Bench }} */
  const { bench } = await import(path.join(root, "test/bench", `${name}.mjs`));
  const reason = bench.whyNot?.();
  console.log(`\n${bench.title}`);
  if (reason !== undefined) {
    console.log(`  skipped: ${reason}`);
    continue;
  }
  try {
    const rows = await bench.run({ scale });
    report[name] = rows;
    printRows(rows);
  } catch (error) {
    broken++;
    console.log(`  could not be measured: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
console.log(`\ncalibration loop: ${calibrate().toFixed(1)} ms`);
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify(report, null, 2));
}
process.exit(broken > 0 ? 1 : 0);

/** @param {Row[]} rows */
function printRows(rows) {
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, value, unit, target, atLeast, note } of rows) {
    const missed = target !== undefined && (atLeast ? value < target : value > target);
    const goal = target === undefined ? "" : `target ${atLeast ? "≥" : "≤"} ${target}${missed ? "  MISSED" : ""}`;
    console.log(
      `  ${what.padEnd(width)}  ${value.toFixed(digits(value)).padStart(10)} ${unit.padEnd(8)} ${goal}${note ? `  (${note})` : ""}`,
    );
  }
}

function digits(value) {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 10 ? 1 : 2;
}
