import { toBase64 } from "../profile/base64.js";
import { forEachSelected } from "../profile/selection.js";
import { mergeThreads } from "../profile/workers.js";
import { isCellPath } from "../source/notebook-cells.js";
import { waitSums } from "../profile/wait-sums.js";
import { EVENT_UNITS, WAIT_CLASSES } from "../protocol/events.js";
import type { Selection, SourceLocation } from "../protocol/queries.js";
import type { TableColumns, TableKind } from "../protocol/tables.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { locateFunction } from "./locate-function.js";
import type { View } from "./view.js";
import type { Workspace } from "./workspace.js";

/** A row in words; see {@link TableColumns}. */
interface Thing {
  readonly name: string;
  readonly place?: string;
  readonly line?: number;
  readonly function: number;
}

/** What a table has, by index. */
export interface Things {
  readonly self: Float64Array;
  readonly total: Float64Array;
  readonly describe: (id: number) => Thing;
}

/** A row to be encoded. */
export interface TableRow extends Thing {
  readonly id: number;
  readonly self: number;
  readonly total: number;
}

/**
 * All rows of a table with a cost in the selection; null when the selection has no samples. Self is bare, as in the flame graph: that of the
 * innermost function, line, file or module of each sample.
 */
export async function tableColumns(loaded: LoadedRecording, kind: TableKind, selection: Selection): Promise<TableColumns | null> {
  const view = await loaded.view(selection);
  if (view.samples === 0) return null;
  const { self, total, describe } = thingsOf(kind, loaded, view);
  const ids = Array.from(total.keys()).filter((id) => (total[id] ?? 0) > 0 || (self[id] ?? 0) > 0);
  return encodeTable(
    view,
    kind,
    ids.map((id) => ({ ...describe(id), id, self: self[id] ?? 0, total: total[id] ?? 0 })),
  );
}

/** What a table lists of a view, or of a part of it; ids are the same for all parts. */
export function thingsOf(kind: TableKind, loaded: LoadedRecording, view: View): Things {
  return THINGS[kind](loaded, view);
}

export function encodeTable(view: View, kind: TableKind, rows: readonly TableRow[]): TableColumns {
  const texts: string[] = [];
  const known = new Map<string, number>();
  const textOf = (text: string): number => {
    const index = known.get(text) ?? texts.push(text) - 1;
    known.set(text, index);
    return index;
  };
  const column = (value: (row: TableRow) => number): string => toBase64(Int32Array.from(rows, value));
  return {
    kind,
    event: view.selection.event,
    unit: EVENT_UNITS[view.selection.event],
    total: view.sum,
    durationNs: view.durationNs,
    leftOut: view.leftOut,
    rows: rows.length,
    texts,
    id: column((row) => row.id),
    function: column((row) => row.function),
    name: column((row) => textOf(row.name)),
    place: column((row) => textOf(row.place ?? "")),
    line: column((row) => row.line ?? 0),
    selfOf: toBase64(Float64Array.from(rows, ({ self }) => self)),
    totalOf: toBase64(Float64Array.from(rows, ({ total }) => total)),
  };
}

/** Where a row is on this machine: a line itself, of all others what costs most in them. Null where no source is here. */
export async function locateRow(
  workspace: Workspace,
  loaded: LoadedRecording,
  kind: TableKind,
  id: number,
  selection: Selection,
): Promise<SourceLocation | null> {
  // What only the baseline has is nowhere.
  if (id < 0) return null;
  const view = await loaded.view(selection);
  if (kind === "lines") {
    const file = loaded.places.shownPaths[id < loaded.places.lines ? loaded.places.linePath.at(id) : -1];
    return file === undefined || isCellPath(file) ? null : { file, line: Math.max(1, loaded.places.lineNumber.at(id)) };
  }
  const { self, describe } = THINGS[kind](loaded, view);
  return id < self.length ? locateFunction(workspace, loaded, describe(id).function, selection) : null;
}

