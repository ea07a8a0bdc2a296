import { baseName } from "./paths.js";

/** A row of a table of functions or lines, as it can be found again in another recording. */
export interface MatchedRow {
  readonly name: string;
  /** Absolute where it is known; "" for none. */
  readonly file: string;
  /** 1-based in the text of the newer recording; 0 where it is unknown or not asked for. */
  readonly line: number;
}

/** Of each row its pair's number: rows of both sides with the same number are one thing. */
export interface RowPairs {
  readonly base: Int32Array;
  readonly next: Int32Array;
  readonly pairs: number;
}

/**
 * Pairs rows of the same name, file and line; what is left over then by the file's bare name, for a checkout in another folder or a
 * container, where that names one row on each side only. Rows of one side that can't be told apart get the same number.
 */
export function matchRows(base: readonly MatchedRow[], next: readonly MatchedRow[]): RowPairs {
  const numbers = new Map<string, number>();
  const numberOf = (row: MatchedRow): number => {
    const key = keyOf(row, row.file);
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  };
  const numbered = { base: Int32Array.from(base, numberOf), next: Int32Array.from(next, numberOf) };
  const lone = { base: loneRows(base, numbered.base, numbered.next), next: loneRows(next, numbered.next, numbered.base) };
  for (const [key, number] of lone.base) {
    const pair = lone.next.get(key);
    if (number === undefined || pair === undefined) continue;
    for (const [row, known] of numbered.base.entries()) if (known === number) numbered.base[row] = pair;
  }
  return { ...numbered, pairs: numbers.size };
}

/** By name, bare file name and line: the number that the other side does not have; undefined where there are several. */
function loneRows(rows: readonly MatchedRow[], numbers: Int32Array, others: Int32Array): Map<string, number | undefined> {
  const paired = new Set(others);
  const lone = new Map<string, number | undefined>();
  rows.forEach((row, index) => {
    const number = numbers[index] ?? -1;
    if (row.file === "" || paired.has(number)) return;
    const key = keyOf(row, baseName(row.file));
    lone.set(key, lone.has(key) && lone.get(key) !== number ? undefined : number);
  });
  return lone;
}

function keyOf({ name, line }: MatchedRow, file: string): string {
  return `${name}\0${file}\0${line}`;
}
