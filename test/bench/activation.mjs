// How long a window waits for the extension: activation inside the real extension host, and from the command to the first heat.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { chromium as browsers } from "@playwright/test";
import { copyExample } from "../../scripts/examples.mjs";
import { runInExtensionHost } from "../../scripts/extension-host.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { packageTarget, vsixPath } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";
import { isRoot } from "../../scripts/shell.mjs";
import { chromium, startVSCode } from "../../scripts/vscode-server.mjs";
import { openFile, openWorkbench, runCommand, visibleLines } from "../../scripts/workbench.mjs";
import { runProgram, sleep } from "../support/programs.mjs";
import { connectToHelper } from "../support/helper-client.mjs";

const WINDOWS = 7;

/** Runs in the extension host: the time that `activate()` takes, its module's loading included, ms. */
const PROBE = `
const vscode = require("vscode");
exports.run = async () => {
  const start = performance.now();
  await vscode.extensions.getExtension("flameline.flameline").activate();
  require("node:fs").writeFileSync(process.env.FLAMELINE_ACTIVATION, String(performance.now() - start));
};`;

export const bench = {
  title: "Waiting for the extension, in the real VS Code",
  run: async ({ scale }) => {
    const rows = [
      { what: "activation, median", value: await medianActivation(Math.max(1, Math.round(WINDOWS * scale))), unit: "ms", target: 50 },
    ];
    if (isRoot) {
      rows.push({
        what: "from the command to the first heat, helper warm",
        value: await commandToHeat(),
        unit: "s",
        target: 2,
        note: "0.5 s warm start and 1.5 s to the heat",
      });
    } else {
      console.log("  skipped the first heat: it records with the real helper and needs root");
    }
    return rows;
  },
};

async function medianActivation(windows) {
  const folder = path.join(root, ".build/activation");
  mkdirSync(folder, { recursive: true });
  const module = path.join(folder, "index.js");
  const result = path.join(folder, "ms");
  writeFileSync(module, PROBE);
  const times = [];
  for (let window = 0; window < windows; window++) {
    const status = await runInExtensionHost({
      module,
      fixture: path.join(root, "test/fixtures/workspace"),
      env: { FLAMELINE_ACTIVATION: result },
    });
    if (status !== 0) {
      throw new Error(`the extension host ended with ${String(status)}`);
    }
    times.push(Number(readFileSync(result, "utf8")));
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function commandToHeat() {
  const target = `linux-${process.arch}`;
  packageTarget(target);
  const server = await startVSCode({ vsix: vsixPath(target) });
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
    client.close();
    return (performance.now() - typed) / 1000;
  } finally {
    await browser.close();
    program.stop();
    server.stop();
    await helper?.stop();
  }
}
