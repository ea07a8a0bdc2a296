import { definitionLine } from "../source/definition-line.js";
import type { WaitClass } from "../protocol/events.js";
import { functionOfFrame } from "../source/find-function.js";
import type { Outline, OutlineFunction } from "../source/outline.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { mostlyAt, mostlyMember } from "./mostly.js";
import { shownSelf } from "./own-cost.js";
import type { View } from "./view.js";
import type { Workspace } from "./workspace.js";

/** A function of a document that has samples, as it was in the text that ran. */
export interface DocumentFunction {
  /** Tells functions of a file apart, also across recordings and edits: the qualified name and its ordinal. */
  readonly key: string;
  readonly name: string;
  /** 1-based line of the name in the text that ran. */
  readonly nameLine: number;
  /** In the event's unit; recursion and several recorded names of the same source function count once. */
  readonly self: number;
  readonly total: number;
  /** Of `off_cpu`: what most of `total` waits for. */
  readonly mostly?: WaitClass;
  /** The recorded function with the highest total among those that lie here. */
  readonly function: number;
}

/** The functions of a file with cost in a view. `text` is the text that ran. */
export async function documentFunctions(
  workspace: Workspace,
  loaded: LoadedRecording,
  view: View,
  path: number,
  text: string,
): Promise<readonly DocumentFunction[]> {
  return view.once(`functions of ${path}`, async () => {
    const outline = await workspace.outline(loaded.places.realPaths[path] ?? "", text);
    return outline === undefined ? recordedFunctions(loaded, view, path, text) : outlinedFunctions(loaded, view, path, outline);
  });
}

function outlinedFunctions(loaded: LoadedRecording, view: View, path: number, outline: Outline): DocumentFunction[] {
  const { places } = loaded;
  const functions = namedFunctions(outline);
  const grouped = groupPositions(loaded, path, functions);
  const groupOf = (context: number): Int32Array => {
    const lineOf = places.linesOf(context);
    const pathOf = places.linePath.view();
    return grouped.map((group, position) => (group >= 0 && pathOf[lineOf[position] ?? -1] === path ? group : -1));
  };
  const sums = view.sumBy(functions.length, groupOf);
  const self = shownSelf(loaded, view, path, sums, groupOf);
  const best = bestFunctions(loaded, view, functions.length, grouped);
  const keys = functionKeys(functions);
  return functions
    .map(({ name, nameLine }, index) => ({
      key: keys[index] ?? name,
      name,
      nameLine,
      self: self[index] ?? 0,
      total: sums.total[index] ?? 0,
      ...mostlyMember(mostlyAt(view, `functions of ${path}`, (one) => one.sumBy(functions.length, groupOf), index)),
      function: best[index] ?? -1,
    }))
    .filter(({ total }) => total > 0);
}

/** Without a grammar: by recorded function, at its first line as recorded or where the text defines that name. */
function recordedFunctions(loaded: LoadedRecording, view: View, path: number, text: string): DocumentFunction[] {
  const { places, recording } = loaded;
  const { functions } = recording;
  const firstLines = new Map<number, number>();
  for (let id = 0; id < places.lines; id++) {
    const line = places.lineNumber.at(id);
    if (places.linePath.at(id) === path && line > 0) {
      const fn = places.lineFunction.at(id);
      firstLines.set(fn, Math.min(line, firstLines.get(fn) ?? line));
    }
  }
  const found = Array.from(firstLines, ([fn, line]) => {
    const recorded = functions.lineOf(fn);
    return { fn, nameLine: recorded > 0 ? recorded : definitionLine(text, functions.nameOf(fn), functions.languageOf(fn), line) };
  }).filter((each): each is { fn: number; nameLine: number } => each.nameLine !== undefined);
  const groupOfFunction = new Map(found.map(({ fn }, group) => [fn, group]));
  const groupOfPosition = new Int32Array(places.positions).map((_, position) => groupOfFunction.get(places.functionOf(position)) ?? -1);
  const sums = view.sumBy(found.length, () => groupOfPosition);
  const self = shownSelf(loaded, view, path, sums, () => groupOfPosition);
  return found
    .map(({ fn, nameLine }, group) => ({
      key: functions.nameOf(fn),
      name: functions.labelOf(fn),
      nameLine,
      self: self[group] ?? 0,
      total: sums.total[group] ?? 0,
      ...mostlyMember(mostlyAt(view, `functions of ${path}`, (one) => one.sumBy(groupOfFunction.size, () => groupOfPosition), group)),
      function: fn,
    }))
    .filter(({ total }) => total > 0);
}

/**
 * Functions that a reader has a name for. The cost of a nameless closure, or of one within a line of another function, is that of the
 * function around it.
 */
export function namedFunctions(outline: Outline): readonly OutlineFunction[] {
  const known = named.get(outline);
  if (known !== undefined) {
    return known;
  }
  const { functions } = outline;
  const around = (line: number): boolean =>
    functions.some(({ startLine, endLine }) => startLine < endLine && startLine <= line && line <= endLine);
  const found = functions.filter(
    ({ name, anonymous, startLine, endLine }) => name !== "" && !(anonymous && startLine === endLine && around(startLine)),
  );
  named.set(outline, found);
  return found;
}

/** The outliner answers the same outline for the same text. */
const named = new WeakMap<Outline, readonly OutlineFunction[]>();

/** The qualified name, with an ordinal for overloads. */
export function functionKeys(functions: readonly OutlineFunction[]): string[] {
  const seen = new Map<string, number>();
  return functions.map(({ qualifiedName }) => {
    const ordinal = seen.get(qualifiedName) ?? 0;
    seen.set(qualifiedName, ordinal + 1);
    return ordinal === 0 ? qualifiedName : `${qualifiedName}#${ordinal + 1}`;
  });
}

/** Of each position that lies in the file: the index of its function in the text that ran, else -1. */
function groupPositions(loaded: LoadedRecording, path: number, functions: readonly OutlineFunction[]): Int32Array {
  const { places, recording } = loaded;
  const outline = { functions, loops: [] };
  const indices = new Map(functions.map((fn, index) => [fn, index]));
  const kept = loaded.functionOfPosition(path);
  const groups = new Int32Array(places.positions).fill(-1);
  for (let context = 0; context < places.contexts; context++) {
    const pathOf = places.linePath.view();
    places.linesOf(context).forEach((id, position) => {
      if (pathOf[id] !== path) {
        return;
      }
      const fn = places.functionOf(position);
      const key = fn * 2 ** 32 + places.lineNumber.at(id);
      let group = kept.get(key);
      if (group === undefined) {
        const frame = {
          line: places.lineNumber.at(id),
          column: 0,
          functionName: recording.functions.nameOf(fn),
          language: recording.functions.languageOf(fn),
        };
        const found = functionOfFrame(outline, frame);
        group = found === undefined ? -1 : (indices.get(found) ?? -1);
        kept.set(key, group);
      }
      groups[position] = group;
    });
  }
  return groups;
}

/** Of each group the recorded function with the highest total. */
function bestFunctions(loaded: LoadedRecording, view: View, groups: number, groupOfPosition: Int32Array): Int32Array {
  const { total } = view.functions();
  const best = new Int32Array(groups).fill(-1);
  groupOfPosition.forEach((group, position) => {
    if (group >= 0) {
      const fn = loaded.places.functionOf(position);
      if (best[group] === -1 || (total[fn] ?? 0) > (total[best[group] ?? 0] ?? 0)) {
        best[group] = fn;
      }
    }
  });
  return best;
}
