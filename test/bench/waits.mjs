// What following waits costs while a program switches ten thousand times a second, and as fast as it can; whether its totals
// hold; a bpftrace script that only times each switch beside it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { startHelper } from "../../scripts/helper.mjs";
import { has } from "../../scripts/shell.mjs";
import { buildProgram, whyNoProgram } from "../support/c-programs.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { holdingsOf } from "../support/kernel-holdings.mjs";
import { sleep } from "../support/programs.mjs";

const SECONDS = 15;
/** Pauses in µs between round trips, of about six switches with the pause; or round trips a second, of two switches. */
const LOADS = [
  { name: "10,000 switches a second", pause: 430, target: 1 },
  { name: "200,000 switches a second", pause: 0, rate: 100_000, target: 2 },
  { name: "as fast as it can", pause: 0 },
];
const BEFORE = "[waiting since before the recording]";
const TIMES_SWITCHES = `tracepoint:sched:sched_switch {
  if (@start[args->next_pid]) { @off[args->next_pid] = sum(nsecs - @start[args->next_pid]); delete(@start[args->next_pid]); }
  @start[args->prev_pid] = nsecs;
}`;

export const bench = {
  title: "Waits: a program of two threads that hand a byte to and fro",
  whyNot: whyNoProgram,
  run: async ({ scale }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-waits-"));
    const program = buildProgram(folder, "pingpong", ["-O1", "-pthread"]);
    const helper = await startHelper(OWN_UID + 4);
    const client = await connectToHelper(helper.socket);
    const seconds = Math.max(2, Math.round(SECONDS * scale));
    try {
      const rows = [];
      for (const load of LOADS) {
        rows.push(...(await measureOurs(client, helper.pid, program, load, seconds)));
      }
      client.close();
      await helper.stop();
      for (const load of LOADS) {
        rows.push(...(await measureScript(program, load, seconds)));
      }
      return rows;
    } finally {
      await helper.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Programs of bpf/waits.h and waker.h; what the unwinder takes counts for the one that goes on into it. */
const PARTS = [
  { name: "switched", what: "of it timing each switch, as the script does, and the choice of stacks" },
  { name: "waking", what: "of it who ends a wait" },
  { name: "gate_of_waits", what: "of it the stacks that were taken, and asking at each switch whether one is" },
];

/** What the helper's programs have taken so far, by name. */
function ranOf(pid) {
  const own = new Set(holdingsOf(pid).bpf.prog);
  const run = spawnSync("bpftool", ["--json", "prog", "show"], { encoding: "utf8", maxBuffer: 1e8 });
  const programs = run.status === 0 ? JSON.parse(run.stdout) : [];
  return Object.fromEntries(
    programs.filter(({ id }) => own.has(id)).map(({ name, run_time_ns: ns = 0, run_cnt: count = 0 }) => [name, { ns, count }]),
  );
}

function partOf(ran = { ns: 0, count: 0 }, before = { ns: 0, count: 0 }, switched) {
  const [ns, count] = [ran.ns - before.ns, ran.count - before.count];
  return { value: ns / switched, unit: "ns", note: `${Math.round(ns / Math.max(1, count))} ns a run, ${count} runs` };
}

/** A program that waits for a letter on its input, then works, and prints the ns that its threads waited. */
function startProgram(program, load, seconds) {
  const child = spawn(program, [String(seconds), String(load.pause), String(load.rate ?? 0)], { stdio: ["pipe", "pipe", "ignore"] });
  const said = text(child.stdout).then((lines) => lines.match(/\d+$/gm)?.reduce((sum, ns) => sum + Number(ns), 0) ?? 0);
  return { pid: child.pid, go: () => child.stdin.end("g"), said };
}

async function measureOurs(client, helper, path, load, seconds) {
  const program = startProgram(path, load, seconds);
  await sleep(300);
  const batches = [];
  const target = { kind: "process", pid: program.pid, children: false };
  const recording = await client.record({ target, events: ["off_cpu"] }, (batch) => batches.push(batch));
  await sleep(1500); // what it has mapped is read
  const first = batches.at(-1)?.cost ?? { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0 };
  const ranBefore = ranOf(helper);
  const before = switches();
  program.go();
  const said = await program.said;
  const switched = switches() - before;
  const ran = ranOf(helper);
  await recording.stop();
  const last = batches.at(-1);
  const { found, samples } = waited(batches);
  const machine = seconds * 1e9 * cpus().length;
  const spent = (key) => last.cost[key] - first[key];
  const all = spent("bpfNs") + spent("helperCpuNs") + spent("symbolizerCpuNs");
  return [
    {
      what: `${load.name}: BPF for a switch`,
      value: spent("bpfNs") / switched,
      unit: "ns",
      target: 1000,
      note: perSecond(switched, seconds),
    },
    ...PARTS.map(({ name, what }) => ({ what: `  ${what}`, ...partOf(ran[name], ranBefore[name], switched) })),
    {
      what: "  BPF, helper and symbolizer together",
      value: (100 * all) / machine,
      unit: "%",
      target: load.target,
      note: `of the machine; stacks of ${last.loss.waitStacks} of ${last.loss.waits} waits, ${samples} samples`,
    },
    { what: "  total against the program's own", value: (100 * Math.abs(found - said)) / said, unit: "%", target: 2 },
  ];
}

function perSecond(count, seconds) {
  return `${Math.round(count / seconds).toLocaleString("en")} a second on the machine`;
}

function switches() {
  return Number(/^ctxt (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
}

/** The waiting in a recording, without what began before it. */
function waited(batches) {
  const all = (select) => batches.flatMap(select);
  const before = all((batch) => batch.strings).indexOf(BEFORE);
  const functions = all((batch) => batch.frames.function);
  const frames = all((batch) => batch.stacks.frame);
  const parents = all((batch) => batch.stacks.parent);
  const stacks = all((batch) => batch.samples.stack);
  const values = all((batch) => batch.samples.value);
  let found = 0;
  stacks.forEach((stack, i) => {
    for (let at = stack; at >= 0; at = parents[at]) {
      if (functions[frames[at]] === before) {
        return;
      }
    }
    found += values[i];
  });
  return { found, samples: stacks.length };
}

async function measureScript(path, load, seconds) {
  if (!(has("bpftrace") && has("bpftool"))) {
    console.log("  skipped bpftrace: bpftrace and bpftool are not both installed");
    return [];
  }
  const inside = 'mount -t tracefs none /sys/kernel/tracing; mount -t debugfs none /sys/kernel/debug; exec bpftrace -e "$0"';
  const script = spawn("unshare", ["--mount", "sh", "-c", inside, TIMES_SWITCHES], { stdio: "ignore" });
  spawnSync("sysctl", ["-qw", "kernel.bpf_stats_enabled=1"]);
  try {
    await sleep(3000);
    const program = startProgram(path, load, seconds);
    await sleep(200);
    const before = runOf("sched_switch");
    program.go();
    await program.said;
    const after = runOf("sched_switch");
    return [{ what: `bpftrace, ${load.name}: BPF for a switch`, value: (after.ns - before.ns) / (after.count - before.count), unit: "ns" }];
  } finally {
    spawnSync("sysctl", ["-qw", "kernel.bpf_stats_enabled=0"]);
    script.kill("SIGTERM");
    await new Promise((resolve) => script.once("close", resolve));
  }
}

function runOf(name) {
  const programs = JSON.parse(spawnSync("bpftool", ["--json", "prog", "show", "name", name], { encoding: "utf8" }).stdout);
  const [one] = Array.isArray(programs) ? programs : [programs];
  return { ns: one.run_time_ns ?? 0, count: one.run_cnt ?? 0 };
}
