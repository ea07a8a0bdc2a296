/**
 * Times the way from a range of the heat map to its flame graph, in a day of samples: 5,000,000 on 100,000 stacks.
 *
 * ```
 * node scripts/bench.mjs time-range
 * ```
 */
import { tmpdir } from "node:os";
import { selectedTree } from "../../language-server/graphs.js";
import { LoadedRecording } from "../../language-server/loaded-recording.js";
import { Workspace } from "../../language-server/workspace.js";
import { Recording } from "../../profile/recording.js";
import { timeMap } from "../../profile/time-map.js";
import type { Selection } from "../../protocol/queries.js";
import { decodeTree } from "../../webview/graph-tree.js";
import { decodeTimeMap } from "../../webview/time-chart.js";

const SAMPLES = Number(process.argv[2] ?? 5_000_000);
const STACKS = Number(process.argv[3] ?? 100_000);
const DAY_NS = 86_400e9;
const FUNCTIONS = 3000;
const ROUNDS = 7;

/** A linear congruential generator: the same recording in every run. */
let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Stacks as of a deep program, samples in the order of time but for neighbours, as several processors give them. */
function dayOfSamples(): Recording {
  const recording = Recording.empty();
  const { stringTable, functions, frames, stacks, samples } = recording;
  const file = stringTable.intern("/work/app.py");
  const frameRows = Array.from({ length: FUNCTIONS * 4 }, (_, i) => {
    const fn = functions.intern(stringTable.intern(`module.function_${i % FUNCTIONS}`), file, 6, 0, 1 + (i % FUNCTIONS));
    return frames.add({ language: 6, module: 0, addressHigh: 0, addressLow: 0 }, [{ function: fn, line: 1 + i, column: 0 }]);
  });
  const depth: number[] = [];
  while (stacks.length < STACKS) {
    const made = stacks.length;
    // Mostly below the newest stacks, so that the tree is deep; depth is about 24 on average, 48 at most.
    let above = made === 0 ? -1 : Math.max(0, made - 1 - random(random(10) === 0 ? made : 30));
    while (above >= 0 && (depth[above] ?? 0) >= 47) above = random(made);
    const stack = stacks.intern(above, frameRows[random(frameRows.length)] ?? 0);
    depth[stack] = above < 0 ? 1 : (depth[above] ?? 0) + 1;
  }
  for (let process = 0; process < 8; process++) {
    const row = { name: `app-${process}`, executable: "/app", commandLine: [], workingDirectory: "/", root: "/" };
    recording.processRows.push({ ...row, pid: 100 + process, parentPid: 1, uid: 0, startNs: -1 });
    for (let thread = 0; thread < 4; thread++)
      recording.threadRows.push({ process, tid: 100 + process + thread * 100, name: `t${thread}` });
  }
  const step = DAY_NS / SAMPLES;
  for (let row = 0; row < SAMPLES; row++) {
    const jitter = (random(9) - 4) * step;
    const timeNs = Math.min(DAY_NS, Math.max(0, Math.round(row * step + jitter)));
    samples.push(random(stacks.length), random(32), timeNs, 0, 10_101_010, 1);
  }
  recording.setInfo({ durationNs: DAY_NS, events: ["cpu"], hz: 99 });
  return recording;
}

/** Prints the longest of several rounds, wall time and CPU time, ms. */
async function timed(what: string, round: (index: number) => unknown): Promise<void> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await round(index);
    const { user, system } = process.cpuUsage(used);
    wall.push(performance.now() - start);
    cpu.push((user + system) / 1000);
  }
  console.log(`${what}: ${Math.max(...wall).toFixed(0)} ms wall, ${Math.max(...cpu).toFixed(0)} ms CPU`);
}

async function main(): Promise<void> {
  const recording = dayOfSamples();
  const workspace = new Workspace({ folders: [], storage: tmpdir() }, () => undefined);
  const loaded = new LoadedRecording(workspace, { id: "day", name: "day", folder: undefined, recording, live: false });
  const cpu: Selection = { event: "cpu" };
  const graphOf = async (selection: Selection): Promise<void> => {
    const tree = await selectedTree(loaded, { selection, direction: "top-down", minimumShare: 0.0001 });
    // At a part of the size a second may be without samples; half a day never is.
    const total = tree === null ? 0 : decodeTree(tree).total;
    if (!(total > 0) && (selection.toNs ?? DAY_NS) - (selection.fromNs ?? 0) > DAY_NS / 4) throw new Error("no samples in the range");
  };
  await graphOf(cpu);
  for (const [words, lengthNs] of [
    ["a second", 1e9],
    ["a minute", 60e9],
    ["an hour", 3600e9],
    ["half a day", DAY_NS / 2],
  ] as const) {
    await timed(`a range of ${words} to its flame graph`, (index) => {
      const fromNs = Math.round(((DAY_NS - lengthNs) * (index + 1)) / (ROUNDS + 1));
      return graphOf({ ...cpu, fromNs, toNs: fromNs + lengthNs });
    });
  }
  await timed("all of it", (index) => graphOf({ ...cpu, fromNs: index, toNs: DAY_NS - index }));
  await timed("the heat map with its lanes", () => {
    const map = timeMap(recording, cpu, {});
    if (map === null || !(decodeTimeMap(map).most > 0)) throw new Error("no heat map");
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
