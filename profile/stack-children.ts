import type { RecordingTables } from "./tables.js";

/** The stacks as a tree that can be walked downwards: first child and next sibling of each, by stack index. */
export class StackChildren {
  readonly #firstRoot: number;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #parent: Int32Array;

  constructor(parents: Int32Array) {
    this.#parent = parents;
    this.#firstChild = new Int32Array(parents.length).fill(-1);
    this.#nextSibling = new Int32Array(parents.length).fill(-1);
    let firstRoot = -1;
    for (let stack = parents.length - 1; stack >= 0; stack--) {
      const parent = parents[stack] ?? -1;
      if (parent < 0) {
        this.#nextSibling[stack] = firstRoot;
        firstRoot = stack;
      } else {
        this.#nextSibling[stack] = this.#firstChild[parent] ?? -1;
        this.#firstChild[parent] = stack;
      }
    }
    this.#firstRoot = firstRoot;
  }

  /** Visits parents before children; `enter` answers whether to go on below, and only then `leave` follows. */
  walk(visitor: { enter: (stack: number) => boolean; leave: (stack: number) => void }): void {
    let stack = this.#firstRoot;
    while (stack >= 0) {
      const entered = visitor.enter(stack);
      const child = entered ? (this.#firstChild[stack] ?? -1) : -1;
      if (child >= 0) {
        stack = child;
        continue;
      }
      if (entered) visitor.leave(stack);
      while (stack >= 0 && (this.#nextSibling[stack] ?? -1) < 0) {
        stack = this.#parent[stack] ?? -1;
        if (stack >= 0) visitor.leave(stack);
      }
      if (stack >= 0) stack = this.#nextSibling[stack] ?? -1;
    }
  }
}

const kept = new WeakMap<RecordingTables, { stacks: number; children: StackChildren }>();

/** The recording's stacks as a tree; kept until there are new stacks. */
export function stackChildren(recording: RecordingTables): StackChildren {
  const stacks = recording.stacks.length;
  const known = kept.get(recording);
  if (known?.stacks === stacks) return known.children;
  // A copy: the column's own buffer is left behind when it grows, which is harmless, but a view of it pins more than its rows.
  const children = new StackChildren(recording.stacks.parent.view().slice());
  kept.set(recording, { stacks, children });
  return children;
}
