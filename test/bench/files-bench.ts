/**
 * Writes a profile of another tool and reads it, each in a process of its own:
 *
 * ```
 * node files-bench.mjs write FORMAT FILE SAMPLES STACKS
 * node files-bench.mjs read FILE       prints { samples, ms, cpuMs, rssMb, longestMs, warnings }
 * ```
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { readProfile } from "../../profile-files/read-profile.js";
import type { Steps } from "../../profile/steps.js";

const [mode = "", first = "", second = "", samplesText = "", stacksText = ""] = process.argv.slice(2);
const FUNCTIONS = 3000;
const DEPTH = 24;

/** A linear congruential generator: the same file in every run. */
let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Functions of a stack, root first: neighbours share most of their callers, as in real programs. */
function stackOf(stack: number): number[] {
  const shared = Math.floor(stack / 64);
  return Array.from({ length: DEPTH }, (_, depth) => (depth < DEPTH - 6 ? shared * 31 + depth * 7 : stack * 13 + depth * 17) % FUNCTIONS);
}

const nameOf = (fn: number): string => `module_${fn % 90}.Class${fn % 700}.function_${fn}`;

function* textOf(format: string, samples: number, stacks: number): Generator<string> {
  if (format === "collapsed") {
    for (let i = 0; i < samples; i++) yield `${stackOf(random(stacks)).map(nameOf).join(";")} 1\n`;
  } else if (format === "perf") {
    for (let i = 0; i < samples; i++) {
      const frames = stackOf(random(stacks)).reverse();
      const lines = frames.map(
        (fn) => `\t    7f${(1e9 + fn * 4096).toString(16)} ${nameOf(fn)}+0x${(fn % 250).toString(16)} (/usr/lib/libwork.so)`,
      );
      yield `work ${2000 + (i % 8)}/${2000 + (i % 8)} [00${i % 8}] ${Math.floor(i / 99)}.${String((i % 99) * 10_000).padStart(6, "0")}:   10101010 cpu-clock:\n${lines.join("\n")}\n\n`;
    }
  } else if (format === "speedscope") {
    const frames = Array.from({ length: FUNCTIONS }, (_, fn) => ({ name: nameOf(fn), file: `/srv/module_${fn % 90}.py`, line: fn + 1 }));
    yield `{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":${JSON.stringify(frames)}},"profiles":[{"type":"sampled","name":"work","unit":"milliseconds","startValue":0,"endValue":${samples},"samples":[`;
    for (let i = 0; i < samples; i++) yield `${i === 0 ? "" : ","}[${stackOf(random(stacks)).join(",")}]`;
    yield '],"weights":[';
    for (let i = 0; i < samples; i++) yield `${i === 0 ? "" : ","}1`;
    yield "]}]}";
  } else if (format === "cpuprofile") {
    yield '{"nodes":[{"id":1,"callFrame":{"functionName":"(root)","scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1},"hitCount":0,"children":[2]}';
    for (let id = 2; id <= stacks; id++) {
      const fn = random(FUNCTIONS);
      const callFrame = {
        functionName: nameOf(fn),
        scriptId: `${fn % 90}`,
        url: `file:///srv/module_${fn % 90}.js`,
        lineNumber: fn,
        columnNumber: 4,
      };
      // A tree with about four children a node.
      const children = [0, 1, 2, 3].map((k) => (id - 2) * 4 + 3 + k).filter((child) => child <= stacks);
      yield `,${JSON.stringify({ id, callFrame, hitCount: 10, children, positionTicks: [{ line: fn + 3, ticks: 10 }] })}`;
    }
    yield '],"startTime":0,"endTime":';
    yield `${samples * 1000 + 1000},"samples":[`;
    for (let i = 0; i < samples; i++) yield `${i === 0 ? "" : ","}${2 + random(stacks - 1)}`;
    yield '],"timeDeltas":[';
    for (let i = 0; i < samples; i++) yield `${i === 0 ? "" : ","}1000`;
    yield "]}";
  } else throw new Error(`there is no format ${format}`);
}

function write(format: string, path: string, samples: number, stacks: number): void {
  const file = openSync(path, "w");
  let open = "";
  for (const text of textOf(format, samples, stacks)) {
    open += text;
    if (open.length < 1 << 20) continue;
    writeSync(file, open);
    open = "";
  }
  writeSync(file, open);
  closeSync(file);
}

async function read(path: string): Promise<void> {
  let longestMs = 0;
  let since = performance.now();
  const beat = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - since - 5);
    since = performance.now();
  }, 5);
  const inTurns = async <T>(steps: Steps<T>): Promise<T> => {
    for (let turn = performance.now(); ; ) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - turn > 8) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
  };
  const began = performance.now();
  const { recording, warnings } = await readProfile(path, { errorOf: (_, failure) => new Error(failure.kind), drive: inTurns });
  const ms = performance.now() - began;
  clearInterval(beat);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const figures = {
    samples: recording.samples.length,
    ms,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    rssMb: maxRSS / 1000,
    longestMs,
    warnings,
  };
  console.log(JSON.stringify(figures));
}

if (mode === "write") write(first, second, Number(samplesText), Number(stacksText));
else await read(first);
