import type { RecordingTables } from "./tables.js";

/**
 * What a function does with the cost of samples that end in it. `own`: keeps it, and takes that of the code it calls which passes its cost
 * on. `passes`: gives it to the `own` caller that it was called by, through others that pass; without one keeps it. `stands`: keeps it, and
 * what it calls keeps its own, too.
 */
export type CostRole = "own" | "passes" | "stands";

/**
 * Of each stack the position (a row of the frames' position columns) that its samples' self cost belongs to; -1 for a stack without
 * positions. The bare self cost is that of the innermost position.
 *
 * ```
 * app.py:3 own ◄── ceval.c passes ◄── read passes        numpy.so stands, malloc passes: malloc keeps its cost
 * ```
 */
export function costCarriers({ stacks, frames, functions }: RecordingTables, roleOf: (fn: number) => CostRole): Int32Array {
  const roles: readonly CostRole[] = Array.from({ length: functions.length }, (_, fn) => roleOf(fn));
  const parents = stacks.parent.view();
  const frameOf = stacks.frame.view();
  const starts = frames.start.view();
  const counts = frames.count.view();
  const lineOf = frames.positionLine.view();
  const functionOf = frames.lines.first.view();
  const carriers = new Int32Array(parents.length);
  /** 1 where what a stack calls may pass its cost on. */
  const takes = new Uint8Array(parents.length);
  for (let stack = 0; stack < carriers.length; stack++) {
    const parent = parents[stack] ?? -1;
    let carrier = carriers[parent] ?? -1;
    let taking = takes[parent] === 1;
    const first = starts[frameOf[stack] ?? 0] ?? 0;
    for (let position = first + (counts[frameOf[stack] ?? 0] ?? 0) - 1; position >= first; position--) {
      const role = roles[functionOf[lineOf[position] ?? 0] ?? 0] ?? "stands";
      if (role === "passes" && taking) continue;
      carrier = position;
      taking = role === "own";
    }
    carriers[stack] = carrier;
    takes[stack] = taking ? 1 : 0;
  }
  return carriers;
}
