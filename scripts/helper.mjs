// Starts the helper as root for one user, for `npm start` and the tests.
import { spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { root } from "./paths.mjs";

/**
 * @param {number} uid whose helper it is
 * @param {{ idleSeconds?: number, binary?: string }} [options]
 * @returns {Promise<{ socket: string, pid: number, stop: () => Promise<void> }>} resolves when it listens
 */
export async function startHelper(uid, { idleSeconds = 300, binary = path.join(root, "dist/flameline-helper") } = {}) {
  const child = spawn(binary, ["serve", "--idle", `${idleSeconds}s`], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...(uid === 0 ? {} : { SUDO_UID: String(uid) }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log = `${log}${chunk}`.slice(-20_000);
  });
  const exited = new Promise((resolve) => child.once("close", resolve));
  const socket = await new Promise((resolve, reject) => {
    child.once("error", reject);
    void exited.then(() => reject(new Error(`the helper ended before it was ready: ${log}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) {
        resolve(line.slice("ready ".length));
      }
    });
  });
  return {
    socket,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(killer);
    },
  };
}