const THINGS: Readonly<Record<TableKind, (loaded: LoadedRecording, view: View) => Things>> = {
  functions: (loaded, view) => ({
    ...view.functions(),
    describe: (fn) => {
      const { functions } = loaded.recording;
      const place = loaded.places.shownPaths[loaded.places.pathOfFunction(fn)] ?? (functions.fileOf(fn) || functions.moduleOf(fn));
      return { name: functions.labelOf(fn), place, line: functions.lineOf(fn) || loaded.hottestLine(view, fn), function: fn };
    },
  }),
  lines: (loaded, view) => ({
    ...view.lines(),
    describe: (id) => {
      const { places, recording } = loaded;
      const fn = places.lineFunction.at(id);
      const name = places.shownPaths[places.linePath.at(id)] ?? (recording.functions.fileOf(fn) || "(no file)");
      return { name, place: recording.functions.labelOf(fn), line: places.lineNumber.at(id), function: fn };
    },
  }),
  files: (loaded, view) => {
    const { places, recording } = loaded;
    const names = new Names();
    const fileOf = Int32Array.from({ length: places.lines }, (_, line) =>
      names.index(places.shownPaths[places.linePath.at(line)] ?? recording.functions.fileOf(places.lineFunction.at(line))),
    );
    const groups = Array.from({ length: places.contexts }, (_, context) => places.linesOf(context).map((line) => fileOf[line] ?? -1));
    const ofFunction = (fn: number) => names.find(places.shownPaths[places.pathOfFunction(fn)] ?? recording.functions.fileOf(fn));
    return grouped(view, names, (context) => groups[context] ?? new Int32Array(0), ofFunction, recording.functions.length);
  },
  modules: (loaded, view) => {
    const { places, recording } = loaded;
    const { functions } = recording;
    const names = new Names();
    const ofFunction = Int32Array.from({ length: functions.length }, (_, fn) =>
      names.index(functions.moduleOf(fn) || `[${functions.languageOf(fn)}]`),
    );
    const groups = Int32Array.from({ length: places.positions }, (_, position) => ofFunction[places.functionOf(position)] ?? -1);
    return grouped(
      view,
      names,
      () => groups,
      (fn) => ofFunction[fn] ?? -1,
      functions.length,
    );
  },
  threads: ({ recording }, { selection }) => {
    const sums = new Float64Array(recording.threadRows.length);
    const { thread, value } = recording.samples;
    const seen = new Set<number>();
    forEachSelected(recording, selection, (row) => {
      seen.add(thread.at(row));
      sums[thread.at(row)] = (sums[thread.at(row)] ?? 0) + value.at(row);
    });
    const merged = selection.mergeWorkers === true ? mergeThreads(recording, (id) => seen.has(id)) : undefined;
    merged?.first.forEach((to, id) => {
      if (to === id) return;
      sums[to] = (sums[to] ?? 0) + (sums[id] ?? 0);
      sums[id] = 0;
    });
    return {
      self: sums,
      total: sums,
      describe: (id) => {
        const { name = "", tid = 0, process = -1 } = recording.threadRows[id] ?? {};
        const { name: program = "", pid = 0 } = recording.processRows[process] ?? {};
        const [threads = 1, workers = 1] = [merged?.threads[id], merged?.workers[id]];
        return {
          name: `${name || "thread"} (${threads > 1 ? `${threads} threads` : tid})`,
          place: `${program || "process"} (${workers > 1 ? `${workers} workers merged` : pid})`,
          function: -1,
        };
      },
    };
  },
  waits: ({ recording }, { selection }) => {
    const sums = new Float64Array(WAIT_CLASSES.length);
    for (const { waits, total } of waitSums(recording, selection)) sums[WAIT_CLASSES.indexOf(waits)] = total;
    return { self: sums, total: sums, describe: (id) => ({ name: WAIT_CLASSES[id] ?? "", function: -1 }) };
  },
};

/** Texts by number; "" has none. */
class Names {
  readonly texts: string[] = [];
  readonly #known = new Map<string, number>();

  index(text: string): number {
    if (text === "") return -1;
    const index = this.#known.get(text) ?? this.texts.push(text) - 1;
    this.#known.set(text, index);
    return index;
  }

  find(text: string): number {
    return this.#known.get(text) ?? -1;
  }
}

/** Sums by groups of positions that have names; a group's function is the one with the highest self cost in it. */
function grouped(
  view: View,
  names: Names,
  groupOf: (context: number) => Int32Array,
  groupOfFunction: (fn: number) => number,
  functions: number,
): Things {
  const best = new Int32Array(names.texts.length).fill(-1);
  const { self, total } = view.functions();
  for (let fn = 0; fn < functions; fn++) {
    const group = groupOfFunction(fn);
    const known = best[group] ?? -1;
    const more = (self[fn] ?? 0) - (self[known] ?? 0) || (total[fn] ?? 0) - (total[known] ?? 0);
    if (group >= 0 && (total[fn] ?? 0) > 0 && (known < 0 || more > 0)) best[group] = fn;
  }
  return { ...view.sumBy(best.length, groupOf), describe: (id) => ({ name: names.texts[id] ?? "", function: best[id] ?? -1 }) };
}
