/**
 * Times the model at the size that views.md names: 1,000,000 samples with 24 million frames on 100,000 stacks.
 *
 * ```
 * npx esbuild test/bench/profile-bench.ts --bundle --platform=node --format=esm --outfile=.test/profile-bench.mjs && node .test/profile-bench.mjs [samples] [stacks]
 * ```
 */
import { callersAndCallees } from "../../profile/callers.js";
import { functionCosts, lineCosts } from "../../profile/cost.js";
import { encodeCollapsed } from "../../profile/formats/collapsed.js";
import { decodePprof, encodePprof } from "../../profile/formats/pprof.js";
import { Recording } from "../../profile/recording.js";
import { sharesOf } from "../../profile/shares.js";
import { callTree } from "../../profile/tree.js";
import { treeColumns } from "../../profile/tree-columns.js";
import type { Batch } from "../../protocol/helper.js";

const SAMPLES = Number(process.argv[2] ?? 1_000_000);
const STACKS = Number(process.argv[3] ?? 100_000);
const FUNCTIONS = 3000;
const BATCH_SAMPLES = 2500;
const CPU = { event: "cpu" } as const;

/** A linear congruential generator: the same recording in every run. */
let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function* batches(): Generator<Batch> {
  const depth = new Int32Array(STACKS);
  let made = 0;
  let sequence = 0;
  for (let from = 0; from < SAMPLES; from += BATCH_SAMPLES) {
    const count = Math.min(BATCH_SAMPLES, SAMPLES - from);
    const more = Math.min(STACKS - made, Math.ceil((STACKS * BATCH_SAMPLES) / SAMPLES) * 2);
    const parent: number[] = [];
    const frame: number[] = [];
    for (let i = 0; i < more; i++) {
      // Mostly below the newest stacks, so that the tree is deep; depth is about 24 on average, 48 at most.
      let above = made === 0 ? -1 : Math.max(0, made - 1 - random(random(10) === 0 ? made : 30));
      while (above >= 0 && (depth[above] ?? 0) >= 47) above = random(made);
      depth[made] = above < 0 ? 1 : (depth[above] ?? 0) + 1;
      parent.push(above);
      frame.push(random(FUNCTIONS * 4));
      made++;
    }
    const first = sequence === 0;
    const rows = first ? FUNCTIONS * 4 : 0;
    const column = <T>(value: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => value(i));
    yield {
      type: "batch",
      recording: 1,
      sequence: sequence++,
      timeNs: from * 1e5,
      strings: first ? ["", ...Array.from({ length: FUNCTIONS }, (_, i) => `module.function_${i}`), "/work/app.py"] : [],
      processes: first
        ? [
            {
              pid: 77,
              parentPid: 1,
              name: "app",
              executable: "/app",
              commandLine: [],
              workingDirectory: "/",
              root: "/",
              uid: 0,
              startNs: 0,
            },
          ]
        : [],
      threads: first ? Array.from({ length: 8 }, (_, i) => ({ process: 0, tid: 77 + i, name: `worker-${i}` })) : [],
      frames: {
        language: column(() => "python"),
        function: column((i) => 1 + (i % FUNCTIONS)),
        file: column(() => FUNCTIONS + 1),
        line: column((i) => 1 + i),
        column: column(() => 0),
        module: column(() => 0),
        address: column(() => ""),
      },
      stacks: { parent, frame },
      samples: {
        stack: Array.from({ length: count }, () => random(made)),
        thread: Array.from({ length: count }, () => random(8)),
        timeNs: Array.from({ length: count }, (_, i) => (from + i) * 1e5),
        event: Array.from({ length: count }, () => "cpu" as const),
        value: Array.from({ length: count }, () => 10_101_010),
      },
      counts: { process: [], kind: [], subject: [], calls: [], bytes: [] },
      memory: { process: [], timeNs: [], resident: [], anonymous: [] },
      updates: [],
      loss: { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
      cost: { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 },
    };
  }
}

function timed<T>(name: string, work: () => T, rounds = 3): T {
  const times: number[] = [];
  let result = work0();
  for (let i = 1; i < rounds; i++) result = work0();
  console.log(`${name.padEnd(46)} ${times.map((ms) => ms.toFixed(0).padStart(6)).join("")} ms CPU`);
  return result;

  function work0(): T {
    // CPU time, as the machine may be busy with other things.
    const start = process.cpuUsage();
    const value = work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
    return value;
  }
}

timed("calibration: 1e8 additions", () => {
  let sum = 0;
  for (let i = 0; i < 1e8; i++) sum = (sum + i) | 0;
  return sum;
});
const recording = Recording.fromStarted({ type: "started", recording: 1, startUnixNs: "1700000000000000000", hz: 99, events: ["cpu"] });
const wire = [...batches()];
const appendStart = performance.now();
for (const batch of wire) recording.append(batch);
const appendMs = performance.now() - appendStart;
wire.length = 0;
console.log(
  `append ${SAMPLES} samples, ${recording.stacks.length} stacks: ${appendMs.toFixed(0)} ms, ${Math.round((SAMPLES / appendMs) * 1000)}/s`,
);
const depths = new Int32Array(recording.stacks.length);
recording.stacks.parent.view().forEach((parent, stack) => {
  depths[stack] = (depths[parent] ?? 0) + 1;
});
const frames = recording.samples.stack.view().reduce((sum, stack) => sum + (depths[stack] ?? 0), 0);
console.log(`  ${(frames / 1e6).toFixed(1)} million frames`);

const tree = timed("tree top-down, all nodes", () => callTree(recording, CPU, { direction: "top-down", minimumShare: 0 }));
console.log(`  ${tree.nodes} nodes, depth ${tree.maxDepth}`);
timed("tree top-down, at least 0.01 %", () => callTree(recording, CPU, { direction: "top-down", minimumShare: 0.0001 }));
const up = timed("tree bottom-up, at least 0.01 %", () => callTree(recording, CPU, { direction: "bottom-up", minimumShare: 0.0001 }));
console.log(`  ${up.nodes} nodes, ${up.folded} folded`);
const all = timed("tree bottom-up, all nodes", () => callTree(recording, CPU, { direction: "bottom-up", minimumShare: 0 }), 2);
console.log(`  ${all.nodes} nodes, ${all.folded} folded`);
const columns = timed("tree columns as base64", () => treeColumns(recording, tree, "cpu", () => "mine"));
console.log(`  ${Math.round((columns.self.length * 2 + columns.end.length * 3) / 1e6)} MB`);
timed("function costs", () => functionCosts(recording, CPU));
timed("line costs", () => lineCosts(recording, CPU));
timed("shares of one function", () => sharesOf(recording, CPU, { kind: "functions", functions: [7] }));
timed("callers and callees of one function", () => callersAndCallees(recording, CPU, 7));
timed("collapsed stacks", () => encodeCollapsed(recording, CPU).length, 1);
const bytes = timed("pprof, write", () => encodePprof(recording), 1);
const before = process.memoryUsage();
const { recording: back, warnings } = timed("pprof, read", () => decodePprof(bytes), 1);
const after = process.memoryUsage();
const grown = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1e6;
console.log(
  `  ${Math.round(bytes.length / 1e6)} MB file, ${back.samples.length} samples, ${back.stacks.length} stacks, ${warnings.length} warnings`,
);
console.log(`  read: grown by ${Math.round(grown)} MB; process at most ${Math.round(process.resourceUsage().maxRSS / 1e3)} MB resident`);
