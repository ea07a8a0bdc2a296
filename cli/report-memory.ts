/** What `flameline report` says of the memory of processes beside the rows. */
import type { Recording } from "../profile/recording.js";
import { amount } from "./numbers.js";

/** What a process held at a moment, as `--json` prints it; bytes, and ns since the start. */
export interface MemoryRow {
  readonly pid: number;
  readonly timeNs: number;
  readonly resident: number;
  readonly anonymous: number;
}

export const MEMORY_COLUMNS = ["resident", "of that own", "most resident"] as const;

export function memoryRows({ memory, processes }: Recording): readonly MemoryRow[] {
  return memory.points.map(({ process, ...point }) => ({ pid: processes[process]?.pid ?? 0, ...point }));
}

/** Cells of {@link MEMORY_COLUMNS} by pid; empty where nothing was told. After an `exec` the last of a pid's processes stands for it. */
export function memoryCells({ memory, processes }: Recording): ReadonlyMap<number, readonly string[]> {
  const cells = new Map<number, readonly string[]>();
  processes.forEach(({ pid }, process) => {
    const known = memory.of(process);
    if (known === undefined) return;
    cells.set(
      pid,
      [known.last.resident, known.last.anonymous, known.most.resident].map((bytes) => amount(bytes, "bytes")),
    );
  });
  return cells;
}
