import { amount } from "./wire-values.js";

/** What a process held at a moment, in bytes; `anonymous` is what is neither a file's nor shared. */
export interface MemoryPoint {
  /** Index into the processes. */
  readonly process: number;
  /** ns since the recording's start. */
  readonly timeNs: number;
  readonly resident: number;
  readonly anonymous: number;
}

/** Points of a process above which every other one is left out: a recording may last all day. */
const MOST_POINTS = 2048;

/** The memory of a recording's processes over time. */
export class ProcessMemory {
  readonly #points = new Map<number, MemoryPoint[]>();

  get points(): readonly MemoryPoint[] {
    return [...this.#points.values()].flat();
  }

  add(point: MemoryPoint): void {
    const known = this.#points.get(point.process) ?? [];
    this.#points.set(point.process, known);
    known.push(point);
    if (known.length > MOST_POINTS) {
      const kept = known.filter((_, i) => i % 2 === 0 || i === known.length - 1);
      known.splice(0, known.length, ...kept);
    }
  }

  /** The latest point of a process and the one at which it held most; undefined where nothing is known. */
  of(process: number): { readonly last: MemoryPoint; readonly most: MemoryPoint } | undefined {
    const known = this.#points.get(process) ?? [];
    const last = known.at(-1);
    return last && { last, most: known.reduce((most, each) => (each.resident > most.resident ? each : most)) };
  }

  /** The most that a process held in each of `parts` equal parts of the time from the start to `endNs`, bytes; 0 before it was seen. */
  overTime(process: number, endNs: number, parts: number): number[] {
    const held = Array.from({ length: parts }, () => -1);
    for (const { timeNs, resident } of this.#points.get(process) ?? []) {
      const part = Math.min(parts - 1, Math.floor((parts * timeNs) / Math.max(endNs, 1)));
      held[part] = Math.max(held[part] ?? 0, resident);
    }
    // Nothing was told where nothing changed.
    let before = 0;
    return held.map((most) => (before = most < 0 ? before : most));
  }
}

/** A row from outside, its members in the order of {@link MemoryPoint}; undefined where it can't be read. */
export function readMemoryPoint(row: readonly unknown[]): MemoryPoint | undefined {
  const [process = -1, timeNs = -1, resident = -1, anonymous = -1] = row.slice(0, 4).map(amount);
  return Math.min(process, timeNs, resident, anonymous) < 0 ? undefined : { process, timeNs, resident, anonymous };
}
