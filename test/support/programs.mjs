// Programs that run in the background while something looks at them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { prepareExample } from "../../scripts/examples.mjs";

/**
 * @param {string} name an example, which runs until it is stopped
 * @param {{ cwd?: string, uid?: number, gid?: number, args?: string[] }} [options]
 * @returns {{ pid: number, output: () => string, stop: () => void }}
 */
export function runExample(name, { args = [], cwd, ...identity } = {}) {
  const example = prepareExample(name);
  return runProgram([...example.run, ...args], { cwd: cwd ?? example.folder, ...identity });
}

/**
 * @param {string[]} commandLine
 * @param {{ cwd?: string, uid?: number, gid?: number, env?: Record<string, string> }} [options]
 */
export function runProgram([command, ...args], options = {}) {
  // A PATH without anybody's home: the program may run as another user.
  const env = { PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH}`, LANG: "C.UTF-8", ...options.env };
  const child = spawn(command, args, { ...options, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk) => {
    output = `${output}${chunk}`.slice(-200_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.once("error", keep);
  return {
    pid: child.pid,
    output: () => output,
    exited: new Promise((resolve) => child.once("close", resolve)),
    stop: () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    },
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} file @param {string} text @returns {number} the first line that begins with it, 1-based; 0 where none does */
export function lineStarting(file, text) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.findIndex((line) => line.startsWith(text)) + 1;
}
