// What a helper holds in the kernel: to see that nothing of it stays.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** @param {number} pid @returns {number[]} ids of the BPF programs that a process holds */
export function programsOf(pid) {
  const ids = new Set();
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    try {
      const id = /^prog_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1];
      if (id !== undefined) {
        ids.add(Number(id));
      }
    } catch {
      // Closed meanwhile.
    }
  }
  return [...ids];
}

/** @returns {Set<number>} ids of all BPF programs in the kernel; needs bpftool */
export function loadedPrograms() {
  const { stdout, status } = spawnSync("bpftool", ["-j", "prog", "show"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  if (status !== 0) {
    throw new Error("bpftool could not list the kernel's programs");
  }
  return new Set(JSON.parse(stdout).map(({ id }) => id));
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    // A process that has ended and that nobody has waited for is not alive.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
