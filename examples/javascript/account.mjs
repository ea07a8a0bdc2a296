// The program's own account: CPU time of the main thread around each part.
import { openSync, readSync } from "node:fs";

/** Open for good, so that a reading costs a microsecond; it stays the file of the thread that opened it, the main thread. */
const schedstat = openSync("/proc/thread-self/schedstat", "r");
const text = Buffer.alloc(64);

/**
 * CPU time of the calling thread in ns: the first field of the scheduler's schedstat. That advances at ticks and switches only
 * (every 4 ms at 250 Hz), too coarse for a part of a millisecond; getrusage, which is what cpuUsage() calls, makes the kernel bring
 * the calling thread's count up to date (thread_group_cputime in kernel/sched/cputime.c).
 */
export function threadCpuNs() {
  process.cpuUsage();
  readSync(schedstat, text, 0, text.length, 0);
  let ns = 0;
  for (const digit of text) {
    if (digit < 48) {
      break; // the space behind the field
    }
    ns = ns * 10 + digit - 48;
  }
  return ns;
}

export class Account {
  #parts = new Map();
  #printed = 0;

  /** Calls `work`, adds its CPU time to the part and returns what it returned. */
  measure(name, place, work) {
    const start = threadCpuNs();
    try {
      return work();
    } finally {
      const part = this.#parts.get(name) ?? { place, ns: 0 };
      part.ns += threadCpuNs() - start;
      this.#parts.set(name, part);
    }
  }

  /** Prints one JSON line, at most once a second unless forced. */
  print(force = false) {
    if (!force && Date.now() - this.#printed < 1000) {
      return;
    }
    this.#printed = Date.now();
    const total = [...this.#parts.values()].reduce((sum, { ns }) => sum + ns, 0);
    const parts = [...this.#parts].map(([name, { place, ns }]) => ({ name, ...place, share: total === 0 ? 0 : ns / total }));
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, measuredSeconds: total / 1e9, parts }));
  }
}
