import { describe, expect, test } from "vitest";
import type { Recording } from "../../../profile/recording.js";
import { callTree, type TreeOptions } from "../../../profile/tree.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";

/** Siblings' names by the way to their parent, in the order of the drawing. */
function siblings(recording: Recording, options: TreeOptions): Map<string, readonly string[]> {
  const tree = callTree(recording, { event: "cpu" }, options);
  const found = new Map<string, string[]>();
  const path: string[] = [];
  for (let node = 1; node < tree.nodes; node++) {
    const name = recording.functions.labelOf(tree.function[node] ?? 0);
    path.length = (tree.depth[node] ?? 1) - 1;
    const way = path.join(";");
    found.set(way, [...(found.get(way) ?? []), name]);
    path.push(name);
  }
  return found;
}

/** The recording as it was after so many seconds: each has other functions ahead. */
function after(seconds: number): Recording {
  const lines = Array.from({ length: seconds }, (_, second) =>
    Array.from({ length: 6 }, (__, fn) => {
      const cost = ((fn * 7 + second * 5) % 6) * 10 + 1;
      // Functions come up one after the other, not the first first.
      return second < fn % 4 ? "" : `main;serve${fn % 2};work${(fn * 5) % 6};leaf${(fn + second) % 3} ${cost}`;
    }),
  );
  return recordingFromCollapsed(lines.flat().join("\n"));
}

/** How many siblings stand in another order than in the update before. */
function moves(options: TreeOptions): number {
  let moved = 0;
  for (let seconds = 2; seconds <= 12; seconds++) {
    const now = siblings(after(seconds), options);
    for (const [way, before] of siblings(after(seconds - 1), options)) {
      const kept = (now.get(way) ?? []).filter((name) => before.includes(name));
      expect(kept, `what was there is there: ${way}`).toHaveLength(before.length);
      moved += before.filter((name, place) => kept[place] !== name).length;
    }
  }
  return moved;
}

describe.each(["top-down", "bottom-up"] as const)("a graph that grows, %s", (direction) => {
  test("keeps each box in its place among its siblings from update to update", () => {
    expect(moves({ direction, minimumShare: 0, steady: true })).toBe(0);
    // By value boxes change places: the recording would show it.
    expect(moves({ direction, minimumShare: 0 })).toBeGreaterThan(5);
  });

  test("has the same boxes with the same values as by value", () => {
    const recording = after(9);
    const told = (steady: boolean) => {
      const tree = callTree(recording, { event: "cpu" }, { direction, minimumShare: 0, steady });
      return Array.from(tree.function, (fn, node) => `${tree.depth[node]} ${fn} ${tree.value[node]} ${tree.self[node]}`).toSorted();
    };
    expect(told(true)).toEqual(told(false));
  });
});
