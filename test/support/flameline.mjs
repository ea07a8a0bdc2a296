// The real command with a helper of its own: as root for a user that no one is, so that other helpers of this machine
// are neither used nor disturbed.
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { root } from "../../scripts/paths.mjs";
import { isRoot } from "../../scripts/shell.mjs";

/** Programs that the command starts run as this user. */
export const OWN_UID = 64_310;
/** Makes the command believe that this user called it through sudo. */
export const OWN_ENV = { SUDO_UID: String(OWN_UID), SUDO_GID: String(OWN_UID) };

/** @type {string | undefined} why the real helper can't be used here */
export const WHY_NOT = isRoot ? undefined : "it records with the real helper and needs root: run `sudo npm test`";

/**
 * Runs `flameline` to its end.
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, uid?: number, gid?: number, bundle?: string }} [options]
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
export function flameline(args, options = {}) {
  return startFlameline(args, options).ended;
}

/**
 * Starts `flameline`.
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, uid?: number, gid?: number, bundle?: string }} [options] `env` is beside
 *   ours; `bundle` is the folder of `flameline.js`
 */
export function startFlameline(args, { env = OWN_ENV, bundle = path.join(root, "dist"), ...options } = {}) {
  const child = spawn(process.execPath, [path.join(bundle, "flameline.js"), ...args], {
    ...options,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  /** @type {Promise<{ status: number | null, stdout: string, stderr: string }>} */
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended, stderr: () => stderr };
}

/** @typedef {{ file: string | null, line: number | null, function: string, language: string | null, pid?: number, self: number, total: number }} Row */

/**
 * @param {string} profile
 * @param {{ by?: string, cwd?: string }} [options]
 * @returns {Promise<{ event: string, unit: string, total: number, samples: number, lost: number, seconds: number, rows: Row[] }>}
 */
export async function readReport(profile, { by = "line", cwd = root } = {}) {
  const { status, stdout, stderr } = await flameline(["report", profile, "--by", by, "--json"], { cwd });
  if (status !== 0) {
    throw new Error(`flameline report ended with ${status}: ${stderr}`);
  }
  return JSON.parse(stdout);
}

/** Ends the helper of our own user, whichever build it is, and starts this build's. @returns {Promise<{ pid: number, stop: () => void }>} */
export async function freshHelper() {
  const { status, stdout, stderr } = await flameline(["helper", "restart", "--json"]);
  if (status !== 0) {
    throw new Error(`flameline helper restart ended with ${status}: ${stderr}`);
  }
  const { pid } = JSON.parse(stdout).helper;
  return { pid, stop: () => signal(pid, "SIGTERM") };
}

/** @param {number} pid @param {NodeJS.Signals} name */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/**
 * A copy of the command that every user can run, for `bundle`.
 * @param {string} parent a folder that all can read
 */
export function readableBundle(parent) {
  const folder = path.join(parent, "bundle");
  mkdirSync(folder, { mode: 0o755 });
  for (const name of ["flameline.js", "askpass.js", "flameline-helper"]) {
    copyFileSync(path.join(root, "dist", name), path.join(folder, name));
  }
  cpSync(path.join(root, "dist/shared"), path.join(folder, "shared"), { recursive: true });
  chmodSync(path.join(folder, "flameline-helper"), 0o755);
  return folder;
}

/**
 * A folder for a test that every user can read and write.
 * @returns {{ path: string, remove: () => void }}
 */
export function scratchFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "flameline-e2e-"));
  chmodSync(folder, 0o777);
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}
