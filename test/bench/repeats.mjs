// Hundreds of recordings, dozens of starts and of sudden ends: nothing stays in the kernel, attached, mounted, listening or running.
import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { killedHosts } from "./killed-hosts.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { isAlive } from "../support/attached.mjs";
import { OWN_UID, scratchFolder, signal, startFlameline } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { attachedBy, holdingsOf, leftOf, mounts } from "../support/kernel-holdings.mjs";
import { startLanguageServer } from "../support/language-server-process.mjs";
import { childrenOf, memoryOf } from "../support/memory.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const RECORDINGS = 200;
const COLD_STARTS = 20;
const KILLS = 50;
const UID = OWN_UID + 5;
const BUSY = ["sh", "-c", "while :; do :; done"];
/** What the kernel does after a process has ended takes a moment. */
const SECONDS_TO_END = 10;

export const bench = {
  title: `${RECORDINGS} recordings, ${COLD_STARTS} cold starts, ${KILLS} SIGKILLs of each side: what is left`,
  whyNot: () => {
    if (!isRoot) {
      return "it records with the real helper and needs root";
    }
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
    return spawnSync("bpftool", ["version"], { env }).status === 0 ? undefined : "bpftool is not installed";
  },
  cases: {
    recordings: ({ scale }) => recordings(times(RECORDINGS, scale)),
    "cold-starts": ({ scale }) => coldStarts(times(COLD_STARTS, scale)),
    "killed-helpers": ({ scale }) => killedHelpers(times(KILLS, scale)),
    "killed-clients": ({ scale }) => killedClients(times(KILLS, scale)),
    "killed-symbolizers": ({ scale }) => killedSymbolizers(times(KILLS, scale)),
    "killed-extension-hosts": async ({ scale }) => {
      const count = times(KILLS, scale);
      return [leftRow(`${count} killed extension hosts`, await killedHosts(count))];
    },
    "killed-language-servers": ({ scale }) => killedLanguageServers(times(KILLS, scale)),
  },
};

function times(full, scale) {
  return Math.max(1, Math.round(full * scale));
}

/** Does something with a helper of our own and a busy program, and looks what is left of both afterwards. */
async function withHelper(work) {
  const mountsBefore = mounts();
  const program = runProgram(BUSY);
  const helper = await startHelper(UID);
  const left = [];
  let holdings;
  try {
    await work(helper, program, left);
    holdings = holdingsOf(helper.pid, helper.socket);
  } finally {
    await helper.stop();
    program.stop();
  }
  left.push(...(await leftAfter(holdings)), ...(mounts() === mountsBefore ? [] : ["a mount is left"]));
  left.push(...(existsSync(helper.socket) ? [`${helper.socket} is left`] : []));
  return left;
}

/** Records until a batch has samples, and some ms more. */
async function recordOnce(client, pid, more = 0) {
  let came;
  const sampled = new Promise((resolve) => {
    came = resolve;
  });
  const target = { kind: "process", pid, children: true };
  const recording = await client.record({ target }, (batch) => batch.samples.timeNs.length > 0 && came());
  await within(20, sampled, "a sample");
  await sleep(more);
  return recording;
}

async function recordings(count) {
  let growth = 0;
  let handles = 0;
  const left = await withHelper(async (helper, program, found) => {
    const client = await connectToHelper(helper.socket);
    let first;
    for (let round = 0; round < count; round++) {
      const recording = await recordOnce(client, program.pid);
      await recording.stop();
      if (round === Math.min(9, count - 1)) {
        first = { memory: memoryOf(helper.pid), handles: readdirSync(`/proc/${helper.pid}/fd`).length, bpf: holdingsOf(helper.pid).bpf };
      }
    }
    await sleep(500);
    found.push(...attachedBy(helper.pid).map((each) => `${each} stays attached between recordings`));
    const { bpf } = holdingsOf(helper.pid);
    for (const kind of ["prog", "map", "link"]) {
      const more = bpf[kind].length - first.bpf[kind].length;
      if (more > 0) {
        found.push(`${more} of kind ${kind} more than after the first recordings`);
      }
    }
    growth = memoryOf(helper.pid) - first.memory;
    handles = readdirSync(`/proc/${helper.pid}/fd`).length - first.handles;
    client.close();
  });
  return [
    leftRow(`${count} recordings on a warm helper`, left),
    { what: "  its memory since the tenth", value: growth, unit: "MB" },
    { what: "  its open files since the tenth", value: handles, unit: "" },
  ];
}

async function coldStarts(count) {
  const left = [];
  const seconds = [];
  for (let round = 0; round < count; round++) {
    left.push(
      ...(await withHelper(async (helper, program) => {
        const began = performance.now();
        const client = await connectToHelper(helper.socket);
        await (await recordOnce(client, program.pid)).stop();
        seconds.push((performance.now() - began) / 1000);
        client.close();
      })),
    );
  }
  return [
    leftRow(`${count} cold starts`, left),
    { what: "  to the end of a first recording, median", value: seconds.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? 0, unit: "s" },
  ];
}

