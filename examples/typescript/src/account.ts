// The program's own account: CPU time of the main thread around each part.
import { readFileSync } from "node:fs";

export interface Place {
  readonly file: string;
  readonly function: string;
  readonly line: number;
}

/** CPU time of the calling thread in ns, from the scheduler's own count (first field of schedstat). */
function threadCpuNs(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]);
}

export class Account {
  private readonly parts = new Map<string, { place: Place; ns: number }>();
  private printedMs = 0;

  /** Calls `work`, adds its CPU time to the part and returns what it returned. */
  measure<T>(name: string, place: Place, work: () => T): T {
    const start = threadCpuNs();
    try {
      return work();
    } finally {
      const part = this.parts.get(name) ?? { place, ns: 0 };
      part.ns += threadCpuNs() - start;
      this.parts.set(name, part);
    }
  }

  /** Prints one JSON line, at most once a second unless forced. */
  print(force = false): void {
    if (!force && Date.now() - this.printedMs < 1000) {
      return;
    }
    this.printedMs = Date.now();
    const total = [...this.parts.values()].reduce((sum, { ns }) => sum + ns, 0);
    const parts = [...this.parts].map(([name, { place, ns }]) => ({ name, ...place, share: total === 0 ? 0 : ns / total }));
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, measuredSeconds: total / 1e9, parts }));
  }
}
