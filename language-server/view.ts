import { type FunctionCosts, functionCosts } from "../profile/cost.js";
import { forEachSelected } from "../profile/selection.js";
import { stackChildren } from "../profile/stack-children.js";
import type { Recording } from "../profile/recording.js";
import type { Selection } from "../protocol/queries.js";
import type { Places } from "./places.js";

/** Cost of groups of positions, in the event's unit, by group. */
export interface GroupSums {
  /** Of samples whose innermost position is in the group. */
  readonly self: Float64Array;
  /** Of samples that have the group anywhere on their stack, once a sample. */
  readonly total: Float64Array;
}

/** Self cost by stack of the samples that were taken in one context. */
interface Run {
  readonly context: number;
  readonly stacks: Int32Array;
  readonly self: Float64Array;
}

/** The answer to a selection at one revision of the recording; whatever is asked of it is computed once. */
export class View {
  readonly selection: Selection;
  readonly revision: number;
  /** Sum of the selection, in the event's unit. */
  readonly sum: number;
  readonly samples: number;
  /** Pids with samples. */
  readonly processes: ReadonlySet<number>;
  readonly #recording: Recording;
  readonly #places: Places;
  readonly #runs: readonly Run[];
  readonly #kept = new Map<string, unknown>();

  /** The places must be up to date. */
  constructor(recording: Recording, places: Places, selection: Selection) {
    this.#recording = recording;
    this.#places = places;
    this.selection = selection;
    this.revision = recording.revision;
    const tally = new Tally(recording, places);
    forEachSelected(recording, selection, (row) => tally.add(row));
    this.sum = tally.sum;
    this.samples = tally.samples;
    this.processes = new Set(
      Array.from(tally.threads, (thread) => recording.processes[recording.threads[thread]?.process ?? -1]?.pid ?? 0),
    );
    this.#runs = tally.runs();
  }

  /** What is selected of the time, ns. */
  get durationNs(): number {
    const { fromNs = 0, toNs = Number.POSITIVE_INFINITY } = this.selection;
    return Math.max(0, Math.min(toNs, this.#recording.info.durationNs) - Math.max(0, fromNs));
  }

  /** By line id. */
  lines(): GroupSums {
    return this.once("lines", () => this.sumBy(this.#places.lines, (context) => this.#places.linesOf(context)));
  }

  /** By function index. */
  functions(): FunctionCosts {
    return this.once("functions", () => functionCosts(this.#recording, this.selection));
  }

  /** Computes something once for this view. */
  once<T>(key: string, compute: () => T): T {
    if (!this.#kept.has(key)) {
      this.#kept.set(key, compute());
    }
    return this.#kept.get(key) as T;
  }

  /**
   * Sums by groups of positions: `groupOf(context)` gives each position's group, or -1. One walk over the stack tree for
   * each context; a group adds a subtree's cost only where it is not yet on the path from the root, which is what counts
   * recursion once, also where several recorded functions or paths are one group.
   */
  sumBy(groups: number, groupOf: (context: number) => Int32Array): GroupSums {
    const self = new Float64Array(groups);
    const total = new Float64Array(groups);
    const onPath = new Int32Array(groups);
    const { stacks, frames } = this.#recording;
    const parents = stacks.parent.view();
    const frameOf = stacks.frame.view();
    const starts = frames.start.view();
    const counts = frames.count.view();
    const positionOf = this.#places.positionOf;
    const selfOf = new Float64Array(parents.length);
    const subtree = new Float64Array(parents.length);
    for (const run of this.#runs) {
      const group = groupOf(run.context);
      selfOf.fill(0);
      run.stacks.forEach((stack, index) => {
        selfOf[stack] = run.self[index] ?? 0;
      });
      subtree.set(selfOf);
      for (let stack = parents.length - 1; stack >= 0; stack--) {
        const parent = parents[stack] ?? -1;
        if (parent >= 0) {
          subtree[parent] = (subtree[parent] ?? 0) + (subtree[stack] ?? 0);
        }
      }
      stackChildren(this.#recording).walk({
        enter(stack) {
          const cost = subtree[stack] ?? 0;
          if (cost === 0) {
            return false;
          }
          const first = starts[frameOf[stack] ?? 0] ?? 0;
          const end = first + (counts[frameOf[stack] ?? 0] ?? 0);
          for (let raw = first; raw < end; raw++) {
            const key = group[positionOf[raw] ?? 0] ?? -1;
            if (key < 0) {
              continue;
            }
            if (raw === first) {
              self[key] = (self[key] ?? 0) + (selfOf[stack] ?? 0);
            }
            const depth = onPath[key] ?? 0;
            if (depth === 0) {
              total[key] = (total[key] ?? 0) + cost;
            }
            onPath[key] = depth + 1;
          }
          return true;
        },
        leave(stack) {
          const first = starts[frameOf[stack] ?? 0] ?? 0;
          const end = first + (counts[frameOf[stack] ?? 0] ?? 0);
          for (let raw = first; raw < end; raw++) {
            const key = group[positionOf[raw] ?? 0] ?? -1;
            if (key >= 0) {
              onPath[key] = (onPath[key] ?? 0) - 1;
            }
          }
        },
      });
    }
    return { self, total };
  }
}

/** Adds samples up by context and stack. */
class Tally {
  sum = 0;
  samples = 0;
  readonly threads = new Set<number>();
  readonly #rows: number[][] = [];
  readonly #recording: Recording;
  readonly #places: Places;

  constructor(recording: Recording, places: Places) {
    this.#recording = recording;
    this.#places = places;
  }

  add(row: number): void {
    const { samples } = this.#recording;
    const thread = samples.thread.at(row);
    this.threads.add(thread);
    this.sum += samples.value.at(row);
    this.samples += samples.count.at(row);
    const context = this.#places.contextOfThread(thread);
    (this.#rows[context] ??= []).push(row);
  }

  runs(): Run[] {
    const { samples, stacks } = this.#recording;
    const selfOf = new Float64Array(stacks.length);
    const runs: Run[] = [];
    this.#rows.forEach((rows, context) => {
      const touched: number[] = [];
      for (const row of rows) {
        const stack = samples.stack.at(row);
        const value = samples.value.at(row);
        if (stack >= 0 && value > 0) {
          if (selfOf[stack] === 0) {
            touched.push(stack);
          }
          selfOf[stack] = (selfOf[stack] ?? 0) + value;
        }
      }
      runs.push({ context, stacks: Int32Array.from(touched), self: Float64Array.from(touched, (stack) => selfOf[stack] ?? 0) });
      for (const stack of touched) {
        selfOf[stack] = 0;
      }
    });
    return runs;
  }
}
