import { GROWTH_EVENTS } from "../protocol/events.js";
import { type Selection, SHORTEST_JUDGED_SECONDS, type Untold } from "../protocol/queries.js";
import type { Recording } from "./recording.js";
import { forEachSelected } from "./selection.js";

/**
 * Most blocks that a range is cut into. Long blocks hold what happens together (a request, a collection of garbage), and more of
 * them would narrow an interval by less than a tenth: B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations
 * Research 30, 1982, advises 10 to 30.
 */
const MOST_BLOCKS = 16;
/**
 * Shorter blocks would tear apart what belongs together, ns: a program that does the same 50 times a second and samples at 99 Hz beat once a
 * second, so that of two blocks of half a second each would see another half of the work.
 */
const GOOD_BLOCK_NS = 1e9;
/** With fewer blocks nothing is said about noise; a short range has as many, shorter ones. */
const FEWEST_BLOCKS = 8;
const SHORTEST_BLOCK_NS = (SHORTEST_JUDGED_SECONDS * 1e9) / FEWEST_BLOCKS;

/** A selection's time range cut into equal blocks, and what it sums up to in each. */
export interface TimeBlocks {
  /** One for each block: the selection's samples of that time. */
  readonly selections: readonly Selection[];
  /** Sum by block, in the event's unit. */
  readonly sums: Float64Array;
  /** Length of the whole range, ns; 0 when the recording does not say. */
  readonly durationNs: number;
  /** Mean value of a sample, in the event's unit; 0 without any. */
  readonly grain: number;
  /** Why noise can't be told from change; undefined where it can. */
  readonly untold: Untold | undefined;
}

export function timeBlocks(recording: Recording, selection: Selection): TimeBlocks {
  const fromNs = Math.max(0, selection.fromNs ?? 0);
  const toNs = Math.min(recording.info.durationNs, selection.toNs ?? Number.POSITIVE_INFINITY);
  const durationNs = Math.max(0, toNs - fromNs);
  // What a stack took and gave back is only true over the whole range: in a part of it memory may come back that was taken before.
  const unsteady = GROWTH_EVENTS.has(selection.event);
  const most = Math.max(FEWEST_BLOCKS, Math.min(MOST_BLOCKS, Math.floor(durationNs / GOOD_BLOCK_NS)));
  const count = unsteady ? 1 : Math.max(1, Math.min(most, Math.floor(durationNs / SHORTEST_BLOCK_NS)));
  const edge = (block: number): number => fromNs + (block * durationNs) / count;
  const { timeNs, value, count: counts } = recording.samples;
  const sums = new Float64Array(count);
  let sum = 0;
  let samples = 0;
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  forEachSelected(recording, selection, (row) => {
    const time = timeNs.at(row);
    const block = Math.min(count - 1, Math.max(0, Math.floor(((time - fromNs) * count) / durationNs) || 0));
    sums[block] = (sums[block] ?? 0) + value.at(row);
    sum += value.at(row);
    samples += counts.at(row);
    first = Math.min(first, time);
    last = Math.max(last, time);
  });
  const selections = Array.from({ length: count }, (_, block) => ({
    ...selection,
    // The ends stay as open as they were: a sample at the very end belongs to the range.
    ...(block > 0 ? { fromNs: edge(block) } : {}),
    ...(block < count - 1 ? { toNs: edge(block + 1) } : {}),
  }));
  const untold =
    samples === 0
      ? "empty"
      : unsteady
        ? "unsteady"
        : first === last && samples > 1
          ? "untimed"
          : count < FEWEST_BLOCKS
            ? "short"
            : undefined;
  return { selections, sums, durationNs, grain: samples > 0 ? sum / samples : 0, untold };
}

/** Sums rows' values by block: `valuesOf` gives the values of one block's selection by row; all must have the same rows. */
export function cellsOf(blocks: TimeBlocks, rows: number, valuesOf: (selection: Selection) => ArrayLike<number>): Float64Array[] {
  const cells = Array.from({ length: rows }, () => new Float64Array(blocks.selections.length));
  blocks.selections.forEach((selection, block) => {
    const values = valuesOf(selection);
    for (let row = 0; row < rows; row++) {
      const cell = cells[row];
      if (cell !== undefined) cell[block] = values[row] ?? 0;
    }
  });
  return cells;
}
