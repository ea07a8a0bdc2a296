/** Whether the process that records is still there, or a crash has left the recording behind. */
import { readFileSync } from "node:fs";

/** Clocks are read one after the other, and the recording's own start is the helper's. */
const SLACK_MS = 5_000;
/** USER_HZ, which is 100 on every architecture that we build for. */
const TICKS_PER_SECOND = 100;

/** False when there is no such process, or when the number belongs to one that began after the recording. */
export function isStillWriting(pid: number, recordingStartUnixMs: number): boolean {
  if (!isAlive(pid)) return false;
  const startMs = processStartUnixMs(pid);
  return startMs === undefined || startMs <= recordingStartUnixMs + SLACK_MS;
}

/** Signal 0 asks only whether the process exists; one of another user's answers EPERM. */
function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat is the start in ticks since boot; undefined where there is no /proc. */
function processStartUnixMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name, in brackets, and may hold anything.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const startMs = bootSeconds * 1_000 + (ticks * 1_000) / TICKS_PER_SECOND;
    return Number.isFinite(startMs) ? startMs : undefined;
  } catch {
    return undefined;
  }
}
