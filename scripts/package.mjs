// Makes the VSIX packages.   node scripts/package.mjs [--target TARGET[,TARGET…]] [--no-build]
// TARGET: linux-x64, linux-arm64, alpine-x64, alpine-arm64 (with the helper, which is static), universal (without). Default: all.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { root } from "./paths.mjs";

const TARGETS = ["linux-x64", "linux-arm64", "alpine-x64", "alpine-arm64", "universal"];
const helper = path.join(root, "dist/flameline-helper");

/** @param {string} target @returns {string} where its package lies */
export function vsixPath(target) {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return path.join(root, `.build/vsix/flameline-${version}-${target}.vsix`);
}

/** @param {string} target */
export function packageTarget(target) {
  // The packages differ in one file, which is built for each and put back for the checkout at the end.
  if (target === "universal") {
    rmSync(helper, { force: true });
    rmSync(`${helper}.sha256`, { force: true });
  } else {
    must("bash", ["bpf-helper/build.sh", "--arch", target.endsWith("arm64") ? "arm64" : "amd64", "--output", helper]);
  }
  mkdirSync(path.dirname(vsixPath(target)), { recursive: true });
  const args = ["package", "--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--out", vsixPath(target)];
  const vsce = ["--import", "./scripts/best-compression.mjs", path.join(root, "node_modules/@vscode/vsce/vsce"), ...args];
  must(process.execPath, target === "universal" ? vsce : [...vsce, "--target", target]);
  console.log(`${path.relative(root, vsixPath(target))}  ${(statSync(vsixPath(target)).size / 1e6).toFixed(1)} MB`);
}

/**
 * Makes a target's package unless there is one that is newer than all that was built.
 * @param {string} target
 * @returns {string} where it lies
 */
export function freshPackage(target) {
  const packaged = statSync(vsixPath(target), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isNewer = (file) => (statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0) > packaged;
  const built = ["dist", "media"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true }).map((name) => path.join(folder, String(name))),
  );
  if (packaged === 0 || ["package.json", "package.nls.json", "README.md", "CHANGELOG.md", ...built].some(isNewer)) {
    packageTarget(target);
  }
  return vsixPath(target);
}

function must(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${path.basename(command)} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { values } = parseArgs({ options: { target: { type: "string" }, "no-build": { type: "boolean" } } });
  const targets = values.target?.split(",") ?? TARGETS;
  const unknown = targets.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) {
    console.error(`package: there is no target named ${unknown.join(", ")}; the targets are ${TARGETS.join(", ")}.`);
    process.exit(2);
  }
  if (!values["no-build"]) {
    must("node", ["scripts/build.mjs"]);
  }
  const native = process.arch === "arm64" ? "arm64" : "amd64";
  try {
    for (const target of targets) {
      packageTarget(target);
    }
  } finally {
    if (process.platform === "linux" && (targets.at(-1) !== `linux-${process.arch}` || !existsSync(helper))) {
      must("bash", ["bpf-helper/build.sh", "--arch", native, "--output", helper]);
    }
  }
}
