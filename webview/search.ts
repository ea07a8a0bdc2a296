import { atOnce, inPieces, type Steps } from "../profile/steps.js";
import { at, type GraphTree } from "./graph-tree.js";

/** The boxes that a search found. */
export interface Search {
  readonly text: string;
  /** By function: 1 where its name or file contains the text. */
  readonly functions: Uint8Array;
  /** `before[i]`: matching nodes before node i, so a subtree has `before[end] - before[i]` of them. Length count + 1. */
  readonly before: Int32Array;
  readonly nodes: number;
  /** Value under matching boxes, in the tree's unit; a match inside a match counts once. */
  readonly value: number;
}

/** Finds text, or `/a regular expression/`, in function names and file names, without regard to case. Undefined when there is nothing to look for. */
export function searchTree(tree: GraphTree, text: string): Search | undefined {
  return atOnce(searchTreeSteps(tree, text));
}

/** The same in pieces. */
export function* searchTreeSteps(tree: GraphTree, text: string): Steps<Search | undefined> {
  const isWanted = matcherOf(text);
  if (isWanted === undefined) return undefined;
  const { name, file } = tree.functions;
  const functions = new Uint8Array(name.length);
  // The same by function + 1, so that the root (-1) needs no branch in the loop over the nodes.
  const matches = new Uint8Array(name.length + 1);
  yield* inPieces(name.length, (from, to) => {
    for (let i = from; i < to; i++) {
      if (isWanted(name[i] ?? "") || isWanted(file[i] ?? "")) functions[i] = matches[i + 1] = 1;
    }
  });
  const before = bufferFor(tree);
  // Read in place: `at` is shared by three kinds of columns, which halves the speed of a loop over 1,000,000 nodes.
  const { fn, end, value: values } = tree;
  let nodes = 0;
  let value = 0;
  let counted = 0;
  yield* inPieces(tree.count, (from, to) => {
    for (let node = from; node < to; node++) {
      before[node] = nodes;
      if (matches[(fn[node] as number) + 1] === 0) continue;
      nodes++;
      if (node < counted) continue;
      value += values[node] as number;
      counted = end[node] as number;
    }
  });
  before[tree.count] = nodes;
  return { text, functions, before, nodes, value };
}

/**
 * Whether a text holds what is looked for, without regard to case: the text itself, or between slashes a regular expression. One that is
 * not finished yet, as it is while one types, finds nothing. Undefined when there is nothing to look for.
 */
function matcherOf(text: string): ((name: string) => boolean) | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return undefined;
  const pattern = /^\/(.+)\/$/s.exec(text.trim())?.[1];
  if (pattern === undefined) return (name) => name.toLowerCase().includes(wanted);
  try {
    const expression = new RegExp(pattern, "i");
    return (name) => expression.test(name);
  } catch {
    return () => false;
  }
}

/** Two buffers a tree, in turn: only the newest search of a tree and the one under way are wanted, and fresh memory costs more than the scan. */
const buffers = new WeakMap<GraphTree, Int32Array[]>();

function bufferFor(tree: GraphTree): Int32Array {
  const [next = new Int32Array(tree.count + 1), last] = buffers.get(tree) ?? [];
  buffers.set(tree, last === undefined ? [new Int32Array(tree.count + 1), next] : [last, next]);
  return next;
}

export function isMatch(tree: GraphTree, search: Search, node: number): boolean {
  const fn = at(tree.fn, node);
  return fn >= 0 && search.functions[fn] === 1;
}

/** The next matching node in drawing order after `from`, around the end; -1 without matches. */
export function nextMatch(tree: GraphTree, search: Search, from: number, step: 1 | -1): number {
  for (let i = 1; i <= tree.count; i++) {
    const node = (from + step * i + tree.count * 2) % tree.count;
    if (isMatch(tree, search, node)) return node;
  }
  return -1;
}
