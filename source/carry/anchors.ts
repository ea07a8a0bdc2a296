/** A line of each text, 0-based, that are the same line. */
export interface Anchor {
  readonly a: number;
  readonly b: number;
}

/**
 * The longest row of lines that occur exactly once in each stretch and come in the same order: Bram Cohen's patience diff. Ends exclusive.
 * Takes n log n.
 */
export function patienceAnchors(
  a: Int32Array,
  b: Int32Array,
  { fromA, toA, fromB, toB }: { readonly fromA: number; readonly toA: number; readonly fromB: number; readonly toB: number },
): Anchor[] {
  const inA = uniqueLines(a, fromA, toA);
  const inB = uniqueLines(b, fromB, toB);
  const pairs: Anchor[] = [];
  for (const [line, at] of inA) {
    const other = inB.get(line);
    if (at >= 0 && other !== undefined && other >= 0) {
      pairs.push({ a: at, b: other });
    }
  }
  pairs.sort((x, y) => x.a - y.a);
  return longestIncreasing(pairs);
}

/** By line: where it is, or -1 when it is there more than once. */
function uniqueLines(lines: Int32Array, from: number, to: number): Map<number, number> {
  const places = new Map<number, number>();
  for (let at = from; at < to; at++) {
    const line = lines[at] ?? -1;
    places.set(line, places.has(line) ? -1 : at);
  }
  return places;
}

/** The longest subsequence in which `b` grows, of pairs sorted by `a`. */
function longestIncreasing(pairs: readonly Anchor[]): Anchor[] {
  // tails[length - 1] is the index of the pair with the smallest b that ends a row of that length.
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  pairs.forEach((pair, index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.b ?? 0) < pair.b) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    previous[index] = tails[low - 1] ?? -1;
    tails[low] = index;
  });
  const row: Anchor[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair) {
      row.push(pair);
    }
  }
  return row.reverse();
}
