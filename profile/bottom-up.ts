import type { FunctionTree } from "./function-tree.js";
import { float64Column, int32Column } from "./growable.js";
import type { TreeNodes } from "./preorder.js";

/** More nodes than a view can use: growth stops there, and what is left out is counted. */
const MAX_BOTTOM_UP_NODES = 1_000_000;

type BottomUpSource = Pick<FunctionTree, "parent" | "function">;

/** Places in the function tree, each with the cost that came up from there; those of one node lie side by side. */
interface Cursors {
  readonly node: Int32Array;
  readonly cost: Float64Array;
}

/**
 * The tree of callers: below the root the innermost functions, below each its callers. A node stands for a group of
 * cursors:
 *
 * ```
 * top-down  main ─ f ─ h 3        bottom-up  h 7 ─ f 3 ─ main 3
 *                └ g ─ h 4                       └ g 4 ─ main 4
 * ```
 *
 * Groups are split by the function of the cursors' parents, level by level. A group under `minimum` is folded as soon as
 * it is known, so the whole tree, which can be the sum of all depths, is never built.
 */
export function bottomUpNodes(tree: BottomUpSource, selfOfNode: Float64Array, minimum: number, maxNodes = MAX_BOTTOM_UP_NODES): TreeNodes {
  const parents = tree.parent.view();
  const split = new Splitter(tree, minimum, maxNodes);
  let level = leaves(selfOfNode);
  split.into(-1, level, 0, level.node.length);
  while (split.cursorCount > 0) {
    const { firstNode, starts, cursors } = split.takeLevel();
    level = callersOf(cursors, parents);
    for (let i = 0; i + 1 < starts.length; i++) split.into(firstNode + i, level, starts[i] ?? 0, starts[i + 1] ?? 0);
  }
  return split.nodes();
}

function leaves(selfOfNode: Float64Array): Cursors {
  const node = Int32Array.from(selfOfNode.keys()).filter((index) => (selfOfNode[index] ?? 0) > 0);
  return { node, cost: Float64Array.from(node, (index) => selfOfNode[index] ?? 0) };
}

/** The same cursors one step up; -1 where the root has been passed. */
function callersOf({ node, cost }: Cursors, parents: Int32Array): Cursors {
  return { node: node.map((index) => parents[index] ?? -1), cost };
}

/** Splits cursors by function. All its scratch is typed arrays: an object a node costs ten times the time. */
class Splitter {
  readonly #out = { parent: int32Column(), function: int32Column(), self: float64Column(), value: float64Column() };
  readonly #functions: Int32Array;
  readonly #minimum: number;
  readonly #maxNodes: number;
  #folded = 0;
  #foldedValue = 0;
  /** The level that is being made: its first node, where the cursors of each node begin, and the cursors. */
  #firstNode = 0;
  #starts = int32Column();
  #node = int32Column();
  #cost = float64Column();
  /** Of the split under work: each function's group where `#stamp` is the present `#round`, and each group's sums. */
  readonly #stamp: Int32Array;
  readonly #group: Int32Array;
  #round = 0;
  readonly #groupFunction: number[] = [];
  readonly #groupValue: number[] = [];
  readonly #groupCount: number[] = [];

  constructor(tree: BottomUpSource, minimum: number, maxNodes: number) {
    this.#functions = tree.function.view();
    this.#minimum = minimum;
    this.#maxNodes = maxNodes;
    let functions = 0;
    for (const fn of this.#functions) functions = Math.max(functions, fn + 1);
    this.#stamp = new Int32Array(functions);
    this.#group = new Int32Array(functions);
  }

  get cursorCount(): number {
    return this.#node.length;
  }

  /** Makes the children of `parent` from the cursors `from` to `to`. */
  into(parent: number, cursors: Cursors, from: number, to: number): void {
    this.#sumGroups(cursors, from, to);
    const groups = this.#groupFunction.length;
    for (let group = 0; group < groups; group++) {
      const value = this.#groupValue[group] ?? 0;
      if (value < this.#minimum || this.#out.parent.length >= this.#maxNodes) {
        this.#folded++;
        this.#foldedValue += value;
        this.#groupCount[group] = -1;
        continue;
      }
      this.#out.parent.push(parent);
      this.#out.function.push(this.#groupFunction[group] ?? 0);
      this.#out.self.push(parent < 0 ? value : 0);
      this.#out.value.push(value);
      // From a count to the place where the group's next cursor goes.
      const size = this.#groupCount[group] ?? 0;
      const start = this.#node.length;
      this.#starts.push(start);
      this.#groupCount[group] = start;
      for (let i = 0; i < size; i++) {
        this.#node.push(-1);
        this.#cost.push(0);
      }
    }
    for (let i = from; i < to; i++) {
      const node = cursors.node[i] ?? -1;
      if (node < 0) continue;
      const group = this.#group[this.#functions[node] ?? 0] ?? 0;
      const place = this.#groupCount[group] ?? -1;
      if (place < 0) continue;
      this.#node.set(place, node);
      this.#cost.set(place, cursors.cost[i] ?? 0);
      this.#groupCount[group] = place + 1;
    }
  }

  /** The finished level; the next one is empty then. */
  takeLevel(): { firstNode: number; starts: Int32Array; cursors: Cursors } {
    this.#starts.push(this.#node.length);
    const level = {
      firstNode: this.#firstNode,
      starts: this.#starts.view(),
      cursors: { node: this.#node.view(), cost: this.#cost.view() },
    };
    this.#firstNode = this.#out.parent.length;
    this.#starts = int32Column();
    this.#node = int32Column();
    this.#cost = float64Column();
    return level;
  }

  nodes(): TreeNodes {
    const { parent, function: functions, self, value } = this.#out;
    const columns = { parent: parent.view(), function: functions.view(), self: self.view(), value: value.view() };
    return { ...columns, folded: this.#folded, foldedValue: this.#foldedValue };
  }

  #sumGroups(cursors: Cursors, from: number, to: number): void {
    this.#round++;
    this.#groupFunction.length = 0;
    this.#groupValue.length = 0;
    this.#groupCount.length = 0;
    for (let i = from; i < to; i++) {
      const node = cursors.node[i] ?? -1;
      if (node < 0) continue;
      const fn = this.#functions[node] ?? 0;
      if (this.#stamp[fn] !== this.#round) {
        this.#stamp[fn] = this.#round;
        this.#group[fn] = this.#groupFunction.length;
        this.#groupFunction.push(fn);
        this.#groupValue.push(0);
        this.#groupCount.push(0);
      }
      const group = this.#group[fn] ?? 0;
      this.#groupValue[group] = (this.#groupValue[group] ?? 0) + (cursors.cost[i] ?? 0);
      this.#groupCount[group] = (this.#groupCount[group] ?? 0) + 1;
    }
  }
}
