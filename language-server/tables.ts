import { waitSums } from "../profile/wait-sums.js";
import type { FunctionRow, LineRow, Selection, TableScope, WaitRow } from "../protocol/queries.js";
import type { Baseline } from "./baseline.js";
import { comparedFunctions } from "./compared-table.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { mostlyAt, mostlyMember } from "./mostly.js";
import { shownFunctions, shownLines } from "./own-cost.js";
import type { View } from "./view.js";

interface TableRequest {
  readonly limit: number;
  readonly mineOnly: boolean;
  readonly selection?: Selection;
}

/** The hottest functions by self cost, then by total. `total` is the selection's sum. */
export async function hottestFunctions(
  loaded: LoadedRecording,
  selection: Selection,
  request: TableRequest,
  baseline?: Baseline,
): Promise<TableScope & { rows: FunctionRow[] }> {
  const view = await loaded.view(request.selection ?? selection);
  if (baseline !== undefined) {
    return { ...scopeOf(view), ...(await comparedFunctions(loaded, baseline, view.selection, request)) };
  }
  const sums = request.mineOnly ? shownFunctions(loaded, view) : view.functions();
  const { self, total } = sums;
  const functions = hottest(self, total, request.limit, (fn) => !request.mineOnly || loaded.owner(fn) === "mine");
  return { rows: functions.map((fn) => loaded.functionRow(view, fn, sums)), ...scopeOf(view) };
}

/** What is waited for, the longest first. */
export async function waitTotals(loaded: LoadedRecording, selection: Selection): Promise<TableScope & { rows: WaitRow[] }> {
  const view = await loaded.view(selection);
  return { rows: waitSums(loaded.recording, selection), ...scopeOf(view) };
}

function scopeOf(view: View): TableScope {
  const { range } = view;
  return {
    event: view.selection.event,
    total: view.sum,
    durationNs: view.durationNs,
    leftOut: view.leftOut,
    ...(range === "" ? {} : { range }),
  };
}

/** The hottest lines, as they are in the text that ran, by self cost, then by total. */
export async function hottestLines(
  loaded: LoadedRecording,
  selection: Selection,
  request: TableRequest,
): Promise<TableScope & { rows: LineRow[] }> {
  const view = await loaded.view(request.selection ?? selection);
  const { places, recording } = loaded;
  const { self, total } = request.mineOnly ? shownLines(loaded, view) : view.lines();
  const ids = hottest(self, total, request.limit, (id) => !request.mineOnly || loaded.owner(places.lineFunction.at(id)) === "mine");
  const rows = ids.map((id): LineRow => {
    const fn = places.lineFunction.at(id);
    const line = places.lineNumber.at(id);
    return {
      file: places.shownPaths[places.linePath.at(id)] ?? null,
      line: line > 0 ? line : null,
      functionName: recording.functions.labelOf(fn),
      language: recording.functions.languageOf(fn),
      owner: loaded.owner(fn),
      self: self[id] ?? 0,
      total: total[id] ?? 0,
      ...mostlyMember(mostlyAt(view, "lines", (one) => one.lines(), id)),
    };
  });
  return { rows, ...scopeOf(view) };
}

/** The hottest function for the status bar: of the user's own code where it has any, by self cost. */
export function hottestFunction(loaded: LoadedRecording, view: View): FunctionRow | null {
  const sums = shownFunctions(loaded, view);
  const { self, total } = sums;
  const [mine] = hottest(self, total, 1, (fn) => loaded.owner(fn) === "mine" && (self[fn] ?? 0) > 0);
  const [any] = mine === undefined ? hottest(self, total, 1, () => true) : [mine];
  return any === undefined ? null : loaded.functionRow(view, any, sums);
}

/** Indices with cost, by falling self and then total cost. */
function hottest(self: Float64Array, total: Float64Array, limit: number, wanted: (index: number) => boolean): number[] {
  const found: number[] = [];
  total.forEach((cost, index) => {
    if (cost > 0 && wanted(index)) {
      found.push(index);
    }
  });
  found.sort((a, b) => (self[b] ?? 0) - (self[a] ?? 0) || (total[b] ?? 0) - (total[a] ?? 0) || a - b);
  return found.slice(0, Math.max(0, limit));
}
