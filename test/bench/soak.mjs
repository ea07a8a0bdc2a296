// Half an hour of recording a busy machine in the real VS Code, with its heat shown: what it takes of the memory, and whether that grows.
// Beside other work on the machine: unshare -m sh -c 'mount -t tmpfs none /run; npm run bench:long -- soak', as no helper then shares
// its socket or its lock with another.
import { chromium as browsers } from "@playwright/test";
import { copyExample } from "../../scripts/examples.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { freshPackage } from "../../scripts/package.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { chromium, startVSCode } from "../../scripts/vscode-server.mjs";
import { openFile, openWorkbench, recordedSamples, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { childrenOf, findBelow, memoryOf } from "../support/memory.mjs";
import { runProgram, sleep } from "../support/programs.mjs";
import { connectToHelper } from "../support/helper-client.mjs";

const SECONDS = 30 * 60;
/** Until then caches fill, and code is compiled: part of the time, at most so much. */
const WARM_UP_SECONDS = 180;
const EVERY_MS = 2000;
/** Of the Python example: lines with heat have to be in sight. */
const HOT_LINE = 108;

export const bench = {
  title: `Soak: ${SECONDS / 60} minutes of recording with heat shown, both processors busy`,
  whyNot: () => (isRoot ? undefined : "it records with the real helper and needs root"),
  cases: { window: ({ scale }) => soak(Math.max(10, SECONDS * scale)) },
};

async function soak(seconds) {
  const helper = await startHelper(0);
  const server = await startVSCode({ vsix: freshPackage(`linux-${process.arch}`) });
  const example = copyExample("python", server.workspace);
  const programs = [
    runProgram(example.run, { cwd: server.workspace }),
    // A second busy program, and one that begins processes all the time: names, threads and mappings go on coming.
    runProgram(["node", "-e", "let x = 0; for (;;) { for (let i = 0; i < 1e6; i++) x = (x * 31 + i) | 0; }"], { cwd: server.workspace }),
    runProgram(["sh", "-c", "while :; do sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; sleep 0.2; done"], {
      cwd: server.workspace,
    }),
  ];
  const browser = await browsers.launch(chromium);
  // Takes no part: it asks the helper how much of the kernel's memory its maps are.
  const watcher = await connectToHelper(helper.socket);
  let cost;
  try {
    const watched = await watcher.record({ target: { kind: "process", pid: programs[2]?.pid ?? 0, children: false }, hz: 1 }, (batch) => {
      cost = batch.cost;
    });
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await openWorkbench(page, server);
    await openFile(page, "orders.py", HOT_LINE);
    await sleep(3000);
    await runCommand(page, "Profile This Workspace");
    await until("heat", async () => (await visibleLines(page)).some(({ heat }) => heat !== null), 120_000);
    const readings = await watch(server, helper.pid, seconds, () => cost);
    const samples = await recordedSamples(page);
    const heated = (await visibleLines(page)).some(({ heat }) => heat !== null);
    await watched.stop();
    if (!heated || samples === 0) {
      throw new Error(`after ${seconds} s there is no heat, or no sample (${samples})`);
    }
    return rowsOf(readings, seconds, samples);
  } finally {
    watcher.close();
    await browser.close();
    for (const program of programs) {
      program.stop();
    }
    server.stop();
    await helper.stop();
  }
}

/** Readings of each program, MB. */
async function watch(server, helper, seconds, cost) {
  const end = Date.now() + seconds * 1000;
  const readings = { "helper with maps": [], "extension host": [], "language server": [] };
  while (Date.now() < end) {
    const own = memoryOf(helper) + childrenOf(helper).reduce((sum, pid) => sum + memoryOf(pid), 0);
    readings["helper with maps"].push(own + (cost()?.mapBytes ?? 0) / 1e6);
    readings["extension host"].push(memoryOf(findBelow(server.pid, /--type=extensionHost/), "anonymous"));
    readings["language server"].push(memoryOf(findBelow(server.pid, /language-server\.js/), "anonymous"));
    await sleep(EVERY_MS);
  }
  return readings;
}

function rowsOf(readings, seconds, samples) {
  const skipped = Math.floor((Math.min(WARM_UP_SECONDS, seconds * 0.2) * 1000) / EVERY_MS);
  const rows = [];
  for (const [name, all] of Object.entries(readings)) {
    const settled = all.slice(Math.min(skipped, all.length - 2));
    // What is not garbage shows at the lowest points: each end is a fifth of the time.
    const fifth = Math.max(1, Math.floor(settled.length / 5));
    const begin = Math.min(...settled.slice(0, fifth));
    const growth = Math.min(...settled.slice(-fifth)) - begin;
    const most = Math.max(...all);
    const isHelper = name.startsWith("helper");
    rows.push({ what: `${name}, at most`, value: most, unit: "MB", ...(isHelper ? { target: 250 } : {}) });
    rows.push({
      what: `${name}, growth`,
      value: growth,
      unit: "MB",
      ...(name === "extension host" ? { target: 20 } : {}),
      note: `from ${begin.toFixed(0)} MB in ${Math.round((seconds * settled.length) / all.length / 60)} min`,
    });
  }
  rows.push({ what: "samples", value: samples, unit: "" });
  return rows;
}

async function until(what, holds, ms) {
  for (const end = Date.now() + ms; !(await holds()); await sleep(100)) {
    if (Date.now() > end) {
      throw new Error(`no ${what} within ${ms / 1000} s`);
    }
  }
}
