// What profiling costs while both processors are busy, as a share of the whole machine; py-spy and perf beside it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import * as path from "node:path";
import { prepareExample } from "../../scripts/examples.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { cacheRoot } from "../../scripts/paths.mjs";
import { has, isRoot } from "../../scripts/shell.mjs";
import { OWN_UID } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const SECONDS = 30;
/** Loading and first symbols are over by then. */
const WARM_UP_SECONDS = 10;
const PY_SPY = "0.4.1";

export const bench = {
  title: "Overhead at 99 Hz with both processors busy (Python and Node.js), from the tenth second on",
  whyNot: () => (isRoot ? undefined : "it records with the real helper and needs root"),
  run: async ({ scale }) => {
    const warmUp = Math.max(2, WARM_UP_SECONDS * scale);
    const seconds = Math.max(2, SECONDS * scale);
    const load = startLoad();
    const helper = await startHelper(OWN_UID + 3);
    const client = await connectToHelper(helper.socket);
    try {
      await sleep(1500);
      const [python, node] = load.programs();
      const ours = await measureOurs(client, load.pid, warmUp, seconds);
      const pySpy = await measurePySpy(python, seconds);
      const perf = measurePerf(seconds, [python, node]);
      return [...ours, ...pySpy, ...perf];
    } finally {
      client.close();
      await helper.stop();
      load.stop();
    }
  },
};

/** Both programs below one process: only they are recorded, whatever else this machine does. */
function startLoad() {
  const run = ({ folder, run: words }) => `(cd '${folder}' && exec ${words.map((word) => `'${word}'`).join(" ")}) & echo "pid $!"`;
  const load = runProgram(["bash", "-c", `${["python", "javascript"].map((name) => run(prepareExample(name))).join("\n")}\nwait`]);
  return {
    ...load,
    programs: () => [...load.output().matchAll(/^pid (\d+)$/gm)].map(([, pid]) => Number(pid)),
  };
}

async function measureOurs(client, pid, warmUp, seconds) {
  const batches = [];
  const began = Date.now();
  const recording = await client.record({ target: { kind: "process", pid, children: true } }, (batch) => batches.push(batch));
  const loading = (Date.now() - began) / 1000;
  await sleep((warmUp + seconds) * 1000);
  await recording.stop();
  const first = batches.find((batch) => batch.timeNs >= warmUp * 1e9);
  const last = batches.at(-1);
  if (first === undefined || last === first) {
    throw new Error("the helper sent too few batches");
  }
  const machine = (last.timeNs - first.timeNs) * cpus().length;
  const spent = (key) => last.cost[key] - first.cost[key];
  const samples = batches.filter((batch) => batch.timeNs > first.timeNs).reduce((sum, batch) => sum + batch.samples.timeNs.length, 0);
  const all = spent("bpfNs") + spent("helperCpuNs") + spent("symbolizerCpuNs");
  return [
    {
      what: "BPF, helper and symbolizer together",
      value: (100 * all) / machine,
      unit: "%",
      target: 1,
      note: `${samples} samples, ${last.loss.lost} lost`,
    },
    { what: "  BPF alone", value: (100 * spent("bpfNs")) / machine, unit: "%" },
    { what: "  helper alone", value: (100 * spent("helperCpuNs")) / machine, unit: "%" },
    { what: "  symbolizer alone", value: (100 * spent("symbolizerCpuNs")) / machine, unit: "%" },
    { what: "cost of a sample", value: all / samples / 1000, unit: "µs" },
    { what: "  of that, BPF", value: spent("bpfNs") / samples / 1000, unit: "µs" },
    {
      what: "helper's memory",
      value: (last.cost.residentBytes + last.cost.mapBytes) / 1e6,
      unit: "MB",
      target: 150,
      note: `${(last.cost.mapBytes / 1e6).toFixed(0)} MB of it BPF maps`,
    },
    { what: "loading the engine, cold", value: loading, unit: "s" },
  ];
}

/** CPU time of a command as a share of the machine, without the program that it looks at. */
function cpuShare(command, args, seconds) {
  const script = `TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1`;
  const { stderr } = spawnSync("bash", ["-c", script, "bash", command, ...args], { encoding: "utf8" });
  const [user, system] = stderr.trim().split(/\s+/).slice(-2).map(Number);
  return (100 * (user + system)) / (seconds * cpus().length);
}

async function measurePySpy(pid, seconds) {
  const folder = path.join(cacheRoot(), `py-spy-${PY_SPY}`);
  const binary = path.join(folder, "bin/py-spy");
  if (!existsSync(binary)) {
    spawnSync("python3", ["-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--target", folder, `py-spy==${PY_SPY}`], {
      stdio: "ignore",
    });
  }
  if (!existsSync(binary)) {
    console.log("  skipped py-spy: it could not be installed");
    return [];
  }
  const share = (...native) =>
    cpuShare(
      binary,
      [
        "record",
        "--pid",
        String(pid),
        "--rate",
        "99",
        "--duration",
        String(Math.ceil(seconds)),
        "--format",
        "raw",
        "--output",
        "/dev/null",
        ...native,
      ],
      seconds,
    );
  return [
    { what: "py-spy, the Python program only", value: share(), unit: "%", note: "it stops the program while it looks" },
    { what: "py-spy --native, the Python program only", value: share("--native"), unit: "%" },
  ];
}

function measurePerf(seconds, pids) {
  if (!has("perf")) {
    console.log("  skipped perf: linux-perf is not installed");
    return [];
  }
  const args = [
    "record",
    "-q",
    "-e",
    "cpu-clock",
    "-F",
    "99",
    "--call-graph",
    "dwarf",
    "-p",
    pids.join(","),
    "-o",
    "/dev/null",
    "--",
    "sleep",
    String(Math.ceil(seconds)),
  ];
  return [
    {
      what: "perf record --call-graph dwarf, both programs",
      value: cpuShare("perf", args, seconds),
      unit: "%",
      note: "recording only; the kernel's part and perf script are not in it",
    },
  ];
}
