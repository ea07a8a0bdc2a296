import { WAIT_CLASSES, type WaitClass } from "../protocol/events.js";
import type { TreeColumns } from "../protocol/queries.js";

/** Classes of waits that share a colour: more hues than six can't be told apart by everybody. The class itself is the box's name. */
export type WaitKind = "lock" | "answer" | "storage" | "sleep" | "processor" | "unknown";

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

interface Nodes {
  readonly fn: Int32Array;
  readonly end: Int32Array;
  readonly parent: Int32Array;
  readonly value: Float64Array;
}

/** Of each function what most of its waiting in the tree is for; "unknown" where nothing tells, as in trees of other events. */
export function waitKinds({ fn, end, parent, value }: Nodes, { name, language }: TreeColumns["functions"]): WaitKind[] {
  const kindOf = name.map((text, index) => {
    const known = language[index] === "kernel" ? WAIT_CLASSES.find((each) => text === `[${each}]`) : undefined;
    return known && KINDS[known];
  });
  const best: WaitKind[] = name.map((_, index) => kindOf[index] ?? "unknown");
  if (kindOf.every((kind) => kind === undefined)) return best;
  const sums = name.map(() => new Map<WaitKind, number>());
  const add = (node: number, kind: WaitKind, cost: number) => {
    const at = fn[node] ?? -1;
    const sum = sums[at];
    if (sum && kindOf[at] === undefined) sum.set(kind, (sum.get(kind) ?? 0) + cost);
  };
  for (let node = 0; node < fn.length; node++) {
    const kind = kindOf[fn[node] ?? -1];
    if (kind === undefined) continue;
    // Callers stand above a class in a tree from the roots, and below it in one from the leaves.
    for (let up = parent[node] ?? -1; up >= 0; up = parent[up] ?? -1) add(up, kind, value[node] ?? 0);
    for (let below = node + 1; below < (end[node] ?? 0); below++) add(below, kind, value[below] ?? 0);
  }
  sums.forEach((sum, index) => {
    let most = 0;
    for (const [kind, cost] of sum) {
      if (cost > most) [most, best[index]] = [cost, kind];
    }
  });
  return best;
}
