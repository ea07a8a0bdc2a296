// Gives everything that reads what strangers wrote damaged inputs.   node scripts/fuzz.mjs [--seconds S] [--seed N] [NAME…]
// What does harm is kept, to be tried by the unit tests for ever: test/fuzz/corpus/TARGET, testdata/fuzz/TARGET beside a Go target.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { root } from "./paths.mjs";
import { has } from "./shell.mjs";

const helper = path.join(root, "bpf-helper");
const scratch = path.join(root, ".test/fuzz");
/** The time and the memory that one input may take in JavaScript; in Go each target has its own. */
const SECONDS_FOR_AN_INPUT = 5;
const MEGABYTES = 512;
const MAX_INPUT_BYTES = 1 << 20;
/** So many targets at a time: each keeps one processor busy. */
const AT_ONCE = 2;

/** @typedef {{ name: string, inputs: number, finding?: string }} Outcome */

/**
 * @param {{ seconds: number, names?: string[], seed?: number }} options
 * @returns {Promise<Outcome[]>}
 */
export async function fuzzAll({ seconds, names = [], seed = Date.now() % 2 ** 31 }) {
  mkdirSync(scratch, { recursive: true });
  const isWanted = (name) => names.length === 0 || names.includes(name);
  const scripts = (await scriptTargets(seconds, seed)).filter(({ name }) => isWanted(name));
  const wanted = [...scripts, ...(has("go") ? await goTargets(seconds, isWanted) : [])];
  const outcomes = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let job = wanted.shift(); job !== undefined; job = wanted.shift()) {
        outcomes.push({ name: job.name, ...(await job.run()) });
      }
    }),
  );
  return outcomes;
}

async function scriptTargets(seconds, seed) {
  const worker = path.join(scratch, "worker.mjs");
  const common = { bundle: true, platform: "node", format: "esm", logLevel: "error" };
  await build({ ...common, entryPoints: [path.join(root, "test/fuzz/worker.ts")], outfile: worker });
  const list = path.join(scratch, "targets.mjs");
  await build({ ...common, entryPoints: [path.join(root, "test/fuzz/targets.ts")], outfile: list });
  const { TARGETS } = await import(list);
  return Object.keys(TARGETS).map((name) => ({ name, run: () => runScript(worker, name, seconds, seed) }));
}

/** Runs a target in a thread, and looks whether it goes on. */
function runScript(file, name, seconds, seed) {
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const input = new Uint8Array(new SharedArrayBuffer(MAX_INPUT_BYTES));
  const workerData = { target: name, root, seconds, seed, counters, input };
  const worker = new Worker(file, { workerData, resourceLimits: { maxOldGenerationSizeMb: MEGABYTES } });
  return new Promise((resolve) => {
    const found = (what) => {
      clearInterval(watch);
      void worker.terminate();
      const bytes = input.slice(0, counters[1]);
      const file = path.join(root, "test/fuzz/corpus", name, createHash("sha256").update(bytes).digest("hex").slice(0, 16));
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      resolve({ inputs: counters[0], finding: `${what} (seed ${seed}; kept as ${path.relative(root, file)})` });
    };
    let seen = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(counters, 0);
      if (now === seen && now > 0) {
        found(`an input takes longer than ${SECONDS_FOR_AN_INPUT} s`);
      }
      seen = now;
    }, SECONDS_FOR_AN_INPUT * 1000);
    worker.on("message", ({ inputs }) => {
      clearInterval(watch);
      resolve({ inputs });
    });
    worker.on("error", (error) => found(error.message));
  });
}

/** The targets of the helper's packages; each package is built once, with counters of what was reached. */
async function goTargets(seconds, isWanted) {
  const packages = new Map();
  const look = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        look(file);
      } else if (entry.name.endsWith("_test.go")) {
        const found = [...readFileSync(file, "utf8").matchAll(/^func (Fuzz\w+)\(/gm)].map(([, name]) => name).filter(isWanted);
        packages.set(folder, [...(packages.get(folder) ?? []), ...found]);
      }
    }
  };
  look(path.join(helper, "internal"));
  const jobs = [];
  for (const [folder, names] of packages) {
    if (names.length === 0) {
      continue;
    }
    const binary = path.join(scratch, `${path.relative(helper, folder).replaceAll("/", "-")}.test`);
    const { status, output } = await run("go", ["test", "-c", "-fuzz=.", "-o", binary, "."], folder);
    if (status !== 0) {
      throw new Error(`${folder} could not be built: ${output}`);
    }
    jobs.push(...names.map((name) => ({ name, run: () => runGo(binary, folder, name, seconds) })));
  }
  return jobs;
}

async function runGo(binary, folder, name, seconds) {
  const cache = path.join(scratch, "cache");
  const args = [`-test.fuzz=^${name}$`, "-test.run=^$", `-test.fuzztime=${seconds}s`, "-test.parallel=1", "-test.fuzzminimizetime=10x"];
  const { status, output } = await run(binary, [...args, `-test.fuzzcachedir=${cache}`, "-test.timeout=600s"], folder);
  const inputs = Number([...output.matchAll(/execs: (\d+)/g)].at(-1)?.[1] ?? 0);
  // Go sometimes takes the end of its own time for a failure, while an input is tried; one that fails is written down and named.
  const timeIsUp = /--- FAIL: .*\n\s+context deadline exceeded\nFAIL\s*$/.test(output) && !/Failing input written|panic:/.test(output);
  return status === 0 || timeIsUp ? { inputs } : { inputs, finding: output.slice(-2000) };
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (text) => {
      output = `${output}${text}`.slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, output }));
  });
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: "string", default: "5" }, seed: { type: "string" } },
    allowPositionals: true,
  });
  const seed = values.seed === undefined ? {} : { seed: Number(values.seed) };
  const outcomes = await fuzzAll({ seconds: Number(values.seconds), names: positionals, ...seed });
  for (const { name, inputs, finding } of outcomes) {
    console.log(`${name}: ${inputs} inputs${finding === undefined ? "" : `: ${finding}`}`);
  }
  process.exit(outcomes.some(({ finding }) => finding !== undefined) || outcomes.length === 0 ? 1 : 0);
}
