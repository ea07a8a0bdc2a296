import { type FunctionCosts, functionCosts } from "../profile/cost.js";
import { costCarriers } from "../profile/cost-carriers.js";
import { forEachSelectedSums } from "../profile/selection.js";
import { stackChildren } from "../profile/stack-children.js";
import type { Recording } from "../profile/recording.js";
import { rangeWords } from "../profile/time-words.js";
import { waitSums } from "../profile/wait-sums.js";
import type { WaitClass } from "../protocol/events.js";
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
  /** Idle waits that the selection leaves out, ns. */
  readonly leftOut: number;
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
    const { sum, samples, leftOut, pids, runs } = tally(recording, places, selection);
    this.sum = sum;
    this.samples = samples;
    this.leftOut = leftOut;
    this.processes = pids;
    this.#runs = runs;
  }

  /** What is selected of the time, ns. */
  get durationNs(): number {
    const { fromNs = 0, toNs = Number.POSITIVE_INFINITY } = this.selection;
    return Math.max(0, Math.min(toNs, this.#recording.info.durationNs) - Math.max(0, fromNs));
  }

  /** The range of the selection in words; "" where it has none. */
  get range(): string {
    return rangeWords(this.selection, this.#recording.info.durationNs);
  }

  /** What of `off_cpu` is waiting for each class that there is, the longest first; none for other events. */
  classes(): readonly { readonly waits: WaitClass; readonly view: View }[] {
    return this.once("classes", () =>
      waitSums(this.#recording, this.selection).map(({ waits }) => ({
        waits,
        view: new View(this.#recording, this.#places, { ...this.selection, waits: [waits] }),
      })),
    );
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
   * Self cost by groups of positions as just-my-code counts it: a sample is the innermost position's whose function `isMine`, so that
   * the library, runtime and kernel code that a line calls is its own cost. Without this, a line of Python would have next to none:
   * its interpreter's C functions are frames, too.
   */
  ownBy(groups: number, groupOf: (context: number) => Int32Array, isMine: (fn: number) => boolean): Float64Array {
    const own = this.once("own positions", () => this.#innermost(isMine));
    const self = new Float64Array(groups);
    for (const { context, stacks, self: costs } of this.#runs) {
      const group = groupOf(context);
      stacks.forEach((stack, index) => {
        const key = group[own[stack] ?? -1] ?? -1;
        if (key >= 0) {
          self[key] = (self[key] ?? 0) + (costs[index] ?? 0);
        }
      });
    }
    return self;
  }

  /** Of each stack the innermost position whose function is wanted, or -1. */
  #innermost(wanted: (fn: number) => boolean): Int32Array {
    const { frames } = this.#recording;
    const lineOf = frames.positionLine.view();
    const functionOf = frames.lines.first.view();
    const positionOf = this.#places.positionOf;
    const carriers = costCarriers(this.#recording, (fn) => (wanted(fn) ? "own" : "passes"));
    return carriers.map((raw) => (raw >= 0 && wanted(functionOf[lineOf[raw] ?? 0] ?? 0) ? (positionOf[raw] ?? -1) : -1));
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
      const spread = this.once(`subtrees ${run.context}`, () => sumSubtrees(run, parents));
      run.stacks.forEach((stack, index) => {
        selfOf[stack] = run.self[index] ?? 0;
      });
      spread.stacks.forEach((stack, index) => {
        subtree[stack] = spread.totals[index] ?? 0;
      });
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
      for (const stack of spread.stacks) {
        selfOf[stack] = 0;
        subtree[stack] = 0;
      }
    }
    return { self, total };
  }
}

/**
 * The stacks that a run touches, ancestors included, and the cost of each one's subtree: a thousand small contexts cost no more than
 * one large one.
 */
function sumSubtrees({ stacks, self }: Run, parents: Int32Array): { stacks: Int32Array; totals: Float64Array } {
  const subtree = new Float64Array(parents.length);
  const marked = new Uint8Array(parents.length);
  const touched: number[] = [];
  stacks.forEach((leaf, index) => {
    subtree[leaf] = self[index] ?? 0;
    for (let stack = leaf; stack >= 0 && marked[stack] === 0; stack = parents[stack] ?? -1) {
      marked[stack] = 1;
      touched.push(stack);
    }
  });
  // A parent's index is smaller than its child's: falling indices are children first.
  const order = Int32Array.from(touched);
  if (touched.length * 16 < parents.length) {
    order.sort().reverse();
  } else {
    for (let stack = parents.length - 1, at = 0; stack >= 0; stack--) {
      if (marked[stack] === 1) {
        order[at++] = stack;
      }
    }
  }
  for (const stack of order) {
    const parent = parents[stack] ?? -1;
    if (parent >= 0) {
      subtree[parent] = (subtree[parent] ?? 0) + (subtree[stack] ?? 0);
    }
  }
  return { stacks: order, totals: Float64Array.from(order, (stack) => subtree[stack] ?? 0) };
}

/** What a selection's samples add up to. */
interface Tally {
  readonly sum: number;
  readonly samples: number;
  readonly leftOut: number;
  readonly pids: ReadonlySet<number>;
  readonly runs: readonly Run[];
}

function tally(recording: Recording, places: Places, selection: Selection): Tally {
  const { threads, processes, stacks } = recording;
  const contextOf = Int32Array.from(threads, (_, thread) => places.contextOfThread(thread));
  const seenThreads = new Uint8Array(threads.length);
  const selves = new ContextSelves(stacks.length, contextOf);
  let sum = 0;
  let samples = 0;
  let leftOut = 0;
  forEachSelectedSums(
    recording,
    selection,
    (rows, length, { thread: threadOf, stack: stackOf, value: values, count }) => {
      // What a closure shares is written once a block: each write makes an object.
      let [cost, met] = [0, 0];
      for (let i = 0; i < length; i++) {
        const row = rows[i] as number;
        const thread = threadOf[row] as number;
        const value = values[row] as number;
        seenThreads[thread] = 1;
        cost += value;
        met += count[row] as number;
        selves.add(thread, stackOf[row] as number, value);
      }
      sum += cost;
      samples += met;
    },
    (value) => (leftOut += value),
  );
  const pids = new Set<number>();
  seenThreads.forEach((seen, thread) => {
    const pid = seen === 1 ? processes[threads[thread]?.process ?? -1]?.pid : undefined;
    if (pid !== undefined) {
      pids.add(pid);
    }
  });
  return { sum, samples, leftOut: Math.abs(leftOut), pids, runs: selves.runs() };
}

/** Contexts that have a column of all stacks of their own; programs that each run in a folder of their own are more. */
const DENSE_CONTEXTS = 4;

/** Self cost by context and stack: a column of stacks for each of the first contexts, a list of what came for the others. */
class ContextSelves {
  readonly #contextOf: Int32Array;
  readonly #stacks: number;
  /** By context; undefined where it has a list. */
  readonly #dense: (Float64Array | undefined)[] = [];
  readonly #lists = new Map<number, { readonly stack: number[]; readonly value: number[] }>();
  #columns = 0;

  constructor(stacks: number, contextOf: Int32Array) {
    this.#stacks = stacks;
    this.#contextOf = contextOf;
  }

  add(thread: number, stack: number, value: number): void {
    const context = this.#contextOf[thread] ?? 0;
    const self = this.#dense[context] ?? this.#column(context);
    if (stack < 0) return;
    if (self !== undefined) {
      self[stack] = (self[stack] as number) + value;
      return;
    }
    const list = this.#lists.get(context);
    list?.stack.push(stack);
    list?.value.push(value);
  }

  /** By rising context; stacks without cost are left out. */
  runs(): Run[] {
    const dense = this.#dense.flatMap((self, context) => (self === undefined ? [] : [runOf(context, self)]));
    const scratch = new Float64Array(this.#lists.size > 0 ? this.#stacks : 0);
    const lists = Array.from(this.#lists, ([context, { stack, value }]) => {
      stack.forEach((each, index) => (scratch[each] = (scratch[each] ?? 0) + (value[index] ?? 0)));
      const run = runOf(context, scratch, [...new Set(stack)]);
      for (const each of stack) scratch[each] = 0;
      return run;
    });
    return [...dense, ...lists].sort((a, b) => a.context - b.context);
  }

  #column(context: number): Float64Array | undefined {
    if (this.#columns < DENSE_CONTEXTS && !this.#lists.has(context)) {
      this.#columns++;
      return (this.#dense[context] = new Float64Array(this.#stacks));
    }
    if (!this.#lists.has(context)) this.#lists.set(context, { stack: [], value: [] });
    return undefined;
  }
}

function runOf(context: number, self: Float64Array, candidates?: readonly number[]): Run {
  const found = new Int32Array(candidates?.length ?? self.length);
  let count = 0;
  if (candidates !== undefined) {
    for (const stack of candidates) if (self[stack] !== 0) found[count++] = stack;
  } else {
    for (let stack = 0; stack < self.length; stack++) if (self[stack] !== 0) found[count++] = stack;
  }
  const stacks = found.slice(0, count);
  return { context, stacks, self: Float64Array.from(stacks, (stack) => self[stack] ?? 0) };
}
