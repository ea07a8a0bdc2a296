import { type Change, compareRows, type Measure } from "../profile/difference.js";
import { timeBlocks, type TimeBlocks } from "../profile/time-blocks.js";
import { untoldWords } from "../profile/verdict-words.js";
import type { Recording } from "../profile/recording.js";
import type { LineChange, Untold } from "../protocol/queries.js";
import type { DocumentFunction } from "./document-functions.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { View } from "./view.js";
import { quantity } from "./wording.js";
import { EVENT_UNITS, type EventName } from "../protocol/events.js";

/** A document's total costs against the baseline: what is judged together are its lines, and its functions. */
export interface DocumentDifference {
  /** The baseline's name. */
  readonly name: string;
  readonly measure: Measure;
  readonly untold: Untold | undefined;
  /** By line of the document as it is now, 1-based. */
  readonly lines: ReadonlyMap<number, Change>;
  /** By {@link DocumentFunction.key}. */
  readonly functions: ReadonlyMap<string, Change>;
}

/** What one side says of a document. */
export interface DocumentSide {
  readonly loaded: LoadedRecording;
  readonly view: View;
  /** Line ids of the file with the line (1-based) where each is in the document as it is now. */
  readonly lines: readonly { readonly id: number; readonly line: number }[];
  readonly functions: (part: View) => Promise<readonly DocumentFunction[]>;
}

export async function documentDifference(base: DocumentSide, next: DocumentSide): Promise<Omit<DocumentDifference, "name">> {
  const [before, after] = [blockViews(base), blockViews(next)];
  const lines = compareMaps(before.blocks, after.blocks, lineCells(base, before.views), lineCells(next, after.views));
  const functions = compareMaps(
    before.blocks,
    after.blocks,
    await functionCells(base, before.views),
    await functionCells(next, after.views),
  );
  return { measure: lines.measure, untold: lines.untold, lines: lines.changes, functions: functions.changes };
}

/** The view of each block of time; computed once a view. */
export function blockViews({ loaded, view }: Pick<DocumentSide, "loaded" | "view">): {
  readonly blocks: TimeBlocks;
  readonly views: readonly View[];
} {
  return view.once("blocks of time", () => {
    const recording: Recording = loaded.recording;
    const blocks = timeBlocks(recording, view.selection);
    return { blocks, views: blocks.selections.map((selection) => new View(recording, loaded.places, selection)) };
  });
}

function lineCells({ lines }: DocumentSide, views: readonly View[]): Map<number, Float64Array> {
  const cells = new Map<number, Float64Array>();
  views.forEach((view, block) => {
    const { total } = view.lines();
    for (const { id, line } of lines) add(cells, line, views.length, block, total[id] ?? 0);
  });
  return cells;
}

async function functionCells({ functions }: DocumentSide, views: readonly View[]): Promise<Map<string, Float64Array>> {
  const cells = new Map<string, Float64Array>();
  for (const [block, view] of views.entries()) {
    for (const { key, total } of await functions(view)) add(cells, key, views.length, block, total);
  }
  return cells;
}

function add<K>(cells: Map<K, Float64Array>, key: K, blocks: number, block: number, value: number): void {
  const row = cells.get(key) ?? new Float64Array(blocks);
  row[block] = (row[block] ?? 0) + value;
  cells.set(key, row);
}

function compareMaps<K>(before: TimeBlocks, after: TimeBlocks, base: ReadonlyMap<K, Float64Array>, next: ReadonlyMap<K, Float64Array>) {
  const keys = [...new Set([...base.keys(), ...next.keys()])];
  const rows = keys.map((key) => ({ base: base.get(key), next: next.get(key) }));
  const { changes, ...rest } = compareRows(before, after, rows, "second");
  return { ...rest, changes: new Map(keys.flatMap((key, index) => (changes[index] === undefined ? [] : [[key, changes[index]]]))) };
}

export function lineChange({ base, next, relative, verdict }: Change): LineChange {
  return { base, next, relative, verdict };
}

/** For a lens: "▲ +25 % (+8 % to +43 %) since “before”"; empty where there are too few samples to say anything. */
export function lensChange({ name, untold }: DocumentDifference, change: Change | undefined): string {
  if (change === undefined || change.verdict === "few") return "";
  const since = `since “${name}”`;
  switch (change.verdict) {
    case "noise":
      return `no more than noise ${since}`;
    case "untold":
      return `${signed(change.relative)} ${since}, ${untoldWords(untold)}`;
    case "more":
    case "less":
      return `${change.verdict === "more" ? "▲" : "▼"} ${signed(change.relative)}${ends(change)} ${since}`;
  }
}

/** For a hover: what it was and is, and whether that is noise. */
export function hoverChange({ name, measure, untold }: DocumentDifference, change: Change, event: EventName): string {
  const value = (measured: number): string =>
    measure === "share" ? `${(100 * measured).toFixed(1)} %` : `${quantity(measured, EVENT_UNITS[event])}/s`;
  const words = {
    more: "more than noise",
    less: "more than noise",
    noise: "no more than noise",
    few: "too few samples to judge",
    untold: untoldWords(untold),
  };
  // Of so many lines some have such an interval without any change.
  const chance = change.verdict === "noise" && ((change.low ?? 0) > 0 || (change.high ?? 0) < 0);
  return `Since “${name}”: ${value(change.base)} → ${value(change.next)}, ${signed(change.relative)}${ends(change)}: ${chance ? "may be chance, as one of many lines" : words[change.verdict]}`;
}

function ends({ relativeLow, relativeHigh }: Change): string {
  return relativeLow === null || relativeHigh === null ? "" : ` (${signed(relativeLow)} to ${signed(relativeHigh)})`;
}

/** "+25 %", "−3.0 %", "×12"; "new" where there was nothing before. */
function signed(relative: number | null): string {
  if (relative === null) return "new";
  if (relative >= 9.995) return `×${Math.round(relative + 1).toLocaleString("en")}`;
  const value = 100 * Math.abs(relative);
  return `${relative < 0 ? "−" : "+"}${value >= 9.95 ? Math.round(value) : value.toFixed(1)} %`;
}
