/** What the recorder knows of the machine that it runs on; tests hand in another. */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { isContainer, type ContainerEngine } from "./container.js";

export interface Machine {
  readonly platform: string;
  /** Node's name of the processor: "x64", "arm64"… */
  readonly arch: string;
  /** Real uid of this process; -1 where there is none. */
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs JavaScript: node, or Electron as node. */
  readonly nodePath: string;
  /** Folder of the sockets; it and what lies in it must belong to `socketFolderOwner`. */
  readonly socketFolder: string;
  readonly socketFolderOwner: number;
  /** Where `helper install` puts the service's program; the first place where others than root can't write. */
  readonly servicePrograms: readonly string[];
  /** The text of a file of /proc or /sys, undefined when it cannot be read. */
  readonly readText: (path: string) => string | undefined;
  readonly exists: (path: string) => boolean;
  /** False in a process namespace of its own (containers), where the numbers in the kernel's samples mean nothing. */
  readonly inFirstPidNamespace: () => boolean;
}

/** The machine as it is. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env: process.env,
    nodePath: process.execPath,
    socketFolder: "/run/flameline",
    socketFolderOwner: 0,
    servicePrograms: ["/usr/local/lib/flameline/flameline-helper", "/opt/flameline/flameline-helper"],
    readText: readTextOrNothing,
    exists: existsSync,
    inFirstPidNamespace,
  };
}

/** The first namespace has a fixed inode: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
function inFirstPidNamespace(): boolean {
  try {
    return readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]";
  } catch {
    return true;
  }
}

function readTextOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The uid whose helper this process uses: its own, or the user's behind sudo and pkexec, so that `sudo flameline`
 * finds the same helper as the window does.
 */
export function helperUid(machine: Machine): number {
  if (machine.uid !== 0) return machine.uid;
  const behind = machine.env["SUDO_UID"] ?? machine.env["PKEXEC_UID"];
  return behind !== undefined && /^\d{1,10}$/.test(behind) ? Number(behind) : 0;
}

/**
 * The uid that root of the machine has in here, where this is a user namespace that does not know it (a container of an
 * ordinary user): the kernel shows every owner without a name as that. Undefined where root is root.
 */
export function foreignRoot(machine: Machine): number | undefined {
  const map = machine.readText("/proc/self/uid_map")?.trim();
  if (map === undefined || map === "" || map.split("\n").some((line) => line.trim().split(/\s+/)[1] === "0")) return undefined;
  const overflow = Number(machine.readText("/proc/sys/kernel/overflowuid")?.trim());
  return Number.isSafeInteger(overflow) && overflow > 0 ? overflow : undefined;
}

/** Bits of capabilities(7) that recording needs, as root of this machine or container. */
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/**
 * Whether root here could hold the rights to record. Only the bounding set tells it to a process without any; a
 * container that was started without them cannot gain them by sudo.
 */
export function rootMayRecord(machine: Machine): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)/m.exec(machine.readText("/proc/self/status") ?? "")?.[1];
  if (bounding === undefined) return true;
  const set = BigInt(`0x${bounding}`);
  const has = (bit: bigint): boolean => ((set >> bit) & 1n) === 1n;
  return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
}

/** The container engine around this process, undefined outside containers. */
export function containerAround(machine: Machine): ContainerEngine | undefined {
  return isContainer(machine.readText, machine.env);
}
