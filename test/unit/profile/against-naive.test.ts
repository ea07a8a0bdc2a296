/** The columns against the plainest code that could be right: arrays of names, a Map a question. */
import { expect, test } from "vitest";
import { bottomUpNodes } from "../../../profile/bottom-up.js";
import { callersAndCallees } from "../../../profile/callers.js";
import { functionCosts, lineCosts, stackCosts } from "../../../profile/cost.js";
import { functionTree } from "../../../profile/function-tree.js";
import { decodePprof, encodePprof } from "../../../profile/formats/pprof.js";
import type { Recording } from "../../../profile/recording.js";
import { sharesOf } from "../../../profile/shares.js";
import { callTree } from "../../../profile/tree.js";
import { formatSamples, recordingFromCollapsed } from "../../support/profile-text.js";

const CPU = { event: "cpu" } as const;

/** Few names and deep stacks, so that recursion, shared prefixes and inlined calls are common. */
function randomSamples(seed: number): { path: string[]; value: number }[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: 60 }, () => {
    const path = Array.from({ length: 1 + random(7) }, () => {
      const position = (): string => `${"abcd"[random(4)]}:${1 + random(3)}`;
      return random(4) === 0 ? `${position()}<-${position()}` : position();
    });
    return { path, value: 1 + random(100) };
  });
}

/** Outermost first, inlined calls unfolded. */
const positions = (path: readonly string[]): string[] => path.flatMap((cell) => cell.split("<-").reverse());
const nameOf = (position: string): string => position.split(":")[0] ?? "";

function sumBy(pairs: Iterable<readonly [string, number]>): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [key, value] of pairs) sums.set(key, (sums.get(key) ?? 0) + value);
  return Object.fromEntries(sums);
}

const named = (recording: Recording, fn: number): string => recording.functions.labelOf(fn);

/** Each node's path of names and its value. */
function paths(
  recording: Recording,
  tree: { nodes: number; depth: Int32Array; function: Int32Array; value: Float64Array },
): Record<string, number> {
  const path: string[] = [];
  return sumBy(
    Array.from({ length: tree.nodes - 1 }, (_, i) => {
      path.length = (tree.depth[i + 1] ?? 1) - 1;
      path.push(named(recording, tree.function[i + 1] ?? -1));
      return [path.join(";"), tree.value[i + 1] ?? 0] as const;
    }),
  );
}

const prefixes = (names: readonly string[]): string[] => names.map((_, i) => names.slice(0, i + 1).join(";"));

test.each([1, 2, 3, 4, 5, 6, 7, 8])("costs and trees of random samples %i are those of the naive sums", (seed) => {
  const samples = randomSamples(seed);
  const recording = recordingFromCollapsed(samples.map(({ path, value }) => `${path.join(";")} ${value}`).join("\n"));
  const unfolded = samples.map(({ path, value }) => ({ lines: positions(path), names: positions(path).map(nameOf), value }));

  const costs = functionCosts(recording, CPU);
  const byName = (column: Float64Array) =>
    sumBy([...column].map((value, fn) => [named(recording, fn), value] as const).filter(([, v]) => v > 0));
  expect(byName(costs.self)).toEqual(sumBy(unfolded.map(({ names, value }) => [names.at(-1) ?? "", value])));
  expect(byName(costs.total)).toEqual(
    sumBy(unfolded.flatMap(({ names, value }) => [...new Set(names)].map((name) => [name, value] as const))),
  );

  const lines = lineCosts(recording, CPU);
  const key = (i: number): string => `${named(recording, lines.function[i] ?? -1)}:${lines.line[i]}`;
  expect(sumBy([...lines.total].map((value, i) => [key(i), value] as const))).toEqual(
    sumBy(unfolded.flatMap(({ lines, value }) => [...new Set(lines)].map((line) => [line, value] as const))),
  );

  const down = callTree(recording, CPU, { direction: "top-down", minimumShare: 0 });
  expect(paths(recording, down)).toEqual(
    sumBy(unfolded.flatMap(({ names, value }) => prefixes(names).map((path) => [path, value] as const))),
  );
  const up = callTree(recording, CPU, { direction: "bottom-up", minimumShare: 0 });
  expect(paths(recording, up)).toEqual(
    sumBy(unfolded.flatMap(({ names, value }) => prefixes([...names].reverse()).map((path) => [path, value] as const))),
  );

  for (const direction of ["top-down", "bottom-up"] as const) {
    const folded = callTree(recording, CPU, { direction, minimumShare: 0.05 });
    const whole = paths(recording, direction === "top-down" ? down : up);
    const kept = Object.fromEntries(Object.entries(whole).filter(([, value]) => value >= folded.total * 0.05));
    expect(paths(recording, folded)).toEqual(kept);
    const cut = Object.entries(whole).filter(
      ([path]) => !(path in kept) && (!path.includes(";") || path.slice(0, path.lastIndexOf(";")) in kept),
    );
    expect([folded.folded, folded.foldedValue]).toEqual([cut.length, cut.reduce((sum, [, value]) => sum + value, 0)]);
  }

  for (let fn = 0; fn < recording.functions.length; fn++) {
    const sides = callersAndCallees(recording, CPU, fn);
    const shares = sharesOf(recording, CPU, { kind: "functions", functions: [fn] });
    const expected = { self: costs.self[fn], total: costs.total[fn] };
    expect({ self: sides.self, total: sides.value }).toEqual(expected);
    expect({ self: shares.self, total: shares.total }).toEqual(expected);
    expect(shares.callers.reduce((sum, { total }) => sum + total, 0)).toBe(expected.total);
  }
  expect(formatSamples(decodePprof(encodePprof(recording)).recording)).toBe(formatSamples(recording));
});

test("a bottom-up tree that grows too large stops, and counts what it left out", () => {
  const recording = recordingFromCollapsed("a;b;c 3\na;d;c 2\na;e 1");
  const tree = functionTree(recording);
  const { self } = tree.costs(stackCosts(recording, CPU));
  const nodes = bottomUpNodes(tree, self, 0, 3);
  expect([...nodes.function].map((fn) => named(recording, fn))).toEqual(["c", "e", "b"]);
  expect(nodes).toMatchObject({ folded: 3, foldedValue: 6 });
});
