import { int32Column } from "./growable.js";
import { PairTable } from "./pair-table.js";
import type { RecordingTables } from "./tables.js";

/**
 * The stacks merged by function, root first: node = (parent node, function), inlined calls as nodes of their own. It does
 * not depend on a selection, so it is kept with the recording and only grows; late symbols make it anew.
 *
 * ```
 * stacks (by frame)                 nodes (by function)
 * main:3 ─ f:10                     main ─ f
 * main:4 ─ f:11 ─ g:2                        └ g
 * ```
 */
export class FunctionTree {
  readonly #nodes = new PairTable();
  /** -1 at the root; always smaller than the node's own index. */
  readonly parent = this.#nodes.first;
  readonly function = this.#nodes.second;
  /** The node of each stack's innermost position. */
  readonly nodeOfStack = int32Column();

  get length(): number {
    return this.#nodes.length;
  }

  extend(recording: RecordingTables): void {
    const parents = recording.stacks.parent.view();
    const frames = recording.stacks.frame.view();
    const start = recording.frames.start.view();
    const count = recording.frames.count.view();
    const lineOf = recording.frames.positionLine.view();
    const functionOfLine = recording.frames.lines.first.view();
    for (let stack = this.nodeOfStack.length; stack < parents.length; stack++) {
      const parent = parents[stack] ?? -1;
      const frame = frames[stack] ?? 0;
      let node = parent < 0 ? -1 : this.nodeOfStack.at(parent);
      const first = start[frame] ?? 0;
      for (let position = first + (count[frame] ?? 0) - 1; position >= first; position--) {
        node = this.#nodes.intern(node, functionOfLine[lineOf[position] ?? 0] ?? 0);
      }
      this.nodeOfStack.push(node);
    }
  }

  /** Self and inclusive cost of each node, from the self cost of each stack. */
  costs(selfOfStack: Float64Array): { self: Float64Array; value: Float64Array } {
    const self = new Float64Array(this.length);
    const nodeOf = this.nodeOfStack.view();
    for (let stack = 0; stack < selfOfStack.length; stack++) {
      const node = nodeOf[stack] ?? -1;
      if (node >= 0) self[node] = (self[node] ?? 0) + (selfOfStack[stack] ?? 0);
    }
    return { self, value: inclusive(self, this.parent.view()) };
  }
}

/** From each node's own cost that of its subtree; a parent's index is smaller than its children's. */
export function inclusive(self: Float64Array, parents: Int32Array): Float64Array {
  const value = self.slice();
  for (let node = value.length - 1; node >= 0; node--) {
    const parent = parents[node] ?? -1;
    if (parent >= 0) value[parent] = (value[parent] ?? 0) + (value[node] ?? 0);
  }
  return value;
}

const kept = new WeakMap<RecordingTables, { generation: number; tree: FunctionTree }>();

export function functionTree(recording: RecordingTables): FunctionTree {
  const { generation } = recording.frames;
  let known = kept.get(recording);
  if (known?.generation !== generation) {
    known = { generation, tree: new FunctionTree() };
    kept.set(recording, known);
  }
  known.tree.extend(recording);
  return known.tree;
}
