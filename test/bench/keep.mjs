// Keep Profiling under loads of three kinds, one after the other: its cost against its budget, the rate that it chose, the disk that it
// took against its bound, and what the memory of the helper and of the recorder grew by.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import * as path from "node:path";
import { prepareExample } from "../../scripts/examples.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { root } from "../../scripts/paths.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { OWN_ENV, OWN_UID } from "../support/flameline.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

/** Of each load. */
const SECONDS = 120;
/** After the start, while programs that run already are read. */
const FIRST_SECONDS = 10;
const CPU_PERCENT = 1;
const DISK_MEGABYTES = 16;

export const bench = {
  title: `Keep Profiling with ${CPU_PERCENT} % of the machine and ${DISK_MEGABYTES} MB`,
  whyNot: () => (isRoot ? undefined : "it records with the real helper and needs root"),
  run: async ({ scale }) => {
    const seconds = Math.max(6, SECONDS * scale);
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-keep-"));
    const ring = path.join(folder, "ring");
    const helper = await startHelper(OWN_UID + 7);
    const rows = [];
    const running = RUNNING.map((script) => runProgram(["bash", "-c", `cd '${folder}' && exec ${script}`]));
    const keeper = startKeeper(folder, ring, OWN_UID + 7);
    try {
      await until(() => keeper.said().includes("keeping the last"), 120);
      const told = new Map();
      let disk = 0;
      const watch = setInterval(() => (disk = Math.max(disk, bytesOf(ring))), 200);
      const before = { helper: residentOf(helper.pid), recorder: residentOf(keeper.pid) };
      const started = { at: performance.now(), spent: spentBy(ring, keeper.pid, told) };
      await sleep(FIRST_SECONDS * Math.min(1, scale * 10) * 1000);
      rows.push({
        what: "the first ten seconds, with three programs that ran before: cost",
        value: shareSince(started, spentBy(ring, keeper.pid, told)),
        unit: "%",
        target: CPU_PERCENT,
        note: rateOf(ring),
      });
      for (const load of running) load.stop();
      for (const { what, command } of loads(folder)) {
        const load = runProgram(command);
        const from = { at: performance.now(), spent: spentBy(ring, keeper.pid, told) };
        await sleep(seconds * 1000);
        const value = shareSince(from, spentBy(ring, keeper.pid, told));
        load.stop();
        rows.push({ what: `${what}: cost`, value, unit: "%", target: CPU_PERCENT, note: rateOf(ring) });
      }
      clearInterval(watch);
      rows.push({ what: "disk at most", value: disk / 1e6, unit: "MB", target: DISK_MEGABYTES });
      rows.push({ what: "helper's memory grew by", value: (residentOf(helper.pid) - before.helper) / 1e6, unit: "MB" });
      rows.push({ what: "recorder's memory grew by", value: (residentOf(keeper.pid) - before.recorder) / 1e6, unit: "MB", target: 20 });
      return rows;
    } finally {
      for (const load of running) load.stop();
      await keeper.stop();
      await helper.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** What runs before the start, in the folder that is recorded; each does a little, so that it has stacks. */
const RUNNING = [
  `python3 -c 'while True: sum(range(20000)); __import__("time").sleep(0.02)'`,
  `node -e 'setInterval(() => { for (let i = 0; i < 1e6; i++); }, 20)'`,
  `perl -e 'while (1) { $x += $_ for 1 .. 20000; select undef, undef, undef, 0.02 }'`,
];

/** Percent of the machine. */
const shareSince = ({ at, spent }, now) => (100 * (now - spent)) / ((performance.now() - at) * 1e6 * cpus().length);

/** Each in the folder that is recorded. */
function loads(folder) {
  const { folder: example, main } = prepareExample("python");
  const inside = (script) => ["bash", "-c", `cd '${folder}' && ${script}`];
  const busy = `exec env PYTHONPATH='${example}/libraries' python3 '${path.join(example, main)}'`;
  return [
    { what: "one busy program in Python", command: inside(busy) },
    { what: "new processes, as many as there can be", command: inside("while :; do /bin/true; /bin/true; /bin/true; done") },
    { what: "switches, as many as there can be", command: inside(`exec python3 -c '${PING_PONG}'`) },
  ];
}

/** Two threads of execution that hand a byte to and fro. */
const PING_PONG = `
import os
a, b = os.pipe(), os.pipe()
if os.fork():
    while True: os.write(a[1], b"x"); os.read(b[0], 1)
while True: os.read(a[0], 1); os.write(b[1], b"x")
`;

function startKeeper(folder, ring, uid) {
  const args = [
    "record",
    "--keep",
    "--events",
    "cpu,off_cpu",
    "--minutes",
    "60",
    "--megabytes",
    String(DISK_MEGABYTES),
    "--cpu",
    String(CPU_PERCENT),
  ];
  const child = spawn(process.execPath, [path.join(root, "dist/flameline.js"), ...args, "--workspace", folder, "-o", ring], {
    env: { ...process.env, ...OWN_ENV, SUDO_UID: String(uid) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (data) => (text += data));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    pid: child.pid,
    said: () => text,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const segments = (ring) => readdirSync(ring).filter((name) => name.endsWith(".jsonl"));
const bytesOf = (ring) =>
  segments(ring).reduce((sum, name) => sum + (statSync(path.join(ring, name), { throwIfNoEntry: false })?.size ?? 0), 0);

/** What all segments say that they cost, those included that are gone since the last look, and the recorder's own processor time, ns. */
function spentBy(ring, pid, told) {
  for (const name of segments(ring)) {
    const { cost } = linesOf(ring, name).findLast(({ type }) => type === "batch") ?? {};
    told.set(name, cost === undefined ? 0 : Math.max(cost.bpfNs, 0) + cost.helperCpuNs + cost.symbolizerCpuNs);
  }
  const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ").slice(11, 13).map(Number) ?? [];
  return [...told.values()].reduce((sum, each) => sum + each, 0) + (user + system) * 1e7;
}

function linesOf(ring, name) {
  const file = path.join(ring, name);
  // The oldest may just have gone.
  return (existsSync(file) ? readFileSync(file, "utf8") : "").split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return []; // half a line is on its way
    }
  });
}

/** The rate at the end of a load. */
function rateOf(ring) {
  const said = segments(ring)
    .toSorted()
    .flatMap((name) => linesOf(ring, name))
    .findLast(({ type }) => type === "rate" || type === "started");
  return said?.hz === 0 ? "paused at its end" : `${said?.hz} samples a second at its end`;
}

function residentOf(pid) {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

async function until(holds, seconds) {
  for (const began = performance.now(); !holds(); await sleep(100)) {
    if (performance.now() - began > seconds * 1000) throw new Error("it did not begin in time");
  }
}
