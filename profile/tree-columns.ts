import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import type { CodeOwner, TreeColumns } from "../protocol/queries.js";
import { toBase64 } from "./base64.js";
import type { RecordingTables } from "./tables.js";
import type { CallTree } from "./tree.js";

/** A tree as it crosses to the webview, with only the functions that it has; `ownerOf` says whose code each is, `leftOut` what was left out. */
export function treeColumns(
  recording: RecordingTables,
  tree: CallTree,
  event: EventName,
  ownerOf: (functionIndex: number) => CodeOwner,
  leftOut = 0,
): TreeColumns {
  const rowOf = new Int32Array(recording.functions.length).fill(-1);
  const ids: number[] = [];
  const rows = tree.function.map((fn) => {
    if (fn < 0) return -1;
    if (rowOf[fn] === -1) rowOf[fn] = ids.push(fn) - 1;
    return rowOf[fn] ?? -1;
  });
  const physical = physicalFunctions(recording);
  return {
    nodes: tree.nodes,
    maxDepth: tree.maxDepth,
    total: tree.total,
    event,
    unit: EVENT_UNITS[event],
    samples: tree.samples,
    leftOut,
    folded: tree.folded,
    foldedValue: tree.foldedValue,
    function: toBase64(rows),
    end: toBase64(tree.end),
    depth: toBase64(tree.depth),
    self: toBase64(tree.self),
    value: toBase64(tree.value),
    functions: functionColumns(ids.map((fn) => ({ tables: recording, fn, id: fn, owner: ownerOf(fn), inlined: physical[fn] !== 1 }))),
  };
}

/** A function of a tree, in the recording that it is described by; `id` is -1 where the current recording does not have it. */
export interface TreeFunction {
  readonly tables: RecordingTables;
  readonly fn: number;
  readonly id: number;
  readonly owner: CodeOwner;
  readonly inlined: boolean;
}

export function functionColumns(rows: readonly TreeFunction[]): TreeColumns["functions"] {
  return {
    name: rows.map(({ tables, fn }) => tables.functions.labelOf(fn)),
    id: rows.map(({ id }) => id),
    language: rows.map(({ tables, fn }) => tables.functions.languageOf(fn)),
    owner: rows.map(({ owner }) => owner),
    file: rows.map(({ tables, fn }) => tables.functions.fileOf(fn)),
    line: rows.map(({ tables, fn }) => tables.functions.lineOf(fn)),
    module: rows.map(({ tables, fn }) => tables.functions.moduleOf(fn)),
    inlined: rows.map(({ inlined }) => inlined),
  };
}

/** 1 for each function that is somewhere a frame of its own, and not only inlined into another. */
export function physicalFunctions(recording: RecordingTables): Uint8Array {
  const { frames, functions } = recording;
  const physical = new Uint8Array(functions.length);
  const start = frames.start.view();
  const count = frames.count.view();
  const lineOf = frames.positionLine.view();
  const functionOfLine = frames.lines.first.view();
  for (let frame = 0; frame < start.length; frame++) {
    const outermost = (start[frame] ?? 0) + (count[frame] ?? 0) - 1;
    physical[functionOfLine[lineOf[outermost] ?? 0] ?? 0] = 1;
  }
  return physical;
}
