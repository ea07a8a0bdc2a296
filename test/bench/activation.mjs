// How long a window waits for the extension: activation inside the real extension host, and from the command to the first heat.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import * as path from "node:path";
import { chromium as browsers } from "@playwright/test";
import { copyExample } from "../../scripts/examples.mjs";
import { runInExtensionHost } from "../../scripts/extension-host.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { freshPackage } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { chromium, startVSCode } from "../../scripts/vscode-server.mjs";
import { openFile, openWorkbench, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { runProgram, sleep } from "../support/programs.mjs";
import { connectToHelper } from "../support/helper-client.mjs";

const WINDOWS = 7;
const RECORDED_SECONDS = 20;
const WINDOWS_PROGRAMS = /--type=extensionHost|language-server\.js/;
/** USER_HZ, the unit of CPU time in /proc. */
const TICKS_A_SECOND = 100;
/** So long after the start of its tests a window is at rest, ms. Until then the browser is busy with the workbench. */
const REST_MS = 4000;

/**
 * Runs in the extension host, whose module cache and marks are those of the extension. VS Code's own account of an activation
 * ("Show Running Extensions") is the time of loading plus that of `activate()`. Between the two it fetches the extension's storage
 * from the window, which is in the time from the first use to the end, too.
 */
const PROBE = `
const vscode = require("vscode");
const { statSync, writeFileSync } = require("node:fs");
exports.run = async () => {
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.FLAMELINE_REST)));
  const extension = vscode.extensions.getExtension("flameline.flameline");
  const start = performance.now();
  await extension.activate();
  const whole = performance.now() - start;
  const at = Object.fromEntries(globalThis.MonacoPerformanceMarks.getMarks().map(({ name, startTime }) => [name, startTime]));
  const between = (from, to) => at["code/extHost/" + to + "/flameline.flameline"] - at["code/extHost/" + from + "/flameline.flameline"];
  const read = Object.keys(require.cache).filter((file) => file.startsWith(extension.extensionPath + "/dist/"));
  writeFileSync(process.env.FLAMELINE_ACTIVATION, JSON.stringify({
    whole,
    loading: between("willLoadExtensionCode", "didLoadExtensionCode"),
    calling: between("willActivateExtension", "didActivateExtension"),
    bytes: read.reduce((sum, file) => sum + statSync(file).size, 0),
  }));
};`;

export const bench = {
  title: "Waiting for the extension, in the real VS Code",
  run: async ({ scale }) => {
    const windows = Math.max(1, Math.round(WINDOWS * scale));
    const early = await activations(windows, 0);
    const late = await activations(windows, REST_MS);
    const account = ({ loading, calling }) => loading + calling;
    const storage = (each) => each.whole - account(each);
    const rows = [
      { what: "activation, VS Code's account, window at rest, median", value: median(late.map(account)), unit: "ms", target: 50 },
      { what: "activation, VS Code's account, window still starting, median", value: median(early.map(account)), unit: "ms", target: 50 },
      { what: "of it loading the code", value: median(early.map(({ loading }) => loading)), unit: "ms" },
      { what: "first use to its end, window at rest, median", value: median(late.map(({ whole }) => whole)), unit: "ms", target: 50 },
      {
        what: "first use to its end, window still starting, median",
        value: median(early.map(({ whole }) => whole)),
        unit: "ms",
        note: `${median(early.map(storage)).toFixed(0)} ms of it VS Code's own, which fetches the storage from a busy window`,
      },
      { what: "JavaScript that activation reads", value: median(late.map(({ bytes }) => bytes)) / 1e3, unit: "kB" },
    ];
    if (isRoot) {
      const { heat, share } = await whileRecording(Math.max(2, RECORDED_SECONDS * scale));
      rows.push(
        {
          what: "from the command to the first heat, helper warm",
          value: heat,
          unit: "s",
          target: 2,
          note: "0.5 s warm start and 1.5 s to the heat",
        },
        { what: "extension host and language server while recording", value: share, unit: "%", note: "of the machine, heat shown" },
      );
    } else {
      console.log("  skipped the first heat: it records with the real helper and needs root");
    }
    return rows;
  },
};

/** What `PROBE` found in each of so many windows. */
async function activations(windows, restMs) {
  const folder = path.join(root, ".build/activation");
  mkdirSync(folder, { recursive: true });
  const module = path.join(folder, "index.js");
  const result = path.join(folder, "found.json");
  writeFileSync(module, PROBE);
  const found = [];
  for (let window = 0; window < windows; window++) {
    const status = await runInExtensionHost({
      module,
      fixture: path.join(root, "test/fixtures/workspace"),
      env: { FLAMELINE_ACTIVATION: result, FLAMELINE_REST: String(restMs) },
    });
    if (status !== 0) {
      throw new Error(`the extension host ended with ${String(status)}`);
    }
    found.push(JSON.parse(readFileSync(result, "utf8")));
  }
  return found;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Seconds from the command to the first heat, and what the window's programs take afterwards, in percent of the machine. */
async function whileRecording(seconds) {
  const server = await startVSCode({ vsix: freshPackage(`linux-${process.arch}`) });
  const example = copyExample("python", server.workspace);
  const helper = await startHelper(0).catch(() => undefined);
  const program = runProgram(example.run, { cwd: server.workspace });
  const browser = await browsers.launch(chromium);
  try {
    // A recording before this one loads the engine.
    const client = await connectToHelper(helper?.socket ?? "/run/flameline/0/helper.sock");
    await (await client.record({ target: { kind: "process", pid: program.pid, children: true } })).stop();
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await openWorkbench(page, server);
    await openFile(page, "orders.py", 108);
    await sleep(3000);
    const began = performance.now();
    await runCommand(page, "Profile This Workspace");
    const typed = performance.now();
    while (!(await visibleLines(page)).some(({ heat }) => heat !== null)) {
      if (performance.now() - began > 60_000) {
        throw new Error("no heat within a minute");
      }
      await sleep(20);
    }
    const heat = (performance.now() - typed) / 1000;
    client.close();
    const before = ticksOf(WINDOWS_PROGRAMS);
    await sleep(seconds * 1000);
    const spent = (ticksOf(WINDOWS_PROGRAMS) - before) / TICKS_A_SECOND;
    return { heat, share: (100 * spent) / (seconds * cpus().length) };
  } finally {
    await browser.close();
    program.stop();
    server.stop();
    await helper?.stop();
  }
}

/** CPU time that the processes with such a command line have used. */
function ticksOf(commandLine) {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (commandLine.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"))) {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        ticks += Number(fields[11]) + Number(fields[12]);
      }
    } catch {
      // It has ended.
    }
  }
  return ticks;
}