async function killedHelpers(count) {
  const mountsBefore = mounts();
  const program = runProgram(BUSY);
  const left = [];
  try {
    for (let round = 0; round < count; round++) {
      const helper = await startHelper(UID);
      const client = await connectToHelper(helper.socket);
      await recordOnce(client, program.pid, 20 * (round % 10));
      const holdings = holdingsOf(helper.pid, helper.socket);
      if (holdings.bpf.prog.length === 0 || attachedBy(helper.pid).length === 0) {
        throw new Error("the helper recorded with nothing attached: this looks at the wrong things");
      }
      signal(helper.pid, "SIGKILL");
      left.push(...(await leftAfter(holdings)));
      await helper.stop();
    }
    left.push(...(mounts() === mountsBefore ? [] : ["a mount is left"]));
  } finally {
    program.stop();
  }
  return [leftRow(`${count} killed helpers`, left)];
}

async function killedClients(count) {
  const scratch = scratchFolder();
  const program = runProgram(BUSY);
  const identity = { SUDO_UID: String(UID), SUDO_GID: String(UID) };
  try {
    const left = await withHelper(async (helper, _, found) => {
      for (let round = 0; round < count; round++) {
        const output = path.join(scratch.path, "run.pb.gz");
        const client = startFlameline(["record", "--pid", String(program.pid), "-o", output], { cwd: scratch.path, env: identity });
        await within(
          30,
          eventually(() => attachedBy(helper.pid).length > 0),
          "a recording",
        );
        await sleep(20 * (round % 10));
        const children = childrenOf(client.child.pid);
        client.child.kill("SIGKILL");
        await client.ended;
        await within(
          SECONDS_TO_END,
          eventually(() => attachedBy(helper.pid).length === 0),
          "the end of the recording",
        ).catch((error) => {
          found.push(error.message);
        });
        found.push(...children.filter((pid) => pid !== helper.pid && isAlive(pid)).map((pid) => `the client's child ${pid} is running`));
        if (!isAlive(helper.pid)) {
          throw new Error("the helper ended with a client");
        }
      }
    });
    return [leftRow(`${count} killed clients`, left)];
  } finally {
    program.stop();
    scratch.remove();
  }
}

async function killedSymbolizers(count) {
  const scratch = scratchFolder();
  let named = 0;
  try {
    const left = await withHelper(async (helper, _, found) => {
      const client = await connectToHelper(helper.socket);
      for (let round = 0; round < count; round++) {
        const [symbolizer] = childrenOf(helper.pid);
        // A file that the helper has not seen: its functions have to be asked for.
        const shell = path.join(scratch.path, `shell${round}`);
        copyFileSync("/bin/dash", shell);
        appendFileSync(shell, `${round}`);
        chmodSync(shell, 0o755);
        const program = runProgram([shell, "-c", "while :; do :; done"]);
        let updates = 0;
        let batches = 0;
        const target = { kind: "process", pid: program.pid, children: true };
        const recording = await client.record({ target, hz: 499 }, (batch) => {
          batches++;
          updates += batch.updates.filter(({ positions }) => positions.length > 0).length;
        });
        if (symbolizer !== undefined) {
          signal(symbolizer, "SIGKILL");
        }
        await within(
          20,
          eventually(() => batches > 1 && childrenOf(helper.pid).some((pid) => pid !== symbolizer)),
          "another symbolizer",
        ).catch((error) => found.push(error.message));
        await recording.stop();
        program.stop();
        named += updates > 0 ? 1 : 0;
        if (symbolizer !== undefined && isAlive(symbolizer)) {
          found.push(`symbolizer ${symbolizer} is running`);
        }
      }
      client.close();
      if (childrenOf(helper.pid).length > 1) {
        found.push(`${childrenOf(helper.pid).length} symbolizers are running`);
      }
    });
    return [
      leftRow(`${count} killed symbolizers`, left),
      { what: "  recordings with names all the same", value: named, unit: "", note: "the one that is asked as it dies may stay without" },
    ];
  } finally {
    scratch.remove();
  }
}

async function killedLanguageServers(count) {
  const scratch = scratchFolder();
  const left = [];
  try {
    for (let round = 0; round < count; round++) {
      const server = await startLanguageServer(scratch.path);
      await server.begin("run");
      await server.batches(1 + (round % 5));
      const pids = [server.pid, ...childrenOf(server.pid)];
      signal(server.pid, "SIGKILL");
      await server.ended;
      left.push(...pids.filter(isAlive).map((pid) => `process ${pid} is running`));
    }
    const server = await startLanguageServer(scratch.path);
    const samples = await server.reopen("run");
    if (samples === 0) {
      left.push("nothing of the last recording can be opened");
    }
    server.stop();
    await server.ended;
    // Its folder, its messages, and what the last one made of them.
    left.push(...readdirSync(path.join(scratch.path, "recordings/run")).filter((name) => /tmp|partial|~/.test(name)));
  } finally {
    rmSync(scratch.path, { recursive: true, force: true });
  }
  return [leftRow(`${count} killed language servers`, left)];
}

/**
 * Not at once: who opens a program array while the kernel clears it, as bpftool does to list it, has the kernel count it once too often
 * (prog_array_map_clear), and it stays for ever.
 */
async function leftAfter(holdings) {
  await sleep(1000);
  let left = leftOf(holdings);
  for (const end = Date.now() + SECONDS_TO_END * 1000; left.length > 0 && Date.now() < end; left = leftOf(holdings)) {
    await sleep(100);
  }
  return left;
}

function leftRow(what, left) {
  return { what: `${what}: left behind`, value: left.length, unit: "", target: 0, note: [...new Set(left)].slice(0, 3).join("; ") };
}

async function eventually(holds) {
  while (!holds()) {
    await sleep(50);
  }
}

function within(seconds, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
