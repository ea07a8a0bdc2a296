/** What the doctor reads of the kernel from /proc and /sys, without any right. */
import type { Finding } from "./doctor.js";
import type { Machine } from "./machine.js";

/** The engine's own minimum, by its README. */
const OLDEST_KERNEL = [5, 10] as const;

export function kernelFindings(machine: Machine): readonly Finding[] {
  return [versionFinding(machine), btfFinding(machine), lockdownFinding(machine), paranoidFinding(machine), tracingFinding(machine)];
}

function versionFinding(machine: Machine): Finding {
  const release = machine.readText("/proc/sys/kernel/osrelease")?.trim() ?? "";
  const [major = 0, minor = 0] = release.split(".").map((part) => Number.parseInt(part, 10));
  const oldest = OLDEST_KERNEL.join(".");
  if (/microsoft/i.test(release) && !/wsl2/i.test(release)) {
    return {
      id: "kernel",
      ok: false,
      text: `This is WSL 1 (${release}), which has no Linux kernel.`,
      mend: "wsl --set-version DISTRIBUTION 2",
    };
  }
  const ok = major > OLDEST_KERNEL[0] || (major === OLDEST_KERNEL[0] && minor >= OLDEST_KERNEL[1]);
  return ok
    ? { id: "kernel", ok, text: `Linux ${release}.` }
    : { id: "kernel", ok, text: `Linux ${release} is older than ${oldest}.`, mend: `Boot a kernel of at least ${oldest}.` };
}

function btfFinding(machine: Machine): Finding {
  return machine.exists("/sys/kernel/btf/vmlinux")
    ? { id: "btf", ok: true, text: "The kernel describes its own types (BTF)." }
    : {
        id: "btf",
        ok: false,
        text: "The kernel does not describe its own types (no /sys/kernel/btf/vmlinux).",
        mend: "Boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build it since 2021.",
      };
}

/** "[none] integrity confidentiality": the last of them forbids BPF to read memory. */
function lockdownFinding(machine: Machine): Finding {
  const mode = /\[(\w+)\]/.exec(machine.readText("/sys/kernel/security/lockdown") ?? "")?.[1] ?? "none";
  return mode === "confidentiality"
    ? {
        id: "lockdown",
        ok: false,
        text: "Kernel lockdown is in confidentiality mode, which forbids BPF to read stacks.",
        mend: "Boot with lockdown=integrity, or switch Secure Boot's confidentiality policy off.",
      }
    : { id: "lockdown", ok: true, text: `Kernel lockdown: ${mode}.` };
}

/** The helper as root is not bound by it; it is named because containers with single capabilities are (Debian's levels 3 and 4). */
function paranoidFinding(machine: Machine): Finding {
  const level = machine.readText("/proc/sys/kernel/perf_event_paranoid")?.trim() ?? "";
  if (level === "") {
    return { id: "perf", ok: false, text: "The kernel has no perf events.", mend: "Boot a kernel with CONFIG_PERF_EVENTS=y." };
  }
  return { id: "perf", ok: true, text: `kernel.perf_event_paranoid is ${level}; root is not bound by it.` };
}

function tracingFinding(machine: Machine): Finding {
  const mounted = machine.exists("/sys/kernel/tracing/events") || machine.exists("/sys/kernel/debug/tracing/events");
  return {
    id: "tracefs",
    ok: true,
    text: mounted ? "tracefs is mounted." : "tracefs is not visible to this user or not mounted; the helper looks for itself.",
  };
}
