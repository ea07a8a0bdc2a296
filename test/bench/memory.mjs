// Growth by function against the program's own account, with small and with huge pages; and what following page faults costs while a
// program does nothing but take memory and give it back.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { startHelper } from "../../scripts/helper.mjs";
import { buildProgram, whyNoProgram } from "../support/c-programs.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { sleep } from "../support/programs.mjs";

const SECONDS = 10;
const MB = 1 << 20;
/** Pauses in µs after each 32 MB: 8192 faults. */
const LOADS = [
  { name: "200 MB a second", pause: 150_000, target: 1 },
  { name: "as fast as it can", pause: 0 },
];

export const bench = {
  title: "Memory: growth by function, and the cost of a page fault",
  whyNot: whyNoProgram,
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-memory-"));
    const [grower, churner] = ["grower", "churner"].map((name) => buildProgram(folder, name, ["-O1", "-fno-optimize-sibling-calls"]));
    const helper = await startHelper(OWN_UID + 5);
    const client = await connectToHelper(helper.socket);
    try {
      const rows = [];
      for (const pages of ["small", "huge"]) {
        rows.push(await measureGrowth(client, grower, pages, Math.max(MB / 4, Math.round(MB * scale))));
      }
      const seconds = Math.max(2, Math.round(SECONDS * scale));
      for (const load of LOADS) {
        rows.push(...(await measureCost(client, churner, load, seconds)));
      }
      return rows;
    } finally {
      client.close();
      await helper.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function recordProgram(client, program, args, work) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  const said = text(child.stdout);
  await sleep(300);
  const batches = [];
  const target = { kind: "process", pid: child.pid, children: true };
  const recording = await client.record({ target, events: ["memory"] }, (batch) => batches.push(batch));
  await sleep(1500); // what it has mapped is read
  const first = batches.at(-1)?.cost ?? { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0 };
  child.stdin.write("g");
  await work(child);
  await recording.stop();
  child.stdin.end();
  return { batches, first, said: await said };
}

async function measureGrowth(client, program, pages, megabyte) {
  const { batches, said } = await recordProgram(client, program, [pages, String(megabyte)], async (child) => {
    // It tells that it is done, and goes on holding what it took.
    await new Promise((resolve) => child.stdout.on("data", (data) => String(data).includes("end") && resolve()));
    await sleep(1000);
  });
  const functions = said
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, bytes]) => bytes !== undefined)
    .map(([name, bytes]) => ({ name, bytes: Number(bytes) }));
  const found = growthOf(batches, new Set(functions.map(({ name }) => name)));
  let worst = { error: 0, name: "" };
  for (const { name, bytes } of functions) {
    const error = (100 * Math.abs((found.get(name) ?? 0) - bytes)) / Math.max(bytes, 100 * megabyte);
    worst = error > worst.error ? { error, name } : worst;
  }
  const most = Math.round(Math.max(...functions.map(({ bytes }) => bytes)) / 1e6);
  return {
    what: `${pages} pages: the worst of ${functions.length} functions`,
    value: worst.error,
    unit: "%",
    target: 10,
    note: `${worst.name}; they grow by up to ${most} MB`,
  };
}

/** Bytes by the innermost of some functions. */
function growthOf(batches, names) {
  const all = (select) => batches.flatMap(select);
  const strings = all((batch) => batch.strings);
  const functions = all((batch) => batch.frames.function);
  for (const { frame, positions } of all((batch) => batch.updates)) {
    functions[frame] = positions[0].function;
  }
  const frames = all((batch) => batch.stacks.frame);
  const parents = all((batch) => batch.stacks.parent);
  const stacks = all((batch) => batch.samples.stack);
  const values = all((batch) => batch.samples.value);
  const sums = new Map();
  stacks.forEach((stack, i) => {
    for (let at = stack; at >= 0; at = parents[at]) {
      const name = strings[functions[frames[at]]];
      if (names.has(name)) {
        sums.set(name, (sums.get(name) ?? 0) + values[i]);
        return;
      }
    }
  });
  return sums;
}

async function measureCost(client, program, load, seconds) {
  const { batches, first, said } = await recordProgram(client, program, [String(seconds), String(load.pause)], (child) => {
    return new Promise((resolve) => child.once("close", resolve));
  });
  const [faults] = said.split(" ").map(Number);
  const last = batches.at(-1).cost;
  const spent = (key) => last[key] - first[key];
  const all = spent("bpfNs") + spent("helperCpuNs") + spent("symbolizerCpuNs");
  const samples = batches.reduce((sum, batch) => sum + batch.samples.stack.length, 0);
  return [
    {
      what: `${load.name}: BPF for a fault`,
      value: spent("bpfNs") / faults,
      unit: "ns",
      note: `${Math.round(faults / seconds).toLocaleString("en")} a second, stacks included`,
    },
    {
      what: "  BPF, helper and symbolizer together",
      value: (100 * all) / (seconds * 1e9 * cpus().length),
      unit: "%",
      target: load.target,
      note: `of the machine; ${samples} samples`,
    },
  ];
}
