// Kernels as Debian ships them, unpacked into a cache; nothing is installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { cacheRoot } from "../paths.mjs";
import { isRoot } from "../shell.mjs";

/** @typedef {{ name: string, image: string, modules: string }} Kernel `name` as `uname -r` says it */

/**
 * Fetches the newest kernel of a Debian meta package; the one fetched before where that can't be had.
 * @param {string} meta for example linux-image-cloud-amd64
 * @returns {Kernel | string} or why there is none
 */
export function fetchKernel(meta) {
  const folder = path.join(cacheRoot(), "kernels");
  mkdirSync(folder, { recursive: true });
  let reason = fetchInto(folder, meta);
  if (reason !== undefined && isRoot) {
    // The lists of packages may be missing, or so old that what they name is gone.
    apt(["update", "-qq"], folder);
    reason = fetchInto(folder, meta);
  }
  const kept = readdirSync(folder).find((each) => each.startsWith(`${meta}=`));
  return kept === undefined ? (reason ?? `no ${meta}`) : kernelIn(path.join(folder, kept));
}

/** @returns {string | undefined} why it could not be fetched */
function fetchInto(folder, meta) {
  const { stdout } = spawnSync("apt-cache", ["depends", "--important", meta], { encoding: "utf8" });
  const name = /Depends: (linux-image-\S+)/.exec(stdout ?? "")?.[1];
  if (name === undefined) {
    return `apt-cache knows no ${meta}; try \`apt-get update\``;
  }
  const unpacked = path.join(folder, `${meta}=${name}`);
  if (existsSync(unpacked)) {
    return undefined;
  }
  const work = mkdtempSync(path.join(folder, "new-"));
  try {
    console.log(`Fetching ${name}`);
    if (apt(["download", "-qq", "-o", "APT::Sandbox::User=root", name], work) !== 0) {
      return `apt-get could not fetch ${name}`;
    }
    const archive = readdirSync(work).find((each) => each.endsWith(".deb")) ?? "";
    const root = path.join(work, "root");
    if (spawnSync("dpkg-deb", ["-x", path.join(work, archive), root], { stdio: "inherit" }).status !== 0) {
      return `dpkg-deb could not unpack ${name}`;
    }
    for (const old of readdirSync(folder).filter((each) => each.startsWith(`${meta}=`))) {
      rmSync(path.join(folder, old), { recursive: true });
    }
    renameSync(root, unpacked);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function apt(args, cwd) {
  return spawnSync("apt-get", args, { cwd, stdio: ["ignore", "ignore", "inherit"] }).status;
}

/**
 * @param {string} folder where a kernel package was unpacked
 * @returns {Kernel | string} or why there is none
 */
export function kernelIn(folder) {
  const image = readdirSync(path.join(folder, "boot")).find((each) => each.startsWith("vmlinuz-"));
  if (image === undefined) {
    return `${folder} has no kernel in it; remove it and try again`;
  }
  const name = image.slice("vmlinuz-".length);
  const modules = [path.join(folder, "lib/modules", name), path.join(folder, "usr/lib/modules", name)].find((each) => existsSync(each));
  return modules === undefined ? `${folder} has no modules in it` : { name, image: path.join(folder, "boot", image), modules };
}
