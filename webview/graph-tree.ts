import { atOnce, inPieces, type Steps } from "../profile/steps.js";
import type { TreeColumns } from "../protocol/queries.js";
import { bytesOf } from "./column-bytes.js";
import type { Shaped } from "./shape.js";
import { decodeDifference, type NodeDifference } from "./difference.js";
import { waitKinds } from "./wait-kinds.js";

/**
 * A call tree as typed columns, nodes in preorder, ready to be drawn: an object per node would cost ten times the
 * memory and half a second at 1,000,000 nodes.
 *
 * ```
 * node   0    1    2    3        end[1] = 3: the subtree of 1 is the nodes 1 and 2
 *        all  ├ a  │ └b └ c      left[3] = left[0] + value[1]
 * ```
 */
export interface GraphTree {
  readonly count: number;
  readonly maxDepth: number;
  /** Value of the root, in `info.unit`. */
  readonly total: number;
  /** Index into `functions`; -1 for the root. */
  readonly fn: Int32Array;
  /** First node after this node's subtree. */
  readonly end: Int32Array;
  /** -1 for the root. */
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  readonly self: Float64Array;
  readonly value: Float64Array;
  /** Sum of everything to the left of the node, in the unit: its horizontal place. */
  readonly left: Float64Array;
  readonly functions: TreeColumns["functions"];
  /** What most of each node's waiting is for, as an index into `WAIT_KINDS`; empty in trees of other events. */
  readonly waits: Uint8Array;
  /** Where a baseline was chosen. */
  readonly difference: NodeDifference | undefined;
  readonly info: Pick<
    TreeColumns,
    "event" | "unit" | "samples" | "leftOut" | "mergedWorkers" | "folded" | "foldedValue" | "range" | "thread"
  >;
  /** How many boxes were taken into others by the user's choice. */
  readonly shaped?: Shaped;
  /** Nodes whose numbers could not be true (not finite, negative, more than the parent has) and were cut to fit. */
  readonly repaired: number;
}

const ROOT_NAME = "all";

/**
 * Decodes the wire's columns. Depth and parents are derived from `end`, so that a column can't contradict another.
 * Throws an Error with one sentence when the columns don't describe a tree.
 */
export function decodeTree(columns: TreeColumns): GraphTree {
  return atOnce(decodeTreeSteps(columns));
}

/** The same in pieces: a tree of 1,000,000 nodes takes longer than a page may be busy. */
export function* decodeTreeSteps(columns: TreeColumns): Steps<GraphTree> {
  const count = columns.nodes;
  const fn = new Int32Array(yield* bytesOrThrow(columns.function, count * 4));
  const end = new Int32Array(yield* bytesOrThrow(columns.end, count * 4));
  const self = new Float64Array(yield* bytesOrThrow(columns.self, count * 8));
  const value = new Float64Array(yield* bytesOrThrow(columns.value, count * 8));
  const { event, unit, samples, leftOut, mergedWorkers, folded, foldedValue, range, thread } = columns;
  const given = columns.left === undefined ? undefined : new Float64Array(yield* bytesOrThrow(columns.left, count * 8));
  const arranged = yield* arrange(fn, end, self, value, columns.functions.name.length, given);
  return {
    count,
    ...arranged,
    fn,
    end,
    self,
    value,
    functions: { ...columns.functions, name: yield* cleanTexts(columns.functions.name), file: yield* cleanTexts(columns.functions.file) },
    waits: yield* waitKinds({ fn, value, parent: arranged.parent }, columns.functions),
    difference: yield* decodeDifference(columns, value),
    info: {
      event,
      unit,
      samples,
      leftOut,
      ...(mergedWorkers === undefined ? {} : { mergedWorkers }),
      folded,
      foldedValue,
      ...(range === undefined ? {} : { range }),
      ...(thread === undefined ? {} : { thread }),
    },
  };
}

/** Name of a node as it is shown. */
export function nodeName(tree: GraphTree, node: number): string {
  const fn = tree.fn[node] ?? -1;
  return fn < 0 ? ROOT_NAME : tree.functions.name[fn] || "(no name)";
}

function* arrange(fn: Int32Array, end: Int32Array, self: Float64Array, value: Float64Array, functions: number, places?: Float64Array) {
  const count = fn.length;
  const parent = new Int32Array(count);
  const depth = new Int32Array(count);
  const left = new Float64Array(count);
  const cursor = new Float64Array(count);
  let maxDepth = 0;
  let repaired = 0;
  let open = -1;
  yield* inPieces(count, (from, to) => {
    for (let node = from; node < to; node++) arrangeNode(node);
  });
  return { parent, depth, left, maxDepth, repaired, total: value[0] ?? 0 };

  function arrangeNode(node: number): void {
    while (open >= 0 && at(end, open) <= node) open = at(parent, open);
    const limit = open < 0 ? count : at(end, open);
    if (at(end, node) <= node || at(end, node) > limit || (open < 0 && node > 0)) throw new Error(NOT_A_TREE);
    // By time there may be room between neighbours.
    const place = places === undefined || open < 0 ? 0 : Math.min(at(places, node), at(left, open) + at(value, open));
    const start = open < 0 ? 0 : Math.max(at(cursor, open), place);
    const room = open < 0 ? Number.MAX_VALUE : Math.max(0, at(left, open) + at(value, open) - start);
    const given = at(value, node);
    // Sums of floats differ in the last digits from the parent's: that is no repair.
    const fits = given >= 0 && given <= room * (1 + 1e-9) + 1e-6;
    if (!fits) repaired++;
    value[node] = Math.min(given >= 0 ? given : 0, room);
    if (!(at(self, node) >= 0 && Number.isFinite(at(self, node)))) self[node] = 0;
    if (at(fn, node) >= functions || at(fn, node) < -1) fn[node] = -1;
    parent[node] = open;
    depth[node] = open < 0 ? 0 : at(depth, open) + 1;
    maxDepth = Math.max(maxDepth, at(depth, node));
    left[node] = cursor[node] = start;
    if (open >= 0) cursor[open] = start + at(value, node);
    open = node;
  }
}

function* bytesOrThrow(text: string, length: number): Steps<ArrayBuffer> {
  const bytes = yield* bytesOf(text, length);
  if (bytes === undefined) throw new Error(NOT_A_TREE);
  return bytes;
}

const NOT_A_TREE = "The answer is not a call tree; reopen the recording, and report this if it comes back.";

/** Reads a column inside its length; the index is always in range where this is used. */
export function at(column: Int32Array | Float64Array | Uint8Array, index: number): number {
  return column[index] as number;
}

/** Longest name that is shown; C++ templates grow to megabytes. */
const LONGEST_TEXT = 2000;
// oxlint-disable-next-line no-control-regex -- these are what is looked for: characters that would break or reorder a line
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function* cleanTexts(texts: readonly string[]): Steps<string[]> {
  const clean: string[] = [];
  yield* inPieces(texts.length, (from, to) => {
    for (let i = from; i < to; i++) clean[i] = cleanText(texts[i] ?? "");
  });
  return clean;
}

/** Names come from the profiled programs: no control character or change of writing direction may reach the screen. */
export function cleanText(text: string): string {
  return (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text).replace(UNPRINTABLE, "\ufffd");
}
