// Bytes by line against strace, in the same run; against the program's own account where stacks are thinned; and what it costs: a
// call of a recorded program, any call of another one, and the whole.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { startHelper } from "../../scripts/helper.mjs";
import { has } from "../../scripts/shell.mjs";
import { buildProgram, whyNoProgram } from "../support/c-programs.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { sumsByPlace } from "../support/batch-sums.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { sleep } from "../support/programs.mjs";

const ROUNDS = 20_000;
const EVENTS = ["io_read", "io_write", "net_send", "net_recv"];
const CALLS = 300_000;
const PAIRS = 15;
const TRACED = "read,write,pread64,pwrite64,readv,writev,sendto,recvfrom,sendmmsg";
/** Passes bytes from one descriptor to another, which is counted and of no line. */
const COPIES = "copying";

export const bench = {
  title: "Bytes of files and the network, by line",
  whyNot: whyNoProgram,
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-io-"));
    const [transfer, calls] = ["transfer", "calls"].map((name) => buildProgram(folder, name, ["-g", "-O1", "-pthread"]));
    const helper = await startHelper(OWN_UID + 5);
    const client = await connectToHelper(helper.socket);
    try {
      const rounds = Math.max(200, Math.round(ROUNDS * scale));
      return [
        ...(await againstStrace(client, transfer, folder, Math.ceil(rounds / 10))),
        ...(await atFullSpeed(client, transfer, folder, rounds)),
        ...(await costOfCalls(client, calls, folder, Math.max(2, Math.round(PAIRS * scale)))),
      ];
    } finally {
      client.close();
      await helper.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Records a command to its end. `pidOf` gives the process that is meant. */
async function record(client, [program, ...args], pidOf = (pid) => pid) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  const output = text(child.stdout);
  await sleep(500);
  const batches = [];
  const target = { kind: "process", pid: pidOf(child.pid), children: false };
  const recording = await client.record({ target, events: EVENTS }, (batch) => batches.push(batch));
  await sleep(1500); // what it has mapped is read
  const first = batches.at(-1)?.cost ?? { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0 };
  const began = performance.now();
  child.stdin.end("g");
  const said = await output;
  const tookNs = (performance.now() - began) * 1e6;
  await recording.stop();
  const cost = batches.at(-1).cost;
  const spentNs = ["bpfNs", "helperCpuNs", "symbolizerCpuNs"].reduce((sum, key) => sum + cost[key] - first[key], 0);
  return { lines: accountOf(said), found: sumsByPlace(batches, ({ name, line }) => `${name}:${line}`), tookNs, spentNs, batches };
}

/** What testdata/transfer.c says: each line with its descriptor and bytes. */
function accountOf(said) {
  const rows = [...said.matchAll(/^(\w+) (\d+) (\d+) (\d+)$/gm)];
  return rows
    .map(([, name, line, descriptor, bytes]) => ({ name, place: `${name}:${line}`, descriptor, bytes: Number(bytes) }))
    .filter(({ name }) => name !== COPIES);
}

/** The largest error of a line, %. */
function worst(lines, bytesOf, found) {
  const errors = lines.map((line) => ({ ...line, error: (100 * Math.abs((found.get(line.place) ?? 0) - bytesOf(line))) / bytesOf(line) }));
  return errors.toSorted((a, b) => b.error - a.error)[0] ?? { error: Number.NaN, place: "no line" };
}

async function againstStrace(client, program, folder, rounds) {
  if (!has("strace")) {
    console.log("  skipped strace: it is not installed");
    return [];
  }
  const log = path.join(folder, "strace.log");
  const command = ["strace", "-f", "-o", log, "-e", `trace=${TRACED}`, program, String(rounds), folder];
  const childOf = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
  const { lines, found } = await record(client, command, childOf);
  const byDescriptor = straceSums(readFileSync(log, "utf8"));
  const { error, place } = worst(lines, ({ descriptor }) => byDescriptor.get(descriptor) ?? 0, found);
  return [
    { what: "bytes of a line against strace, the worst line", value: error, unit: "%", target: 5, note: `${lines.length} lines; ${place}` },
  ];
}

/** Bytes by descriptor, of calls that strace shows whole or in two parts. */
function straceSums(log) {
  const sums = new Map();
  const open = new Map();
  for (const line of log.split("\n")) {
    const [, tid, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest === undefined) {
      continue;
    }
    const begun = /^\w+\((\d+),.*<unfinished \.\.\.>$/.exec(rest);
    if (begun !== null) {
      open.set(tid, begun[1]);
      continue;
    }
    const resumed = rest.startsWith("<... ");
    const descriptor = resumed ? open.get(tid) : /^\w+\((\d+),/.exec(rest)?.[1];
    const lengths = [...rest.matchAll(/msg_len=(\d+)/g)].map(([, bytes]) => Number(bytes));
    const result = Number(/= (\d+)$/.exec(rest)?.[1] ?? 0);
    const bytes = /sendmmsg/.test(rest) ? lengths.reduce((a, b) => a + b, 0) : result;
    if (descriptor !== undefined && bytes > 0) {
      sums.set(descriptor, (sums.get(descriptor) ?? 0) + bytes);
    }
  }
  return sums;
}

async function atFullSpeed(client, program, folder, rounds) {
  const { lines, found, tookNs, spentNs, batches } = await record(client, [program, String(rounds), folder]);
  const { error, place } = worst(lines, ({ bytes }) => bytes, found);
  const stacks = batches.reduce((sum, batch) => sum + batch.samples.stack.length, 0);
  const calls = rounds * 37; // of which 34 have a line
  return [
    {
      what: "at full speed against the program's own account, the worst line",
      value: error,
      unit: "%",
      target: 5,
      note: `${stacks} stacks; ${place}`,
    },
    {
      what: "  BPF, helper and symbolizer together",
      value: (100 * spentNs) / (tookNs * cpus().length),
      unit: "%",
      note: `of the machine, at about ${Math.round((calls / tookNs) * 1e9).toLocaleString("en")} calls a second`,
    },
  ];
}

/** With and without recording by turns, in the same processes. */
async function costOfCalls(client, program, folder, pairs) {
  const [recorded, other] = ["recorded", "other"].map((name) => {
    const child = spawn(program, [path.join(folder, name), String(CALLS)], { stdio: ["pipe", "pipe", "ignore"] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const ask = async (letter) => {
      child.stdin.write(letter);
      return Number((await lines.next()).value);
    };
    return { pid: child.pid, ask, end: () => child.stdin.end() };
  });
  const [read, nothing] = [
    { on: [], off: [] },
    { on: [], off: [] },
  ];
  for (let i = 0; i < pairs; i++) {
    read.off.push(await recorded.ask("r"));
    nothing.off.push(await other.ask("p"));
    const recording = await client.record(
      { target: { kind: "process", pid: recorded.pid, children: false }, events: EVENTS },
      () => undefined,
    );
    read.on.push(await recorded.ask("r"));
    nothing.on.push(await other.ask("p"));
    await recording.stop();
  }
  recorded.end();
  other.end();
  return [
    {
      what: "a call of a recorded program takes longer by",
      value: median(read.on) - median(read.off),
      unit: "ns",
      note: `than ${median(read.off).toFixed(0)} ns, its stacks thinned`,
    },
    {
      what: "a call of any other program takes longer by",
      value: median(nothing.on) - median(nothing.off),
      unit: "ns",
      note: `than ${median(nothing.off).toFixed(0)} ns`,
    },
  ];
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
