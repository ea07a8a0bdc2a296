import { diffArrays } from "diff";
import { type Anchor, patienceAnchors } from "./carry/anchors.js";

/** Edits that a stretch without any unique line may take before it is given up: the work grows with the square (here some 10 ms). */
const MAX_EDITS = 400;

/**
 * Carries lines of the recorded text over to the current one; both 1-based.
 *
 * A line keeps its number only if the current text has it unchanged and in the same order among its neighbours. White space at its end
 * (so line endings too) doesn't matter; a new indentation does, for the line then runs under another condition or loop. Moved blocks
 * are rewritten ones. A line whose text occurs more than once is carried only together with an unchanged neighbour, so that a stray
 * `i += 1` of another function never inherits a number.
 *
 * Texts of 20,000 lines take some 10 ms; there is no text for which the work grows beyond a few hundred.
 */
export function carryLines(recordedText: string, currentText: string): (line: number) => number | undefined {
  if (recordedText === currentText) {
    const count = linesOf(recordedText).length;
    return (line) => (Number.isInteger(line) && line >= 1 && line <= count ? line : undefined);
  }
  const { recorded, current } = intern(linesOf(recordedText), linesOf(currentText));
  // By 0-based recorded line: 0-based current line, or -1.
  const carried = new Int32Array(recorded.length).fill(-1);
  align(recorded, current, carried);
  dropStrayDuplicates(recorded, current, carried);
  return (line) => {
    const lineIndex = carried[line - 1] ?? -1;
    return lineIndex < 0 ? undefined : lineIndex + 1;
  };
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd());
}

/** Lines as numbers, equal for equal lines. */
function intern(recorded: readonly string[], current: readonly string[]): { recorded: Int32Array; current: Int32Array } {
  const ids = new Map<string, number>();
  const idOf = (line: string): number => {
    const known = ids.get(line);
    if (known !== undefined) {
      return known;
    }
    ids.set(line, ids.size);
    return ids.size - 1;
  };
  return { recorded: Int32Array.from(recorded, idOf), current: Int32Array.from(current, idOf) };
}

/** A stretch of each text, ends exclusive, in 0-based lines. */
interface Gap {
  readonly fromA: number;
  readonly toA: number;
  readonly fromB: number;
  readonly toB: number;
}

/**
 * Patience first, Myers for the rest: equal ends, then lines that are unique in both texts, then the same in each gap between them.
 * Only a gap without such lines goes to the edit distance, which alone would be quadratic in the size of a rewrite.
 */
function align(a: Int32Array, b: Int32Array, carried: Int32Array): void {
  const gaps: Gap[] = [{ fromA: 0, toA: a.length, fromB: 0, toB: b.length }];
  for (let gap = gaps.pop(); gap; gap = gaps.pop()) {
    let { fromA, toA, fromB, toB } = gap;
    while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) {
      carried[fromA++] = fromB++;
    }
    while (fromA < toA && fromB < toB && a[toA - 1] === b[toB - 1]) {
      carried[--toA] = --toB;
    }
    if (fromA === toA || fromB === toB) {
      continue;
    }
    const anchors = patienceAnchors(a, b, { fromA, toA, fromB, toB });
    if (anchors.length === 0) {
      alignByEdits(a, b, { fromA, toA, fromB, toB }, carried);
      continue;
    }
    let previous: Anchor = { a: fromA - 1, b: fromB - 1 };
    for (const anchor of [...anchors, { a: toA, b: toB }]) {
      if (anchor.a < toA) {
        carried[anchor.a] = anchor.b;
      }
      if (anchor.a > previous.a + 1 && anchor.b > previous.b + 1) {
        gaps.push({ fromA: previous.a + 1, toA: anchor.a, fromB: previous.b + 1, toB: anchor.b });
      }
      previous = anchor;
    }
  }
}

function alignByEdits(a: Int32Array, b: Int32Array, { fromA, toA, fromB, toB }: Gap, carried: Int32Array): void {
  const changes = diffArrays([...a.subarray(fromA, toA)], [...b.subarray(fromB, toB)], { maxEditLength: MAX_EDITS });
  let inA = fromA;
  let inB = fromB;
  // Undefined when the limit was met: then nothing in this stretch keeps its number.
  for (const { added, removed, count } of changes ?? []) {
    for (let i = 0; !added && !removed && i < count; i++) {
      carried[inA + i] = inB + i;
    }
    inA += added ? 0 : count;
    inB += removed ? 0 : count;
  }
}

/** Lets go of lines that occur more than once and whose neighbours on both sides have changed. */
function dropStrayDuplicates(a: Int32Array, b: Int32Array, carried: Int32Array): void {
  const countA = occurrences(a);
  const countB = occurrences(b);
  const isDuplicate = (line: number) => (countA.get(a[line] ?? -1) ?? 0) > 1 || (countB.get(a[line] ?? -1) ?? 0) > 1;
  for (let start = 0; start < a.length; ) {
    let end = start + 1;
    if ((carried[start] ?? -1) < 0) {
      start = end;
      continue;
    }
    while (end < a.length && carried[end] === (carried[end - 1] ?? -1) + 1) {
      end++;
    }
    const touchesEdge = (start === 0 && carried[0] === 0) || (end === a.length && carried[end - 1] === b.length - 1);
    if (end === start + 1 && !touchesEdge && isDuplicate(start)) {
      carried[start] = -1;
    }
    start = end;
  }
}

function occurrences(lines: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of lines) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return counts;
}
