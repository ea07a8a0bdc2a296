// Runs the helper on kernels of Debian in small virtual machines.   node scripts/kernels.mjs [--only TEST,TEST] [--kernel 6.1] [OUTCOME-FILE]
// With --unpacked FOLDER it takes a kernel package that was unpacked there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { boot } from "./kernels/boot.mjs";
import { fetchKernel, kernelIn } from "./kernels/debian-kernel.mjs";
import { buildPrograms, makeDisk, packGuest } from "./kernels/guest.mjs";
import { has } from "./shell.mjs";

/** Debian's packages by the version that they bring. */
const KERNELS = { 6.1: "linux-image-cloud-amd64", 6.12: "linux-image-6.12-cloud-amd64" };
/** A machine that computes every instruction of another needs half a minute to load the engine, on a busy host a few times that. */
const LIMIT_SECONDS = 900;

const { values, positionals } = parseArgs({
  options: { only: { type: "string" }, kernel: { type: "string" }, unpacked: { type: "string" } },
  allowPositionals: true,
});
/** @type {{ passed: number, failed: string[], skipped: string[] }} */
const outcome = { passed: 0, failed: [], skipped: [] };

const missing = ["qemu-system-x86_64", "dpkg-deb", "apt-get", "gcc", "go", "xz"].filter((each) => !has(each));
if (missing.length > 0 || process.arch !== "x64") {
  const reason = missing.length > 0 ? `${missing.join(", ")} missing` : `this machine is ${process.arch}, the kernels are for x86-64`;
  console.log(`skipped the tests on other kernels: ${reason}`);
  outcome.skipped.push("the helper on other kernels");
} else {
  await runAll();
}
if (positionals[0] !== undefined) {
  writeFileSync(positionals[0], JSON.stringify(outcome));
}
process.exitCode = outcome.failed.length > 0 ? 1 : 0;

async function runAll() {
  const scratch = mkdtempSync(path.join(tmpdir(), "flameline-kernels-"));
  try {
    buildPrograms(scratch);
    if (values.unpacked !== undefined) {
      const kernel = kernelIn(values.unpacked);
      if (typeof kernel === "string") {
        throw new Error(kernel);
      }
      await runOn(kernel, scratch);
      return;
    }
    const machines = [];
    for (const [version, meta] of Object.entries(KERNELS)) {
      if (values.kernel === undefined || values.kernel === version) {
        const kernel = fetchKernel(meta);
        if (typeof kernel === "string") {
          console.log(`skipped Linux ${version}: ${kernel}`);
          outcome.skipped.push(`the helper on Linux ${version}`);
        } else {
          machines.push(kernel);
        }
      }
    }
    // Side by side: each takes one processor of ours.
    await Promise.all(machines.map((kernel) => runOn(kernel, scratch)));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runOn(kernel, scratch) {
  const folder = path.join(scratch, kernel.name);
  mkdirSync(folder);
  const [initrd = "", disk = "", log = "", results = ""] = ["initrd", "disk", "console", "results"].map((name) => path.join(folder, name));
  writeFileSync(initrd, packGuest(scratch, kernel));
  makeDisk(disk);
  const began = Date.now();
  const { tests, ended } = await boot({
    image: kernel.image,
    initrd,
    disk,
    console: log,
    results,
    seconds: LIMIT_SECONDS,
    only: values.only,
  });
  for (const each of tests) {
    const name = `Linux ${kernel.name} ${each.test}`;
    console.log(`${each.passed ? "✓" : "✗"} ${name} (${each.seconds.toFixed(0)} s) ${JSON.stringify(each.facts)}`);
    if (each.passed) {
      outcome.passed++;
    } else {
      outcome.failed.push(name);
    }
  }
  if (!ended) {
    outcome.failed.push(`Linux ${kernel.name}: the machine ended before its tests did`);
  }
  if (!ended || tests.some((each) => !each.passed)) {
    console.log(readFileSync(log, "utf8").replaceAll("\r", ""));
  }
  console.log(`Linux ${kernel.name}: ${Math.round((Date.now() - began) / 1000)} s in all`);
}
