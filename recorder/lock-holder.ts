import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Machine } from "./machine.js";

/**
 * The process that holds the lock beside a helper's socket, by the kernel's own list; 0 when there is none. A helper of
 * another version cannot be asked for its pid.
 */
export function lockHolder(machine: Machine, socketPath: string): number {
  let inode: number;
  try {
    inode = lstatSync(join(dirname(socketPath), "lock")).ino;
  } catch {
    return 0;
  }
  // "3: FLOCK  ADVISORY  WRITE 21973 fd:00:1234 0 EOF"
  for (const line of (machine.readText("/proc/locks") ?? "").split("\n")) {
    const [, , , pid, file] = /^(\d+): FLOCK +(\w+) +WRITE +(\d+) \w+:\w+:(\d+) /.exec(line) ?? [];
    if (file === String(inode)) return Number(pid);
  }
  return 0;
}
