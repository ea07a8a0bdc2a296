import type { Selection } from "../protocol/queries.js";
import { functionTree } from "./function-tree.js";
import { float64Column, int32Column } from "./growable.js";
import type { RecordingTables } from "./tables.js";
import { forEachSelected } from "./selection.js";
import type { CallTree } from "./tree.js";

/** Samples that are drawn: of more, one stands for several neighbours. */
const MOST_SAMPLES = 50_000;
/** Boxes; what comes after them has none, and is counted. */
const MOST_NODES = 400_000;
/** Between samples that are farther apart than this many samples' values something else ran: no box goes on over it. */
const GAP_SAMPLES = 5;
const SHORTEST_GAP_NS = 50e6;

/** A tree in the order of time: the same function is several boxes where something else ran in between. */
export interface FlameChart extends CallTree {
  /** Where each box begins: sum of all values before it. */
  readonly left: Float64Array;
  /** Index of the thread that is drawn; -1 where there is none. */
  readonly thread: number;
  /** How many threads the selection has. */
  readonly threads: number;
  /** One sample stands for so many. */
  readonly step: number;
}

/**
 * The busiest thread of a selection, its samples one beside the other in the order of time. Widths are values, as in a call tree; the time
 * in which nothing was sampled has none.
 *
 * ```
 * samples  main;f  main;f  main;g  main;f        all
 *                                                main──────────
 *                                                f─────  g─ f──
 * ```
 */
export function flameChart(recording: RecordingTables, selection: Selection): FlameChart {
  const { samples } = recording;
  const perThread = new Float64Array(recording.threadRows.length);
  forEachSelected(recording, selection, (row) => {
    const thread = samples.thread.at(row);
    perThread[thread] = (perThread[thread] ?? 0) + samples.value.at(row);
  });
  const thread = perThread.reduce((most, value, index) => (value > (perThread[most] ?? 0) ? index : most), perThread.length > 0 ? 0 : -1);
  const rows: number[] = [];
  const { mergeWorkers: _merged, pids: _pids, ...alone } = selection;
  forEachSelected(recording, { ...alone, threads: [thread] }, (row) => rows.push(row));
  rows.sort((a, b) => samples.timeNs.at(a) - samples.timeNs.at(b));
  const step = Math.max(1, Math.ceil(rows.length / MOST_SAMPLES));
  const chart = new Chart(recording);
  let count = 0;
  for (let first = 0; first < rows.length; first += step) {
    const group = rows.slice(first, first + step);
    // What went back of memory has no width.
    const value = Math.max(
      0,
      group.reduce((sum, row) => sum + samples.value.at(row), 0),
    );
    count += group.reduce((sum, row) => sum + samples.count.at(row), 0);
    const row = group[0] ?? 0;
    const gap = first === 0 ? 0 : samples.timeNs.at(row) - samples.timeNs.at(rows[first - 1] ?? row);
    const longest = Math.max(SHORTEST_GAP_NS, GAP_SAMPLES * samples.value.at(row));
    chart.add(samples.stack.at(row), value, gap > longest);
  }
  const threads = perThread.filter((value) => value > 0).length;
  return { ...chart.end(), samples: count, thread: threads > 0 ? thread : -1, threads, step };
}

/** Boxes in the order in which they begin, which is preorder. */
class Chart {
  readonly #tree;
  readonly #function = int32Column();
  readonly #end = int32Column();
  readonly #depth = int32Column();
  readonly #self = float64Column();
  readonly #value = float64Column();
  readonly #left = float64Column();
  /** Boxes that go on, by depth; node of the tree of functions that each is. */
  readonly #open: number[] = [0];
  readonly #path: number[] = [-1];
  #at = 0;
  #maxDepth = 0;
  #folded = 0;
  #foldedValue = 0;

  constructor(recording: RecordingTables) {
    this.#tree = functionTree(recording);
    this.#begin(-1, 0);
  }

  add(stack: number, value: number, afresh: boolean): void {
    const path = this.#pathOf(stack);
    let same = 0;
    while (!afresh && same < path.length && same + 1 < this.#path.length && this.#path[same + 1] === path[same]) same++;
    this.#close(same);
    if (this.#function.length + path.length - same > MOST_NODES) {
      this.#folded++;
      this.#foldedValue += value;
    } else {
      for (const node of path.slice(same)) {
        this.#open.push(this.#begin(this.#tree.function.at(node), this.#open.length));
        this.#path.push(node);
      }
    }
    const leaf = this.#open.at(-1) ?? 0;
    this.#self.set(leaf, this.#self.at(leaf) + value);
    this.#at += value;
  }

  end(): Omit<FlameChart, "samples" | "thread" | "threads" | "step"> {
    this.#close(0);
    this.#value.set(0, this.#at);
    this.#end.set(0, this.#function.length);
    return {
      nodes: this.#function.length,
      maxDepth: this.#maxDepth,
      function: this.#function.view(),
      end: this.#end.view(),
      depth: this.#depth.view(),
      self: this.#self.view(),
      value: this.#value.view(),
      left: this.#left.view(),
      total: this.#at,
      folded: this.#folded,
      foldedValue: this.#foldedValue,
    };
  }

  #begin(fn: number, depth: number): number {
    const node = this.#function.push(fn);
    this.#end.push(node + 1);
    this.#depth.push(depth);
    this.#self.push(0);
    this.#value.push(0);
    this.#left.push(this.#at);
    this.#maxDepth = Math.max(this.#maxDepth, depth);
    return node;
  }

  /** Ends all boxes deeper than `depth`. */
  #close(depth: number): void {
    for (const node of this.#open.splice(depth + 1)) {
      this.#value.set(node, this.#at - this.#left.at(node));
      this.#end.set(node, this.#function.length);
    }
    this.#path.splice(depth + 1);
  }

  #pathOf(stack: number): number[] {
    const path: number[] = [];
    const leaf = stack < 0 ? -1 : this.#tree.nodeOfStack.at(stack);
    for (let node = leaf; node >= 0; node = this.#tree.parent.at(node)) path.push(node);
    return path.reverse();
  }
}
