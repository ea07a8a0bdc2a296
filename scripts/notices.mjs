// Collects the licences of everything that the package ships into one file.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { root } from "./paths.mjs";

/** Licences that may be shipped; anything else stops the build. BPF objects are the one exception, named in the text. */
const ALLOWED = /^\(?(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|MPL-2\.0|BlueOak-1\.0\.0)( (AND|OR) [\w.-]+)*\)?$/;

const HEADER = `Flameline is licensed under Apache-2.0 (see LICENSE).

The helper (dist/flameline-helper) embeds BPF programs, which are loaded into the kernel: those of Flameline
(bpf-helper/bpf) and those of the OpenTelemetry eBPF profiler (support/ebpf) are licensed under GPL-2.0; their sources are
in this project's repository and in the module go.opentelemetry.io/ebpf-profiler. Everything else in the helper is under
the licences below.
`;

/** @param {string} target file to write */
export function writeNotices(target) {
  const sections = [...npmPackages(), ...goModules()].sort((a, b) => a.name.localeCompare(b.name));
  const text = sections.map(({ name, licence, text: body }) => `${"=".repeat(100)}\n${name}  (${licence})\n\n${body.trim()}\n`).join("\n");
  writeFileSync(target, `${HEADER}\n${text}`);
}

/** Packages reachable from `dependencies`, as installed. */
function npmPackages() {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages)
    .filter(([where, entry]) => where.startsWith("node_modules/") && !entry.dev && !entry.optional && !entry.peer)
    .map(([where]) => {
      const folder = path.join(root, where);
      const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
      if (!ALLOWED.test(String(license))) {
        throw new Error(`${name} ${version} has the licence "${license}", which may not be shipped: remove it or look closer`);
      }
      return { name: `${name} ${version}`, licence: license, text: licenceText(folder) ?? `Licensed under ${license}.` };
    });
}

/** Modules compiled into the helper, from the vendor folder that its build makes. */
function goModules() {
  const vendor = path.join(root, "bpf-helper/vendor");
  const list = path.join(vendor, "modules.txt");
  if (!existsSync(list)) {
    return [];
  }
  return readFileSync(list, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("# ") && !line.startsWith("## "))
    .map((line) => line.slice(2).split(" "))
    .filter(([name]) => name !== undefined && existsSync(path.join(vendor, name)))
    .map(([name, version]) => {
      const text = licenceText(path.join(vendor, name));
      if (text === undefined) {
        throw new Error(`the Go module ${name} has no licence file: look closer before shipping it`);
      }
      return { name: `${name} ${version}`, licence: "see text", text };
    });
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name) && !/\.(go|js|ts)$/.test(name));
  if (file === undefined) {
    return undefined;
  }
  const full = path.join(folder, file);
  try {
    return readFileSync(full, "utf8");
  } catch {
    const inner = readdirSync(full)[0];
    return inner === undefined ? undefined : readFileSync(path.join(full, inner), "utf8");
  }
}
