// Fifty thousand samples a second from `serve --replay` through the socket, the recorder, the model and the heat: is each of them counted?
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";
import { scratchFolder } from "../support/flameline.mjs";

const A_SECOND = 50_000;
const SECONDS = 60;
const BATCHES_A_SECOND = 8;
const FUNCTIONS = 400;
const STACKS = 5000;
/** Of these the helper says that it lost them before they were samples. */
const LOST_A_BATCH = 3;
const PERIOD_NS = 10_101_010;

export const bench = {
  title: `Throughput: ${A_SECOND.toLocaleString("en")} samples a second through socket, recorder, model and heat`,
  cases: { replay: ({ scale }) => replay(Math.max(2, Math.round(SECONDS * scale))) },
};

async function replay(seconds) {
  const scratch = scratchFolder();
  const client = path.join(root, ".test/throughput-client.mjs");
  try {
    const document = path.join(scratch.path, "work/hot.py");
    mkdirSync(path.dirname(document));
    writeFileSync(document, Array.from({ length: FUNCTIONS }, (_, i) => `def f${i}():\n    return ${i}\n`).join(""));
    const file = path.join(scratch.path, "batches.jsonl");
    const written = write(file, document, seconds);
    await build({
      entryPoints: [path.join(root, "test/bench/throughput-client.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: client,
      logLevel: "error",
      packages: "external",
    });
    const socket = path.join(scratch.path, "replay.sock");
    const helper = spawn(path.join(root, "dist/flameline-helper"), ["serve", "--replay", file, "--socket", socket, "--idle", "60s"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => helper.once("close", resolve));
    try {
      await new Promise((resolve) => createInterface({ input: helper.stdout }).once("line", resolve));
      const { stdout, status, stderr } = await run(client, [socket, path.join(scratch.path, "storage"), document, String(seconds)]);
      if (status !== 0) {
        throw new Error(`the client ended with ${status}: ${stderr}`);
      }
      return rowsOf(JSON.parse(stdout), written);
    } finally {
      helper.kill("SIGTERM");
      await ended;
    }
  } finally {
    rmSync(client, { force: true });
    scratch.remove();
  }
}

function rowsOf(found, written) {
  // The model's and the heat's totals are ns: a sample that is counted twice, or for another, shows there.
  const worth = written.samples * PERIOD_NS;
  return [
    {
      what: "samples a second",
      value: found.received / found.seconds,
      unit: "",
      target: A_SECOND * 0.99,
      atLeast: true,
      note: `${found.seconds.toFixed(0)} s`,
    },
    { what: "samples that were written and not received", value: written.samples - found.received, unit: "", target: 0 },
    { what: "samples that were received and are not in the model", value: found.received - found.inModel, unit: "", target: 0 },
    { what: "ns that are in the samples and not in the model", value: Math.abs(worth - found.total), unit: "ns", target: 0 },
    { what: "ns that are in the model and not in the heat's total", value: Math.abs(found.total - found.inHeat), unit: "ns", target: 0 },
    {
      what: "losses that the helper told and nobody counts",
      value: Math.abs(written.lost - found.lost),
      unit: "",
      target: 0,
      note: `${found.lost} told`,
    },
    {
      what: "batches that are missing, kinds of rows that could not be read",
      value: found.missingBatches + found.warnings.length,
      unit: "",
      target: 0,
    },
    { what: "lines with heat", value: found.heatLines, unit: "", target: FUNCTIONS, atLeast: true, note: `asked ${found.heats} times` },
    { what: "slowest answer with heat", value: found.slowestHeatMs, unit: "ms" },
    { what: "latest batch", value: found.latestBatchMs, unit: "ms", note: "behind the time at which it was taken" },
    { what: "model and heat behind the last batch", value: found.serverBehindMs, unit: "ms" },
  ];
}

/** Writes the messages of such a recording: tables first, then samples on them. */
function write(file, document, seconds) {
  const out = openSync(file, "w");
  const line = (message) => writeSync(out, `${JSON.stringify(message)}\n`);
  line({ type: "started", recording: 1, startUnixNs: `${Date.now()}000000`, hz: 99, events: ["cpu"] });
  const frames = Array.from({ length: FUNCTIONS }, (_, i) => i);
  const stacks = { parent: [], frame: [] };
  for (let i = 0; i < STACKS; i++) {
    stacks.parent.push(i < FUNCTIONS ? -1 : Math.floor(i / 3));
    stacks.frame.push(i % FUNCTIONS);
  }
  const none = { strings: [], processes: [], threads: [], updates: [] };
  const noFrames = { language: [], function: [], file: [], line: [], column: [], module: [], address: [] };
  const a = A_SECOND / BATCHES_A_SECOND;
  let samples = 0;
  let state = 1;
  for (let sequence = 0; sequence < seconds * BATCHES_A_SECOND; sequence++) {
    const timeNs = ((sequence + 1) * 1e9) / BATCHES_A_SECOND;
    const first = sequence === 0;
    const row = { stack: [], thread: [], timeNs: [], event: [], value: [] };
    for (let i = 0; i < a; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      row.stack.push(samples + i < STACKS ? samples + i : state % STACKS);
      row.thread.push(0);
      row.timeNs.push(Math.floor(timeNs - (a - i) * (1e9 / A_SECOND)));
      row.event.push("cpu");
      row.value.push(PERIOD_NS);
    }
    samples += a;
    line({
      type: "batch",
      recording: 1,
      sequence,
      timeNs,
      ...none,
      ...(first ? tables(document) : {}),
      frames: first
        ? {
            language: frames.map(() => "python"),
            function: frames.map((i) => i + 2),
            file: frames.map(() => 1),
            line: frames.map((i) => 2 * i + 2),
            column: frames.map(() => 0),
            module: frames.map(() => 0),
            address: frames.map(() => "0x0"),
          }
        : noFrames,
      stacks: first ? stacks : { parent: [], frame: [] },
      samples: row,
      loss: { lost: LOST_A_BATCH * (sequence + 1), leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
      cost: { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 },
    });
  }
  closeSync(out);
  return { samples, lost: LOST_A_BATCH * seconds * BATCHES_A_SECOND };
}

function tables(document) {
  const process = {
    pid: 1000,
    parentPid: 1,
    name: "hot",
    executable: "/usr/bin/python3",
    commandLine: ["python3", "hot.py"],
    workingDirectory: path.dirname(document),
    root: "/",
    uid: 1000,
    startNs: 1,
  };
  return {
    strings: ["", document, ...Array.from({ length: FUNCTIONS }, (_, i) => `f${i}`)],
    processes: [process],
    threads: [{ process: 0, tid: 1000, name: "hot" }],
  };
}

function run(file, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}
