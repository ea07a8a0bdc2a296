// Running other programs, for the scripts.
import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

/**
 * Runs a program to its end with its output on ours.
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<number>} its exit status; 1 when a signal ended it or it could not start
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options });
    child.once("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once("close", (status) => resolve(status ?? 1));
  });
}

/** @param {string} command @returns {boolean} whether a program is in PATH */
export function has(command) {
  return spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
}

export const isRoot = process.getuid?.() === 0;
