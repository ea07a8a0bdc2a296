// A Debian with systemd, D-Bus and polkit that boots in a container of its own: what the service meets on a real machine,
// but for the process numbers, which are the container's.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";

const PACKAGES = ["systemd", "systemd-sysv", "dbus", "polkitd", "pkexec", "libpam-systemd", "libstdc++6"];
const folder = path.join(root, ".build/debian-systemd");

/** @returns {string | undefined} why there is none; made the first time, in about a minute */
export function whyNoDebian() {
  const missing = ["mmdebstrap", "systemd-nspawn"].filter((tool) => !has(tool));
  if (missing.length > 0) {
    return `${missing.join(" and ")} missing: install Debian's packages mmdebstrap and systemd-container`;
  }
  if (existsSync(folder)) {
    return undefined;
  }
  mkdirSync(path.dirname(folder), { recursive: true });
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  const { status, stderr } = spawnSync(
    "mmdebstrap",
    ["--quiet", "--variant=minbase", `--include=${PACKAGES.join(",")}`, "bookworm", half],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) {
    return `no Debian could be made: ${stderr.trim().split("\n").at(-1)}`;
  }
  renameSync(half, folder);
  return undefined;
}

/**
 * Boots it, runs a shell script in it as root, and ends it.
 * @param {string} script its steps are functions of the shell: `step NAME COMMAND…`
 * @param {Record<string, string>} files files and folders copied to /test, by name
 * @returns {{ steps: Record<string, { status: number, output: string }>, log: string }}
 */
export function runInDebian(script, files) {
  // Beside it: what is written into the Debian itself goes with its last process.
  const test = `${folder}.test`;
  rmSync(test, { recursive: true, force: true });
  mkdirSync(test, { recursive: true });
  for (const [name, source] of Object.entries(files)) {
    cpSync(source, path.join(test, name), { recursive: true });
  }
  const run = path.join(test, "run.sh");
  writeFileSync(
    run,
    `#!/bin/sh\nstep() { name="$1"; shift; "$@" > /test/out 2>&1; echo "$name $? $(base64 -w0 /test/out)" >> /test/steps; }\n${script}\npoweroff\n`,
  );
  chmodSync(run, 0o755);
  const units = path.join(folder, "etc/systemd/system");
  writeFileSync(
    path.join(units, "flameline-test.service"),
    "[Unit]\nAfter=dbus.service\n[Service]\nType=oneshot\nExecStart=/test/run.sh\n",
  );
  mkdirSync(path.join(units, "multi-user.target.wants"), { recursive: true });
  const wanted = path.join(units, "multi-user.target.wants/flameline-test.service");
  rmSync(wanted, { force: true });
  symlinkSync("../flameline-test.service", wanted);
  const options = ["--quiet", "--register=no", "--keep-unit", "--capability=all", "--system-call-filter=bpf perf_event_open"];
  const { stdout, stderr } = spawnSync(
    "systemd-nspawn",
    [...options, "--boot", "--volatile=overlay", `--bind=${test}:/test`, "-D", folder],
    {
      encoding: "utf8",
      timeout: 90_000,
      killSignal: "SIGKILL",
      env: { PATH: process.env.PATH },
    },
  );
  /** @type {Record<string, { status: number, output: string }>} */
  const steps = {};
  const told = path.join(test, "steps");
  for (const line of existsSync(told) ? readFileSync(told, "utf8").trim().split("\n") : []) {
    const [name, status, output = ""] = line.split(" ");
    steps[name] = { status: Number(status), output: Buffer.from(output, "base64").toString("utf8") };
  }
  return { steps, log: `${stdout}${stderr}`.slice(-8000) };
}
