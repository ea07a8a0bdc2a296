/** Edits of one text, made in another version of it. */
import { carryLines } from "./carry.js";

/** UTF-16 offsets, the end exclusive. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface CarriedEdits {
  /** The same edits, as offsets of the other text; by rising offsets. */
  readonly edits: readonly Edit[];
  /** The 1-based lines of the other text that they touch. */
  readonly lines: readonly number[];
  /** Where an offset's line is in the other text, 1-based; undefined where it was rewritten. */
  readonly lineAt: (offset: number) => number | undefined;
}

/** Undefined where a line that they touch is another one there: what stands around those doesn't matter. Edits must not overlap. */
export function carryEdits(from: string, edits: readonly Edit[], to: string): CarriedEdits | undefined {
  const carry = carryLines(from, to);
  const [starts, others] = [lineStarts(from), lineStarts(to)];
  const carried: Edit[] = [];
  const lines = new Set<number>();
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    const [first, last] = [lineOf(starts, start), lineOf(starts, end)];
    const at = carry(first);
    if (at === undefined) return undefined;
    for (let line = first; line <= last; line++) if (carry(line) !== at + line - first) return undefined;
    const offset = (others[at - 1] ?? 0) + start - (starts[first - 1] ?? 0);
    // Blanks at a line's end don't count for the lines, and may be what is replaced.
    if (to.slice(offset, offset + end - start) !== from.slice(start, end)) return undefined;
    carried.push({ start: offset, end: offset + end - start, text });
    for (let line = at; line <= at + last - first; line++) lines.add(line);
  }
  return { edits: carried, lines: [...lines], lineAt: (offset) => carry(lineOf(starts, offset)) };
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}

/** The 1-based line of an offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let line = 0;
  while (line < starts.length && (starts[line] ?? 0) <= offset) line++;
  return line;
}

/** What takes edits out of the text that they have made, as edits of that text; by rising offsets. */
export function inverseEdits(text: string, edits: readonly Edit[]): Edit[] {
  let shift = 0;
  return edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, text: inserted }) => {
      const begin = start + shift;
      shift += inserted.length - (end - start);
      return { start: begin, end: begin + inserted.length, text: text.slice(start, end) };
    });
}
