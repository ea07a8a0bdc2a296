import { toBase64 } from "../profile/base64.js";
import { type Change, compareRows, type Difference } from "../profile/difference.js";
import { type Selection, VERDICTS } from "../protocol/queries.js";
import type { ChangeColumns, TableColumns, TableKind } from "../protocol/tables.js";
import { carryLines } from "../source/carry.js";
import { type MatchedRow, matchRows, type RowPairs } from "../source/match-rows.js";
import { type Baseline, baselineSelection } from "./baseline.js";
import { carryRewritten, type CarryLine } from "./carry-rewritten.js";
import { blockViews } from "./document-difference.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { encodeTable, type TableRow, type Things, thingsOf } from "./table-columns.js";
import type { View } from "./view.js";

interface Side {
  readonly loaded: LoadedRecording;
  readonly view: View;
  readonly things: Things;
}

/** A table with each row's cost in the baseline, and whether the change is more than noise; null where neither side has samples. */
export async function comparedColumns(
  loaded: LoadedRecording,
  baseline: Baseline,
  kind: TableKind,
  selection: Selection,
): Promise<TableColumns | null> {
  const sideOf = async (one: LoadedRecording, part: Selection): Promise<Side> => {
    const view = await one.view(part);
    return { loaded: one, view, things: thingsOf(kind, one, view) };
  };
  const base = await sideOf(baseline.loaded, baselineSelection(baseline, loaded.recording, selection));
  const next = await sideOf(loaded, selection);
  if (base.view.samples === 0 && next.view.samples === 0) return null;
  const pairs = await pairsOf(kind, base, next);
  const present = new Map<number, TableRow>();
  // What both have is described as it is now.
  addRows(present, next, pairs.next, (id) => id, 1);
  addRows(present, base, pairs.base, (_, pair) => -2 - pair, 0);
  const rows = kind === "threads" && base.loaded !== next.loaded ? [...present.values()].map(withoutIds) : [...present.values()];
  const order = [...present.keys()];
  const [before, after] = [cellsOf(kind, base, pairs.base, pairs.pairs), cellsOf(kind, next, pairs.next, pairs.pairs)];
  const difference = (of: "self" | "total"): Difference =>
    compareRows(
      before.blocks,
      after.blocks,
      order.map((pair) => ({ base: before[of][pair], next: after[of][pair] })),
      "second",
      "found",
    );
  const total = difference("total");
  return {
    ...encodeTable(next.view, kind, rows),
    difference: {
      measure: total.measure === "share" ? "share" : "second",
      untold: total.untold ?? null,
      self: encode(difference("self").changes),
      total: encode(total.changes),
    },
  };
}

/** Sums up what is one pair; `scale` is 0 for rows that only the baseline has. */
function addRows(
  present: Map<number, TableRow>,
  { things }: Side,
  pairOf: Int32Array,
  idOf: (id: number, pair: number) => number,
  scale: 0 | 1,
): void {
  const { self, total, describe } = things;
  total.forEach((cost, id) => {
    const own = self[id] ?? 0;
    const pair = pairOf[id] ?? -1;
    if (pair < 0 || !(cost > 0 || own > 0)) return;
    const known = present.get(pair);
    if (known !== undefined) {
      if (scale === 1) present.set(pair, { ...known, self: known.self + own, total: known.total + cost });
      return;
    }
    const thing = describe(id);
    present.set(pair, {
      ...thing,
      function: scale === 1 ? thing.function : -1,
      id: idOf(id, pair),
      self: own * scale,
      total: cost * scale,
    });
  });
}

/** Costs by pair and block of time. */
function cellsOf(kind: TableKind, { loaded, view }: Side, pairOf: Int32Array, pairs: number) {
  const { blocks, views } = blockViews({ loaded, view });
  const empty = (): (Float64Array | undefined)[] => Array.from({ length: pairs });
  const cells = { self: empty(), total: empty() };
  views.forEach((part, block) => {
    const things = thingsOf(kind, loaded, part);
    for (const of of ["self", "total"] as const) {
      things[of].forEach((cost, id) => {
        const pair = pairOf[id] ?? -1;
        if (cost === 0 || pair < 0) return;
        const row = (cells[of][pair] ??= new Float64Array(views.length));
        row[block] = (row[block] ?? 0) + cost;
      });
    }
  });
  return { blocks, ...cells };
}

async function pairsOf(kind: TableKind, base: Side, next: Side): Promise<RowPairs> {
  const rowsOf = (side: Side, lineOf: (id: number) => number): MatchedRow[] =>
    Array.from({ length: side.things.total.length }, (_, id) => matched(kind, side, id, lineOf));
  if (base.loaded === next.loaded) {
    const same = Int32Array.from({ length: next.things.total.length }, (_, id) => id);
    return { base: same, next: same, pairs: same.length };
  }
  const { places } = next.loaded;
  const carried = kind === "lines" ? await carriedLines(base.loaded, next.loaded) : undefined;
  return matchRows(
    rowsOf(base, (id) => carried?.(id) ?? 0),
    rowsOf(next, (id) => (kind === "lines" ? places.lineNumber.at(id) : 0)),
  );
}

/** What is the same in another recording: numbers of threads and lines of functions are not. */
function matched(kind: TableKind, { things, loaded }: Side, id: number, lineOf: (id: number) => number): MatchedRow {
  const { name, place = "" } = kind === "threads" ? withoutIds(things.describe(id)) : things.describe(id);
  // Several functions may have samples of one line of a file, and any of them its first.
  if (kind === "lines") return { name: loaded.places.linePath.at(id) < 0 ? place : "", file: name, line: lineOf(id) };
  return { name: kind === "files" || kind === "modules" ? "" : name, file: kind === "files" || kind === "modules" ? name : place, line: 0 };
}

function withoutIds<T extends { readonly name: string; readonly place?: string }>(row: T): T {
  const bare = (text: string): string => text.replace(/ \(\d+\)$/, "");
  return { ...row, name: bare(row.name), ...(row.place === undefined ? {} : { place: bare(row.place) }) };
}

/** Where the baseline's lines are in the texts of the newer recording; a line that is gone has a number below zero, which no other has. */
async function carriedLines(base: LoadedRecording, next: LoadedRecording): Promise<(id: number) => number> {
  const carries = new Map<number, CarryLine>();
  for (const [path, real] of base.places.realPaths.entries()) {
    if (next.places.pathIndex(real) < 0) continue;
    const [before, after] = [await base.texts.get(real), await next.texts.get(real)];
    if (before === undefined || after === undefined || before.text === after.text) continue;
    carries.set(path, carryLines(before.text, after.text));
  }
  return (id) => {
    const line = base.places.lineNumber.at(id);
    const carry = carries.get(base.places.linePath.at(id));
    return carry === undefined || line === 0 ? line : (carryRewritten(carry, line) ?? -line);
  };
}

function encode(changes: readonly Change[]): ChangeColumns {
  const column = (of: (change: Change) => number | null): string =>
    toBase64(Float64Array.from(changes, (change) => of(change) ?? Number.NaN));
  return {
    base: column(({ base }) => base),
    next: column(({ next }) => next),
    low: column(({ low }) => low),
    high: column(({ high }) => high),
    verdict: toBase64(Int32Array.from(changes, ({ verdict }) => VERDICTS.indexOf(verdict))),
  };
}
