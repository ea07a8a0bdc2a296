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
