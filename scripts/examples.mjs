// Prepares the programs under examples/: builds each once per content in the cache, and copies it into workspaces.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cacheRoot, root } from "./paths.mjs";
import { has } from "./shell.mjs";

/**
 * @typedef {object} Example what examples/NAME/example.json says
 * @property {string} name
 * @property {string} title
 * @property {string} language
 * @property {string[]} needs programs that must be in PATH, and files by absolute path
 * @property {string[][]} setup commands that install libraries and compile, run in the folder
 * @property {string[]} run the command line; it runs until it is stopped and prints its account as JSON lines
 * @property {string} main the file to look at
 * @property {{ function: string, text: string }} hot a function by its name in a profile, and how its hottest line begins
 * @property {boolean} [account] false where it prints none
 * @property {{ function: string, parts: string[] }} [lens] a function by its name in the source, all of whose time the parts of the account hold
 *
 * @typedef {object} AccountPart one part of the program's own account; `line` is the call whose CPU time was measured
 * @property {string} name
 * @property {string} file
 * @property {string} function the function that is called there
 * @property {number} line
 * @property {number} share of measuredSeconds, 0 to 1
 *
 * @typedef {object} Account the last line that an example printed
 * @property {number} cpuSeconds of the whole process
 * @property {number} measuredSeconds the sum over the parts
 * @property {AccountPart[]} parts
 */

const folder = path.join(root, "examples");

/** @returns {string[]} */
export function exampleNames() {
  return readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "example.json")));
}

/** Those that measure themselves. @returns {string[]} */
export function accountedExamples() {
  return exampleNames().filter((name) => readExample(name).account !== false);
}

/** @param {string} name @returns {Example} */
export function readExample(name) {
  return JSON.parse(readFileSync(path.join(folder, name, "example.json"), "utf8"));
}

/** @param {string} name @returns {string | undefined} why it can't run here */
export function whyNotRunnable(name) {
  const missing = readExample(name).needs.filter((each) => (each.startsWith("/") ? !existsSync(each) : !has(each)));
  return missing.length === 0 ? undefined : `${missing.join(" and ")} not installed`;
}

/**
 * Builds an example once per content, in a folder that every user can read.
 * @param {string} name
 * @returns {Example & { folder: string }}
 */
export function prepareExample(name) {
  const example = readExample(name);
  const target = path.join(cacheRoot(), "examples", `${name}-${contentKey(path.join(folder, name))}`);
  if (!existsSync(path.join(target, ".complete"))) {
    const staging = `${target}.${process.pid}`;
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    chmodSync(path.dirname(staging), 0o755);
    for (const file of trackedFiles(path.join(folder, name))) {
      cpSync(path.join(folder, name, file), path.join(staging, file));
    }
    for (const [command, ...args] of example.setup) {
      const { status, stdout, stderr } = spawnSync(command, args, { cwd: staging, encoding: "utf8", maxBuffer: 1 << 26 });
      if (status !== 0) {
        throw new Error(`examples/${name}: ${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
      }
    }
    spawnSync("chmod", ["-R", "a+rX", staging]);
    writeFileSync(path.join(staging, ".complete"), "");
    // Built elsewhere, as on a build machine: the paths in the debug information are nowhere, and the sources lie in the workspace.
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
  }
  return { ...example, folder: target };
}

/**
 * Copies a prepared example into a workspace and hands it to a user.
 * @param {string} name
 * @param {string} workspace is made where it is missing
 * @param {{ uid: number, gid: number }} [owner]
 */
export function copyExample(name, workspace, owner) {
  const prepared = prepareExample(name);
  mkdirSync(workspace, { recursive: true });
  cpSync(prepared.folder, workspace, { recursive: true, verbatimSymlinks: true });
  rmSync(path.join(workspace, ".complete"), { force: true });
  if (owner) {
    spawnSync("chown", ["-R", `${owner.uid}:${owner.gid}`, workspace]);
  }
  return { ...prepared, folder: workspace };
}

/**
 * @param {string} output all that an example printed so far
 * @returns {Account | undefined} its newest account
 */
export function lastAccount(output) {
  const line = output
    .split("\n")
    .filter((text) => text.startsWith('{"cpuSeconds"') && text.endsWith("}"))
    .at(-1);
  return line === undefined ? undefined : JSON.parse(line);
}

function trackedFiles(where) {
  const { stdout, status } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: where, encoding: "utf8" });
  if (status !== 0) {
    throw new Error("examples are read through git: run this in a git checkout");
  }
  return stdout.split("\n").filter((file) => file !== "" && existsSync(path.join(where, file)));
}

function contentKey(where) {
  const hash = createHash("sha256");
  for (const file of trackedFiles(where).sort()) {
    hash.update(file).update(readFileSync(path.join(where, file)));
  }
  return hash.digest("hex").slice(0, 12);
}
