import type { ProcessRow, ThreadRow } from "../protocol/helper.js";
import { CountTable } from "./counts.js";
import { FrameTable } from "./frames.js";
import { FunctionTable } from "./functions.js";
import { float64Column, int32Column, uint8Column } from "./growable.js";
import { LossTimes } from "./loss-times.js";
import { PairTable } from "./pair-table.js";
import { StringTable } from "./string-table.js";
import { Warnings } from "./warnings.js";
import { ProcessMemory } from "./process-memory.js";

/** One row a sample, in the order in which they came. */
class SampleTable {
  /** Index into the stacks; -1 where the sample has no stack. */
  readonly stack = int32Column();
  /** Index into the threads. */
  readonly thread = int32Column();
  /** ns since the recording's start. */
  readonly timeNs = float64Column();
  /** Index into `EVENTS`. */
  readonly event = uint8Column();
  /** In the event's unit; never negative. */
  readonly value = float64Column();
  /** How many samples of the profiler the row stands for: 1 in our recordings, more in aggregated files. */
  readonly count = int32Column();

  get length(): number {
    return this.stack.length;
  }

  push(stack: number, thread: number, timeNs: number, event: number, value: number, count = 1): void {
    this.stack.push(stack);
    this.thread.push(thread);
    this.timeNs.push(timeNs);
    this.event.push(event);
    this.value.push(value);
    this.count.push(count);
  }
}

/**
 * Stacks as a tree, root first: a stack is its parent's stack plus one frame, and each (parent, frame) is there once.
 * A parent's index is always smaller than its child's, so one pass backwards sums a tree and one forwards walks it.
 */
class StackTable {
  readonly #pairs = new PairTable();
  readonly parent = this.#pairs.first;
  readonly frame = this.#pairs.second;

  get length(): number {
    return this.#pairs.length;
  }

  /** `parent` is -1 at the root, else an index that is already there. */
  intern(parent: number, frame: number): number {
    return this.#pairs.intern(parent, frame);
  }
}

/** The tables of a recording, filled by the wire or by a reader of a file, which have checked their rows. */
export class RecordingTables {
  readonly stringTable = new StringTable();
  readonly functions = new FunctionTable(this.stringTable);
  readonly frames = new FrameTable();
  readonly stacks = new StackTable();
  readonly processRows: ProcessRow[] = [];
  readonly threadRows: ThreadRow[] = [];
  readonly samples = new SampleTable();
  readonly counts = new CountTable();
  readonly memory = new ProcessMemory();
  readonly losses = new LossTimes();
  readonly notes = new Warnings();
}
