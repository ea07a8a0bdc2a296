/** The rows of `flameline diff`: costs of two profiles by line or function, each with its place on this machine. */
import { functionCosts, keyCosts, lineCosts } from "../profile/cost.js";
import { type Change, compareRows, type Difference, type Measure } from "../profile/difference.js";
import type { Recording } from "../profile/recording.js";
import { cellsOf, timeBlocks, type TimeBlocks } from "../profile/time-blocks.js";
import type { Selection } from "../protocol/queries.js";
import { linesBetween } from "../source/lines-between.js";
import { type MatchedRow, matchRows } from "../source/match-rows.js";
import { baseName } from "../source/paths.js";
import { foldingCarriers, functionLines, functionRow, type PlacedRow, Places } from "./report-rows.js";
import type { RunTexts } from "./run-texts.js";

export interface DiffSide {
  readonly recording: Recording;
  readonly selection: Selection;
  readonly texts: RunTexts;
}

export interface DiffWish {
  readonly by: "line" | "function";
  readonly cost: "self" | "total";
  readonly measure: Measure;
  /** Whether self is bare: that of the innermost function only. */
  readonly native: boolean;
  /** Where sources are looked for that are not where they were recorded. */
  readonly folder: string;
}

/** A thing that both profiles have, or one of them; `line` is that of the newer text where it is there. */
export interface DiffRow extends Change {
  readonly file: string | null;
  /** The recorded file, which may be a bare name. */
  readonly recordedFile: string;
  readonly line: number | null;
  readonly function: string;
}

export interface DiffTable extends Pick<Difference, "measure" | "untold"> {
  /** Changed rows first, each kind by falling size of the change. */
  readonly rows: readonly DiffRow[];
  /** Of everything together; by share it can't change. */
  readonly total: Change | undefined;
  readonly base: TimeBlocks;
  readonly next: TimeBlocks;
  /** Files whose lines can't be told apart, because the text of one run is not known: their rows are functions. */
  readonly unclear: readonly string[];
}

/** A row of one profile; `lines` are the rows of the recording's line table that are in it. */
interface SideRow {
  readonly placed: PlacedRow;
  readonly lines: readonly number[];
}

export async function diffTable(base: DiffSide, next: DiffSide, wish: DiffWish): Promise<DiffTable> {
  const [old, now] = [await sideRows(base, wish), await sideRows(next, wish)];
  const { keysOfBase, keysOfNext, unclear } = await matchedRows(base, next, old, now, wish);
  const { base: oldPair, next: newPair, pairs } = matchRows(keysOfBase, keysOfNext);
  const [baseBlocks, nextBlocks] = [timeBlocks(base.recording, base.selection), timeBlocks(next.recording, next.selection)];
  const before = pairCells(base, baseBlocks, old, oldPair, pairs, wish);
  const after = pairCells(next, nextBlocks, now, newPair, pairs, wish);
  const cells = before.map((row, pair) => ({ base: row, next: after[pair] }));
  const present = cells.flatMap((row, pair) => (hasCost(row.base) || hasCost(row.next) ? [pair] : []));
  const difference = compareRows(
    baseBlocks,
    nextBlocks,
    present.flatMap((pair) => cells[pair] ?? []),
    wish.measure,
  );
  const total = compareRows(baseBlocks, nextBlocks, [{ base: baseBlocks.sums, next: nextBlocks.sums }], wish.measure);
  const shown = new Map<number, { placed: PlacedRow; line: number }>();
  for (const [rows, keys, pair] of [
    [old, keysOfBase, oldPair],
    [now, keysOfNext, newPair],
  ] as const) {
    rows.forEach(({ placed }, index) => {
      const line = wish.by === "line" ? (keys[index]?.line ?? 0) : (placed.line ?? 0);
      shown.set(pair[index] ?? -1, { placed, line: line < 0 ? (placed.line ?? 0) : line });
    });
  }
  const rows = difference.changes.flatMap((change, index): DiffRow[] => {
    const row = shown.get(present[index] ?? -1);
    if (row === undefined) return [];
    const { file, recordedFile, function: name } = row.placed;
    return [{ file, recordedFile, line: row.line > 0 ? row.line : null, function: name, ...change }];
  });
  return {
    measure: difference.measure,
    untold: difference.untold,
    rows: rows.toSorted((a, b) => Number(isChanged(b)) - Number(isChanged(a)) || Math.abs(b.change) - Math.abs(a.change)),
    total: difference.measure === "share" ? undefined : total.changes[0],
    base: baseBlocks,
    next: nextBlocks,
    unclear,
  };
}

