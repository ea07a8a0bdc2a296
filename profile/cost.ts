/**
 * What stacks, functions and lines cost. All sums are in the event's unit.
 *
 * *self* is the cost of samples whose innermost position is the thing (or whose carrier is, see `cost-carriers.ts`), *total* of samples that have it anywhere,
 * once a sample however often it recurs. Inlined positions count like called ones.
 */
import type { Selection } from "../protocol/queries.js";
import { forEachSelectedSums } from "./selection.js";
import { stackChildren } from "./stack-children.js";
import type { RecordingTables } from "./tables.js";

export interface FunctionCosts {
  /** By function index. */
  readonly self: Float64Array;
  readonly total: Float64Array;
  /** Sum of the selection, also of samples without a stack. */
  readonly sum: number;
  /** Samples of the selection. */
  readonly samples: number;
}

/** One row for each (function, line) with cost, in the order in which they first came. */
export interface LineCosts {
  readonly function: Int32Array;
  /** 1-based; 0 where the line is unknown. */
  readonly line: Int32Array;
  readonly self: Float64Array;
  readonly total: Float64Array;
  readonly sum: number;
  readonly samples: number;
}

/** The cost of a selection by stack. */
export interface StackSums {
  /** Cost of the samples with exactly this stack, by stack index. */
  readonly self: Float64Array;
  readonly sum: number;
  readonly samples: number;
}

export function stackSums(recording: RecordingTables, selection: Selection): StackSums {
  const self = new Float64Array(recording.stacks.length);
  let sum = 0;
  let samples = 0;
  forEachSelectedSums(recording, selection, (rows, length, { stack: stacks, value: values, count }) => {
    // What a closure shares is written once a block: each write makes an object.
    let [cost, met] = [0, 0];
    for (let i = 0; i < length; i++) {
      const row = rows[i] as number;
      const stack = stacks[row] as number;
      const value = values[row] as number;
      if (stack >= 0) self[stack] = (self[stack] as number) + value;
      cost += value;
      met += count[row] as number;
    }
    sum += cost;
    samples += met;
  });
  return { self, sum, samples };
}

/** Self cost by stack index. */
export function stackCosts(recording: RecordingTables, selection: Selection): Float64Array {
  return stackSums(recording, selection).self;
}

export function functionCosts(recording: RecordingTables, selection: Selection, carriers?: Int32Array): FunctionCosts {
  const sums = stackSums(recording, selection);
  const functionOfLine = recording.frames.lines.first.view();
  const { self, total } = sumByPosition(recording, sums.self, functionOfLine, recording.functions.length, carriers);
  return { self, total, sum: sums.sum, samples: sums.samples };
}

export function lineCosts(recording: RecordingTables, selection: Selection, carriers?: Int32Array): LineCosts {
  const sums = stackSums(recording, selection);
  const { lines } = recording.frames;
  const each = Int32Array.from({ length: lines.length }, (_, row) => row);
  const costs = sumByPosition(recording, sums.self, each, lines.length, carriers);
  const rows = each.filter((row) => (costs.total[row] ?? 0) > 0);
  return {
    function: rows.map((row) => lines.first.at(row)),
    line: rows.map((row) => lines.second.at(row)),
    self: Float64Array.from(rows, (row) => costs.self[row] ?? 0),
    total: Float64Array.from(rows, (row) => costs.total[row] ?? 0),
    sum: sums.sum,
    samples: sums.samples,
  };
}

/** Self and total by any key of the positions' line rows (`frames.lines`): rows with one key are one thing, recursion among them counts once. */
export function keyCosts(
  recording: RecordingTables,
  selection: Selection,
  keyOfLine: Int32Array,
  keys: number,
  carriers?: Int32Array,
): { readonly self: Float64Array; readonly total: Float64Array } {
  return sumByPosition(recording, stackSums(recording, selection).self, keyOfLine, keys, carriers);
}

/**
 * Sums by a key of the positions' line rows. One walk over the stack tree, parents before children: a key adds the
 * subtree's cost only where it is not yet on the path from the root, which is what counts recursion once.
 */
function sumByPosition(
  recording: RecordingTables,
  selfOfStack: Float64Array,
  keyOfLine: Int32Array,
  keys: number,
  carriers?: Int32Array,
): { self: Float64Array; total: Float64Array } {
  const self = new Float64Array(keys);
  const total = new Float64Array(keys);
  const parents = recording.stacks.parent.view();
  const frameOf = recording.stacks.frame.view();
  const start = recording.frames.start.view();
  const count = recording.frames.count.view();
  const lineOf = recording.frames.positionLine.view();
  const keyAt = (position: number): number => keyOfLine[lineOf[position] ?? 0] ?? 0;

  const subtree = selfOfStack.slice();
  for (let stack = subtree.length - 1; stack >= 0; stack--) {
    const parent = parents[stack] ?? -1;
    if (parent >= 0) subtree[parent] = (subtree[parent] ?? 0) + (subtree[stack] ?? 0);
  }

  /** How often each key is on the path. */
  const onPath = new Int32Array(keys);
  stackChildren(recording).walk({
    enter(stack) {
      const cost = subtree[stack] ?? 0;
      // A subtree without cost in this selection is not walked at all.
      if (cost === 0) return false;
      const frame = frameOf[stack] ?? 0;
      const first = start[frame] ?? 0;
      const end = first + (count[frame] ?? 0);
      if (end > first) {
        const leaf = keyAt(carriers?.[stack] ?? first);
        self[leaf] = (self[leaf] ?? 0) + (selfOfStack[stack] ?? 0);
      }
      for (let position = first; position < end; position++) {
        const key = keyAt(position);
        const depth = onPath[key] ?? 0;
        if (depth === 0) total[key] = (total[key] ?? 0) + cost;
        onPath[key] = depth + 1;
      }
      return true;
    },
    leave(stack) {
      const frame = frameOf[stack] ?? 0;
      const first = start[frame] ?? 0;
      const end = first + (count[frame] ?? 0);
      for (let position = first; position < end; position++) {
        const key = keyAt(position);
        onPath[key] = (onPath[key] ?? 0) - 1;
      }
    },
  });
  return { self, total };
}
