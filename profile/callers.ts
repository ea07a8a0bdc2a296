import type { Selection } from "../protocol/queries.js";
import { stackSums } from "./cost.js";
import { functionTree, type FunctionTree } from "./function-tree.js";
import type { RecordingTables } from "./tables.js";

/** A small tree of objects, children by falling value. */
export interface FunctionNode {
  readonly function: number;
  readonly value: number;
  readonly children: readonly FunctionNode[];
}

export interface CallersAndCalleesOf {
  /** Cost of the samples that have the function on their stack, once a sample; the value of both roots. */
  readonly value: number;
  /** Cost of the samples that have it innermost. */
  readonly self: number;
  /** Sum and number of samples of the selection. */
  readonly total: number;
  readonly samples: number;
  /** The function, below it its callers, below each theirs. */
  readonly callers: FunctionNode;
  /** The function, below it what it calls. */
  readonly callees: FunctionNode;
  /** Subtrees left out of the two trees together, and the sum of their values. */
  readonly folded: number;
  readonly foldedValue: number;
}

/**
 * Both sides of one function. A sample in which it recurs counts once, seen from the outermost call, so that the callers
 * are those who really asked and the inner calls stand among the callees. Each side has at most half of `maxBoxes` boxes:
 * the costliest ones.
 */
export function callersAndCallees(
  recording: RecordingTables,
  selection: Selection,
  fn: number,
  { maxBoxes = 1000 }: { readonly maxBoxes?: number } = {},
): CallersAndCalleesOf {
  const sums = stackSums(recording, selection);
  const tree = functionTree(recording);
  const { self, value } = tree.costs(sums.self);
  const outermost = outermostCalls(tree, fn).filter((node) => (value[node] ?? 0) > 0);
  const functions = tree.function.view();
  const parents = tree.parent.view();
  const roots = outermost.map((node) => ({ node, value: value[node] ?? 0 }));
  const children = childLists(tree, value);
  const perSide = Math.max(1, Math.floor(maxBoxes / 2));
  const callers = grow(fn, roots, functions, perSide, (place) => {
    const parent = parents[place.node] ?? -1;
    return parent < 0 ? [] : [{ node: parent, value: place.value }];
  });
  const callees = grow(fn, roots, functions, perSide, (place) => children(place.node).map((node) => ({ node, value: value[node] ?? 0 })));
  let ownSelf = 0;
  for (let node = 0; node < functions.length; node++) if (functions[node] === fn) ownSelf += self[node] ?? 0;
  return {
    value: callers.root.value,
    self: ownSelf,
    total: sums.sum,
    samples: sums.samples,
    callers: callers.root,
    callees: callees.root,
    folded: callers.folded + callees.folded,
    foldedValue: callers.foldedValue + callees.foldedValue,
  };
}

/** The nodes of a function that have no node of it above them. */
function outermostCalls(tree: FunctionTree, fn: number): number[] {
  const functions = tree.function.view();
  const parents = tree.parent.view();
  const inside = new Uint8Array(functions.length);
  const found: number[] = [];
  for (let node = 0; node < functions.length; node++) {
    const parent = parents[node] ?? -1;
    const above = parent >= 0 && inside[parent] === 1;
    if (!above && functions[node] === fn) found.push(node);
    inside[node] = above || functions[node] === fn ? 1 : 0;
  }
  return found;
}

function childLists(tree: FunctionTree, value: Float64Array): (node: number) => number[] {
  const parents = tree.parent.view();
  const first = new Int32Array(parents.length).fill(-1);
  const next = new Int32Array(parents.length).fill(-1);
  for (let node = parents.length - 1; node >= 0; node--) {
    const parent = parents[node] ?? -1;
    if (parent < 0 || (value[node] ?? 0) === 0) continue;
    next[node] = first[parent] ?? -1;
    first[parent] = node;
  }
  return (node) => {
    const list: number[] = [];
    for (let child = first[node] ?? -1; child >= 0; child = next[child] ?? -1) list.push(child);
    return list;
  };
}

/** A place in the function tree and the cost that the box has from there. */
interface Place {
  readonly node: number;
  readonly value: number;
}

interface Box {
  readonly function: number;
  readonly value: number;
  readonly children: Box[];
}

/** Grows a tree box by box, always the costliest known one next, until there are `maxBoxes`. */
function grow(fn: number, roots: readonly Place[], functions: Int32Array, maxBoxes: number, step: (place: Place) => readonly Place[]) {
  const root: Box = { function: fn, value: sumOf(roots), children: [] };
  let boxes = 1;
  let waiting: { box: Box; parent: Box; places: Place[] }[] = [];
  const split = (parent: Box, places: readonly Place[]): void => {
    const groups = new Map<number, Place[]>();
    for (const place of places.flatMap(step)) {
      const key = functions[place.node] ?? 0;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [place]);
      else group.push(place);
    }
    for (const [key, group] of groups) {
      waiting.push({ box: { function: key, value: sumOf(group), children: [] }, parent, places: group });
    }
  };
  split(root, roots);
  while (waiting.length > 0 && boxes < maxBoxes) {
    // At most `maxBoxes` rounds over a short list: a heap would be longer to read and no faster to feel.
    let best = 0;
    for (let i = 1; i < waiting.length; i++) if ((waiting[i]?.box.value ?? 0) > (waiting[best]?.box.value ?? 0)) best = i;
    const [chosen] = waiting.splice(best, 1);
    if (chosen === undefined) break;
    chosen.parent.children.push(chosen.box);
    boxes++;
    split(chosen.box, chosen.places);
  }
  const foldedValue = waiting.reduce((sum, { box }) => sum + box.value, 0);
  const folded = waiting.length;
  waiting = [];
  return { root, folded, foldedValue };
}

function sumOf(places: readonly Place[]): number {
  return places.reduce((sum, { value }) => sum + value, 0);
}
