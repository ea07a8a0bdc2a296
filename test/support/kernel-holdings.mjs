// What a process holds in the kernel, by the kernel's own numbers: so that of a process that was killed nothing can hide.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAlive } from "./attached.mjs";
import { childrenOf } from "./memory.mjs";

const KINDS = { prog: /^prog_id:\s*(\d+)$/m, map: /^map_id:\s*(\d+)$/m, link: /^link_id:\s*(\d+)$/m };

/**
 * @typedef {object} Holdings
 * @property {number} pid
 * @property {number[]} children
 * @property {string} [socket] where it listens
 * @property {{ prog: number[], map: number[], link: number[] }} bpf
 */

/** @param {number} pid @param {string} [socket] @returns {Holdings} */
export function holdingsOf(pid, socket) {
  const ids = { prog: new Set(), map: new Set(), link: new Set() };
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    let info = "";
    try {
      info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    } catch {
      continue; // closed meanwhile
    }
    for (const [kind, pattern] of Object.entries(KINDS)) {
      const id = pattern.exec(info)?.[1];
      if (id !== undefined) {
        ids[kind].add(Number(id));
      }
    }
  }
  const bpf = { prog: [...ids.prog], map: [...ids.map], link: [...ids.link] };
  return { pid, children: childrenOf(pid), ...(socket === undefined ? {} : { socket }), bpf };
}

/** What is left of it, in words; empty where nothing is. @param {Holdings} before @returns {string[]} */
export function leftOf({ pid, children, socket, bpf }) {
  const left = [pid, ...children].filter(isAlive).map((each) => `process ${each} is running`);
  for (const [kind, ids] of Object.entries(bpf)) {
    const loaded = new Set(shown(kind).map(({ id }) => id));
    left.push(...ids.filter((id) => loaded.has(id)).map((id) => `${kind} ${id} is in the kernel`));
  }
  left.push(...attachedBy(pid).map((program) => `${program} is attached`));
  if (socket !== undefined && readFileSync("/proc/net/unix", "utf8").includes(` ${socket}\n`)) {
    left.push(`${socket} is listened at`);
  }
  return left;
}

/** What a process has attached to events, as bpftool lists it; nothing where bpftool can't. @param {number} pid @returns {string[]} */
export function attachedBy(pid) {
  return shown("perf")
    .filter((each) => each.pid === pid)
    .map((each) => `program ${each.prog_id ?? each.id}`);
}

/** @param {number} [tries] bpftool gives up where something vanishes while it looks. */
function shown(kind, tries = 10) {
  const { stdout, stderr, status } = spawnSync("bpftool", ["-j", kind, "show"], {
    encoding: "utf8",
    maxBuffer: 1 << 27,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  if (status !== 0 && tries > 1) {
    return shown(kind, tries - 1);
  }
  if (status !== 0) {
    throw new Error(`bpftool could not list what the kernel has of kind ${kind}: ${stdout.slice(-200)}${stderr}`);
  }
  return stdout.trim() === "" ? [] : JSON.parse(stdout);
}

/** Mounts of this process's namespace and of a program's own, which ends with it. @returns {string} */
export function mounts() {
  return existsSync("/proc/self/mountinfo") ? readFileSync("/proc/self/mountinfo", "utf8") : "";
}
