import { inPieces, inPiecesBackwards, type Steps } from "../profile/steps.js";
import { WAIT_CLASSES, type WaitClass } from "../protocol/events.js";
import type { TreeColumns } from "../protocol/queries.js";

/** Classes of waits that share a colour: more hues than six can't be told apart by everybody. The class itself is the box's name. */
export const WAIT_KINDS = ["lock", "answer", "storage", "sleep", "processor", "unknown"] as const;

export type WaitKind = (typeof WAIT_KINDS)[number];

const KINDS: Readonly<Record<WaitClass, WaitKind>> = {
  lock: "lock",
  network: "answer",
  pipe: "answer",
  child: "answer",
  events: "answer",
  disk: "storage",
  "page-in": "storage",
  sleep: "sleep",
  "run queue": "processor",
  "unknown wait": "unknown",
};
const UNKNOWN = WAIT_KINDS.indexOf("unknown");

/** Columns of a tree in preorder, by node; `parent` is -1 for the root. */
interface Nodes {
  readonly fn: Int32Array;
  readonly parent: Int32Array;
  readonly value: Float64Array;
}

/**
 * Of each node what most of its waiting is for, as an index into {@link WAIT_KINDS}; empty for trees without classes. In a tree from the
 * leaves, callers stand below a class and are of its kind; above one, the largest sum decides.
 */
export function* waitKinds({ fn, parent, value }: Nodes, { name, language }: TreeColumns["functions"]): Steps<Uint8Array> {
  const kindOf = name.map((text, index) => {
    const known = language[index] === "kernel" ? WAIT_CLASSES.find((each) => text === `[${each}]`) : undefined;
    return known === undefined ? -1 : WAIT_KINDS.indexOf(KINDS[known]);
  });
  if (kindOf.every((kind) => kind < 0)) return new Uint8Array();
  const kinds = new Uint8Array(fn.length).fill(UNKNOWN);
  const isSettled = new Uint8Array(fn.length);
  yield* inPieces(fn.length, (from, to) => {
    for (let node = from; node < to; node++) {
      const above = parent[node] ?? -1;
      const own = kindOf[fn[node] ?? -1] ?? -1;
      if (own < 0 && isSettled[above] !== 1) continue;
      isSettled[node] = 1;
      kinds[node] = own < 0 ? (kinds[above] ?? UNKNOWN) : own;
    }
  });
  const sums = new Float64Array(fn.length * WAIT_KINDS.length);
  const add = (node: number, kind: number, cost: number) => {
    const at = node * WAIT_KINDS.length + kind;
    sums[at] = (sums[at] ?? 0) + cost;
  };
  yield* inPiecesBackwards(fn.length, (from, to) => {
    for (let node = to - 1; node >= from; node--) {
      const above = parent[node] ?? -1;
      if (isSettled[node] === 1) {
        if (above >= 0) add(above, kinds[node] ?? UNKNOWN, value[node] ?? 0);
        continue;
      }
      let most = 0;
      for (let kind = 0; kind < WAIT_KINDS.length; kind++) {
        const cost = sums[node * WAIT_KINDS.length + kind] ?? 0;
        if (cost > most) [most, kinds[node]] = [cost, kind];
        if (above >= 0) add(above, kind, cost);
      }
    }
  });
  return kinds;
}
