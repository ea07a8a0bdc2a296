// Boots a kernel without hardware help and reads what its first process tells on the second serial line.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Looks for a panic so often; one that is there has that long to say the rest. */
const LOOK_EVERY_MS = 3000;

/** @typedef {{ test: string, passed: boolean, seconds: number, facts: Record<string, unknown> }} TestOutcome */

/**
 * @param {{ image: string, initrd: string, disk: string, console: string, results: string, seconds: number, only?: string }} options files, and
 *   how long it may take
 * @returns {Promise<{ tests: TestOutcome[], ended: boolean }>} `ended` is whether all tests had their turn
 */
export async function boot({ image, initrd, disk, console: log, results, seconds, only }) {
  // The kernel passes what it does not know on to its first process.
  const variables = only === undefined ? "" : `FLAMELINE_ONLY=${only}`;
  const child = spawn(
    "setpriv", // it must not outlive us
    [
      ["--pdeathsig", "KILL", "qemu-system-x86_64"],
      // Both processors in one thread: with a thread each, one may run what was translated from kernel text that the other is just
      // patching, and the kernel then dies of its own breakpoint (Oops: int3) when a tracepoint is attached.
      "-accel tcg,thread=single -cpu max -smp 2 -m 2048 -nodefaults -display none -no-reboot".split(" "),
      ["-kernel", image, "-initrd", initrd, "-append", `console=ttyS0 quiet oops=panic panic=-1 ${variables}`],
      ["-drive", `file=${disk},format=raw,if=virtio,cache=unsafe`, "-serial", `file:${log}`, "-serial", `file:${results}`],
    ].flat(),
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  // A kernel that panics should end the machine by itself, but may hang on the way.
  let panicked = false;
  const look = setInterval(() => {
    if (panicked) {
      child.kill("SIGKILL");
    }
    panicked = existsSync(log) && readFileSync(log, "latin1").includes("Kernel panic - not syncing");
  }, LOOK_EVERY_MS);
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(timer);
  clearInterval(look);
  const lines = existsSync(results)
    ? readFileSync(results, "utf8")
        .split(/\r?\n/)
        .filter((line) => line.endsWith("}"))
    : [];
  const messages = lines.map((line) => JSON.parse(line));
  return { tests: messages.filter((each) => "test" in each), ended: messages.some((each) => each.end === true) };
}
