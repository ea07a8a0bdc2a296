// Prints the figures, each beside its target.   npm run bench [-- NAME…] [--scale F] [--json FILE]
// Those that take hours run case by case: npm run bench:long [-- NAME[/CASE]…] [--scale F] [--minutes M] [--fresh]. What has run at
// full size is remembered in .test/bench-long.json and only printed when the command is given again; --minutes begins no case later.
// Absolute figures mean something only beside the calibration loop's time, which is printed first. Nothing here fails a
// build for being slow: the status is 1 only when a bench could not be run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
 * @property {boolean} [isPart] the rest of the case is left for the next time, so that it isn't remembered
 *
 * @typedef {object} Bench
 * @property {string} title
 * @property {() => string | undefined} [whyNot] why it can't run here
 * @property {(options: { scale: number }) => Promise<Row[]>} run
 *
 * @typedef {object} LongBench
 * @property {string} title
 * @property {() => string | undefined} [whyNot]
 * @property {Record<string, (options: { scale: number, end: number }) => Promise<Row[]>>} cases each a few minutes, but for a soak; `end`, ms since 1970, is when a longer one leaves the rest for the next time
 */

/** In the order in which they run: what must not be disturbed comes first. */
const BENCHES = [
  "sizes",
  "accuracy",
  "overhead",
  "events",
  "waits",
  "io",
  "memory",
  "allocations",
  "keep",
  "start",
  "activation",
  "model",
  "files",
  "flame-graph",
  "long-tasks",
  "time-range",
  "viewers",
];

/** Measured with --long. */
const LONG_BENCHES = ["throughput", "repeats", "soak", "fuzz", "fixes", "elsewhere"];

/** Measured with --long where they are named: a database server and three proofs are too much for each run of the tests. */
const NAMED_BENCHES = ["services"];

const { values, positionals } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    json: { type: "string" },
    long: { type: "boolean", default: false },
    minutes: { type: "string", default: "Infinity" },
    fresh: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const scale = Number(values.scale);
const names = values.long ? [...LONG_BENCHES, ...NAMED_BENCHES] : BENCHES;
const unknown = positionals.filter((name) => !names.includes(values.long ? (name.split("/")[0] ?? "") : name));
if (unknown.length > 0 || !(scale > 0 && scale <= 1)) {
  console.error(`bench: usage: npm run bench [-- NAME…] [--scale F]; NAME is one of ${names.join(", ")}, F is above 0 and at most 1.`);
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
await (values.long ? runLong() : runShort());
console.log(`\ncalibration loop: ${calibrate().toFixed(1)} ms`);
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify(report, null, 2));
}
process.exit(broken > 0 ? 1 : 0);

async function runShort() {
  for (const name of BENCHES.filter((each) => positionals.length === 0 || positionals.includes(each))) {
    const bench = await begin(name);
    if (bench !== undefined) {
      await measure(name, () => bench.run({ scale }));
    }
  }
}

async function runLong() {
  const file = path.join(root, ".test/bench-long.json");
  /** @type {Record<string, Row[]>} */
  const done = scale === 1 && !values.fresh && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const end = Date.now() + Number(values.minutes) * 60_000;
  for (const name of positionals.length === 0 ? LONG_BENCHES : names) {
    const wanted = (each) => positionals.length === 0 || positionals.includes(name) || positionals.includes(`${name}/${each}`);
    const bench = positionals.length === 0 || positionals.some((each) => each.split("/")[0] === name) ? await begin(name) : undefined;
    for (const [each, run] of Object.entries(bench?.cases ?? {}).filter(([each]) => wanted(each))) {
      const known = done[`${name}/${each}`];
      if (known !== undefined) {
        console.log("  (measured before; --fresh measures it again)");
        printRows(known);
      } else if (Date.now() > end) {
        console.log(`  ${each} is left for the next time`);
      } else {
        await measure(`${name}/${each}`, () => run({ scale, end }));
        if (scale === 1 && !report[`${name}/${each}`]?.some(({ isPart }) => isPart) && report[`${name}/${each}`] !== undefined) {
          done[`${name}/${each}`] = report[`${name}/${each}`];
          mkdirSync(path.dirname(file), { recursive: true });
          writeFileSync(file, JSON.stringify(done, null, 2));
        }
      }
    }
  }
}

/** The bench, unless it can't run here. */
async function begin(name) {
  /** @type {{ bench: Bench & LongBench }} */
  const { bench } = await import(path.join(root, "test/bench", `${name}.mjs`));
  const reason = bench.whyNot?.();
  console.log(`\n${bench.title}`);
  if (reason !== undefined) {
    console.log(`  skipped: ${reason}`);
    return undefined;
  }
  return bench;
}

/** @param {string} name @param {() => Promise<Row[]>} run */
async function measure(name, run) {
  try {
    const rows = await run();
    report[name] = rows;
    printRows(rows);
  } catch (error) {
    broken++;
    console.log(`  could not be measured: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

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
