// The program's own account: CPU time of the main thread around each part.
import { readFileSync } from "node:fs";

/** CPU time of the calling thread in ns, from the scheduler's own count (first field of schedstat). */
export function threadCpuNs() {
  return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]);
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