export function isChanged({ verdict }: Change): boolean {
  return verdict === "more" || verdict === "less";
}

async function sideRows({ recording, selection }: DiffSide, { by, folder }: DiffWish): Promise<SideRow[]> {
  const places = new Places(recording, folder);
  const { lines } = recording.frames;
  if (by === "line") {
    const costs = lineCosts(recording, selection);
    return Promise.all(
      Array.from(costs.line, async (line, index): Promise<SideRow> => {
        const subject = costs.function[index] ?? 0;
        const placed = await functionRow(recording, places, { subject, line, self: 0, total: 0 });
        return { placed, lines: [lines.find(subject, line)] };
      }),
    );
  }
  const lineOf = functionLines(recording, selection);
  const linesOf: number[][] = Array.from({ length: recording.functions.length }, () => []);
  lines.first.view().forEach((fn, row) => linesOf[fn]?.push(row));
  const { total } = functionCosts(recording, selection);
  const subjects = Array.from(linesOf.keys()).filter((fn) => (total[fn] ?? 0) > 0);
  return Promise.all(
    subjects.map(async (subject): Promise<SideRow> => {
      const placed = await functionRow(recording, places, { subject, line: lineOf(subject), self: 0, total: 0 });
      return { placed, lines: linesOf[subject] ?? [] };
    }),
  );
}

/** What rows are known by. A line of the base that was rewritten has a negative number, which no line of the newer text has. */
async function matchedRows(base: DiffSide, next: DiffSide, old: readonly SideRow[], now: readonly SideRow[], { by }: DiffWish) {
  const unclear = new Set<string>();
  const plain = ({ placed }: SideRow): MatchedRow => ({ name: placed.function, file: fileOf(placed), line: 0 });
  if (by === "function") return { keysOfBase: old.map(plain), keysOfNext: now.map(plain), unclear: [] };
  const newFiles = new Set(now.map(({ placed }) => fileOf(placed)));
  const carries = new Map<string, ReturnType<typeof linesBetween>>();
  for (const file of new Set(old.map(({ placed }) => fileOf(placed)))) {
    const other = newFiles.has(file) ? file : ([...newFiles].find((each) => baseName(each) === baseName(file)) ?? file);
    const carry = linesBetween(await base.texts.of(file), await next.texts.of(other));
    carries.set(file, carry);
    if (carry === undefined && newFiles.has(other)) unclear.add(file).add(other);
  }
  const keysOfBase = old.map((row): MatchedRow => {
    const key = plain(row);
    const line = row.placed.line ?? 0;
    return unclear.has(key.file) || line === 0 ? key : { ...key, line: carries.get(key.file)?.(line) ?? -line };
  });
  const keysOfNext = now.map((row): MatchedRow => {
    const key = plain(row);
    return unclear.has(key.file) ? key : { ...key, line: row.placed.line ?? 0 };
  });
  return { keysOfBase, keysOfNext, unclear: [...unclear] };
}

function fileOf({ file, recordedFile }: PlacedRow): string {
  return file ?? recordedFile;
}

/** Cost of each pair by block. */
function pairCells(
  { recording, selection }: DiffSide,
  blocks: TimeBlocks,
  rows: readonly SideRow[],
  pairOf: Int32Array,
  pairs: number,
  { cost, native }: DiffWish,
): Float64Array[] {
  // One more for lines without cost.
  const keyOfLine = new Int32Array(recording.frames.lines.length).fill(pairs);
  rows.forEach(({ lines }, index) => {
    for (const line of lines) keyOfLine[line] = pairOf[index] ?? pairs;
  });
  const carriers = native ? undefined : foldingCarriers(recording, selection.event);
  return cellsOf(blocks, pairs, (block) => keyCosts(recording, block, keyOfLine, pairs + 1, carriers)[cost]);
}

function hasCost(cells: Float64Array | undefined): boolean {
  return cells?.some((value) => value > 0) === true;
}
