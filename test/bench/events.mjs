// What each event costs on an ordinary load, as a share of the whole machine: a web server with its client, a build, and a program that
// waits as an editor does (`ordinary-load/`). Only these are recorded, whatever else this machine does.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import * as path from "node:path";
import { startHelper } from "../../scripts/helper.mjs";
import { root } from "../../scripts/paths.mjs";
import { has, isRoot } from "../../scripts/shell.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const SECONDS = 30;
/** Loading and the first symbols are over by then. */
const WARM_UP_SECONDS = 15;
/** What a recording holds unless something else is asked for. They may cost 2 % together; the others are recorded on demand. */
const ALWAYS_ON = ["cpu", "off_cpu"];
const ON_DEMAND = [
  ["cpu", "off_cpu", "memory"],
  ["io_read", "io_write"],
  ["net_send", "net_recv"],
];

export const bench = {
  title: "Events on an ordinary load: a web server of 150 requests a second, a build, a program at rest",
  whyNot: () => {
    if (!isRoot) {
      return "it records with the real helper and needs root";
    }
    return has("cc") && has("python3") ? undefined : "it needs a C compiler and Python";
  },
  run: async ({ scale }) => {
    const seconds = Math.max(2, SECONDS * scale);
    const folder = path.join(root, "test/bench/ordinary-load");
    const load = runProgram(["bash", "-c", `node server.mjs & python3 editor.py & bash build.sh & wait`], { cwd: folder });
    const helper = await startHelper(OWN_UID + 5);
    const client = await connectToHelper(helper.socket);
    try {
      const offered = (events) => events.every((event) => client.hello.events.includes(event));
      const always = ALWAYS_ON.filter((event) => offered([event]));
      await recordLoad(client, load.pid, always, 0, Math.max(2, WARM_UP_SECONDS * scale));
      const rows = [];
      for (let count = 1; count <= always.length; count++) {
        const events = always.slice(0, count);
        const target = count === always.length ? 2 : undefined;
        rows.push(...costRows(events.join(", "), await recordLoad(client, load.pid, events, 2, seconds), target));
      }
      for (const events of ON_DEMAND.filter(offered)) {
        rows.push(...costRows(events.join(", "), await recordLoad(client, load.pid, events, 2, seconds)));
      }
      return rows;
    } finally {
      client.close();
      await helper.stop();
      load.stop();
    }
  },
};

function costRows(name, { all, bpf, samples, seconds, switches }, target) {
  const note = `${Math.round(samples / seconds)} samples and ${Math.round(switches / seconds)} switches of the machine a second`;
  return [
    { what: name, value: all, unit: "%", note, ...(target === undefined ? {} : { target }) },
    { what: "  BPF alone", value: bpf, unit: "%" },
  ];
}

/** Records the load and gives the cost after the first seconds, in percent of the machine. */
async function recordLoad(client, pid, events, settling, seconds) {
  const batches = [];
  const target = { kind: "process", pid, children: true };
  const recording = await client.record({ target, events }, (batch) => batches.push(batch));
  await sleep(settling * 1000 + 1100);
  const first = batches.at(-1);
  const switched = switches();
  await sleep(seconds * 1000 + 1100);
  const last = batches.at(-1);
  const during = switches() - switched;
  await recording.stop();
  if (first === undefined || last === first) {
    throw new Error(`the helper sent too few batches of ${events.join(", ")}`);
  }
  const passed = last.timeNs - first.timeNs;
  const spent = (...keys) => keys.reduce((sum, key) => sum + last.cost[key] - first.cost[key], 0);
  const share = (ns) => (100 * ns) / (passed * cpus().length);
  const samples = batches.filter(({ timeNs }) => timeNs > first.timeNs).reduce((sum, batch) => sum + batch.samples.timeNs.length, 0);
  return {
    all: share(spent("bpfNs", "helperCpuNs", "symbolizerCpuNs")),
    bpf: share(spent("bpfNs")),
    samples,
    switches: during,
    seconds: passed / 1e9,
  };
}

function switches() {
  return Number(/^ctxt (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
}
