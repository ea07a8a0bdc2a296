// What processes take of the memory, as the kernel tells it.
import { readdirSync, readFileSync } from "node:fs";

/** @param {number} pid @param {"resident" | "anonymous"} [kind] anonymous memory is a process's alone @returns {number} MB; 0 where it has ended */
export function memoryOf(pid, kind = "resident") {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number((kind === "resident" ? /^VmRSS:\s+(\d+)/m : /^RssAnon:\s+(\d+)/m).exec(status)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

/** @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
      return text === "" ? [] : text.split(" ").map(Number);
    });
  } catch {
    return [];
  }
}

/** The process below another one with such a command line. @param {number} pid @param {RegExp} commandLine @returns {number} */
export function findBelow(pid, commandLine) {
  const below = childrenOf(pid);
  for (let child = below.shift(); child !== undefined; child = below.shift()) {
    try {
      if (commandLine.test(readFileSync(`/proc/${child}/cmdline`, "utf8"))) {
        return child;
      }
    } catch {
      // It has ended.
    }
    below.push(...childrenOf(child));
  }
  throw new Error(`no process below ${pid} is called ${commandLine}`);
}
