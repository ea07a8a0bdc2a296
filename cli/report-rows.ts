/** The rows of `flameline report`: costs by line, function or process, with each place found on this machine. */
import { functionCosts, lineCosts, stackCosts } from "../profile/cost.js";
import { costCarriers } from "../profile/cost-carriers.js";
import type { Recording } from "../profile/recording.js";
import { forEachSelected } from "../profile/selection.js";
import type { EventName, FrameLanguage } from "../protocol/events.js";
import { costRole } from "../source/cost-role.js";
import { Locator } from "../source/locator.js";
import { plainFunctionName } from "./function-name.js";
import { nodeFiles } from "./node-files.js";

export type ReportBy = "line" | "function" | "process";

/** One row, as `--json` prints it. */
export interface ReportRow {
  /** Absolute; null where it cannot be told. */
  readonly file: string | null;
  /** 1-based. */
  readonly line: number | null;
  readonly function: string;
  readonly language: FrameLanguage | null;
  readonly pid?: number;
  /** In the event's unit. */
  readonly self: number;
  readonly total: number;
}

export interface ReportTable {
  /** Sorted by self, then by total. */
  readonly rows: readonly PlacedRow[];
  /** Sum of the selection, in the event's unit. */
  readonly total: number;
  readonly samples: number;
  /** Part of `total`, in the event's unit, that counts as self of an interpreted caller; 0 with bare numbers. */
  readonly folded: number;
}

/** A row with the file's recorded name, which may be a bare one. */
export interface PlacedRow extends ReportRow {
  readonly recordedFile: string;
}

export interface ReportWish {
  readonly event: EventName;
  readonly by: ReportBy;
  /** Whether self is bare: that of the innermost function only, however much of a runtime's inside that is. */
  readonly native: boolean;
  /** Where sources are looked for that are not where they were recorded. */
  readonly folder: string;
}

export async function reportTable(recording: Recording, { event, by, native, folder }: ReportWish): Promise<ReportTable> {
  if (by === "process") return sorted({ ...processTable(recording, event), folded: 0 });
  const carriers = native ? undefined : foldingCarriers(recording);
  const table = by === "line" ? lineTable(recording, event, carriers) : functionTable(recording, event, carriers);
  const places = new Places(recording, folder);
  const rows = await Promise.all(
    table.rows.map(async ({ fn, line, self, total }): Promise<PlacedRow> => {
      const language = recording.functions.languageOf(fn);
      const name = recording.functions.nameOf(fn) === "" ? recording.functions.labelOf(fn) : recording.functions.nameOf(fn);
      return { ...(await places.of(fn, line)), function: plainFunctionName(name, language), language, self, total };
    }),
  );
  return sorted({ ...table, rows, folded: carriers === undefined ? 0 : foldedCost(recording, event, carriers) });
}

/** Of each stack the position whose self cost it is, with the insides of runtimes folded into their callers. */
function foldingCarriers(recording: Recording): Int32Array {
  const { functions } = recording;
  return costCarriers(recording, (fn) =>
    costRole({
      recordedFile: functions.fileOf(fn),
      functionName: functions.nameOf(fn),
      language: functions.languageOf(fn),
      module: functions.moduleOf(fn),
    }),
  );
}

function foldedCost(recording: Recording, event: EventName, carriers: Int32Array): number {
  const { stacks, frames } = recording;
  return stackCosts(recording, { event }).reduce(
    (sum, cost, stack) => (carriers[stack] === frames.start.at(stacks.frame.at(stack)) ? sum : sum + cost),
    0,
  );
}

type Rows = { readonly rows: Row[]; readonly total: number; readonly samples: number };

interface Row {
  readonly fn: number;
  readonly line: number;
  readonly self: number;
  readonly total: number;
}

function lineTable(recording: Recording, event: EventName, carriers: Int32Array | undefined): Rows {
  const costs = lineCosts(recording, { event }, carriers);
  const rows = Array.from(costs.line, (line, index): Row => {
    return { fn: costs.function[index] ?? 0, line, self: costs.self[index] ?? 0, total: costs.total[index] ?? 0 };
  });
  return { rows, total: costs.sum, samples: costs.samples };
}

/** A function's line is that of its definition, else its hottest. */
function functionTable(recording: Recording, event: EventName, carriers: Int32Array | undefined): Rows {
  const costs = functionCosts(recording, { event }, carriers);
  const hottest = new Map<number, Row>();
  for (const row of lineTable(recording, event, carriers).rows) {
    const known = hottest.get(row.fn);
    if (row.line > 0 && (known === undefined || row.total > known.total)) hottest.set(row.fn, row);
  }
  const rows: Row[] = [];
  for (const [fn, total] of costs.total.entries()) {
    if (total === 0) continue;
    const line = recording.functions.lineOf(fn) || (hottest.get(fn)?.line ?? 0);
    rows.push({ fn, line, self: costs.self[fn] ?? 0, total });
  }
  return { rows, total: costs.sum, samples: costs.samples };
}

function processTable(recording: Recording, event: EventName): Omit<ReportTable, "folded"> {
  const values = recording.samples.value.view();
  const counts = recording.samples.count.view();
  const threads = recording.samples.thread.view();
  const sums = new Map<number, number>();
  let total = 0;
  let samples = 0;
  forEachSelected(recording, { event }, (row) => {
    const process = recording.threads[threads[row] ?? 0]?.process ?? 0;
    const value = values[row] ?? 0;
    sums.set(process, (sums.get(process) ?? 0) + value);
    total += value;
    samples += counts[row] ?? 0;
  });
  const rows = [...sums].map(([index, sum]): PlacedRow => {
    const process = recording.processes[index];
    return {
      file: process?.executable || null,
      recordedFile: process?.executable ?? "",
      line: null,
      function: process?.name ?? "",
      language: null,
      pid: process?.pid ?? 0,
      self: sum,
      total: sum,
    };
  });
  return { rows, total, samples };
}

function sorted(table: ReportTable): ReportTable {
  return { ...table, rows: table.rows.toSorted((a, b) => b.self - a.self || b.total - a.total) };
}

/** Finds functions' files as seen by the first process that ran them. */
class Places {
  readonly #recording: Recording;
  readonly #locator: Locator;
  readonly #processOfFunction: Int32Array;

  constructor(recording: Recording, folder: string) {
    this.#recording = recording;
    this.#locator = new Locator({ files: nodeFiles, folders: [folder], pathMappings: [] });
    this.#processOfFunction = processOfFunction(recording);
  }

  async of(fn: number, line: number): Promise<Pick<PlacedRow, "file" | "line" | "recordedFile">> {
    const { functions, processes } = this.#recording;
    const file = functions.fileOf(fn);
    const recorded = { file: file.startsWith("/") ? file : null, line: line > 0 ? line : null, recordedFile: file };
    if (file === "") return recorded;
    const process = processes[this.#processOfFunction[fn] ?? -1];
    const found = await this.#locator.locate({
      file,
      line,
      column: 0,
      functionName: functions.nameOf(fn),
      language: functions.languageOf(fn),
      module: functions.moduleOf(fn),
      root: process?.root ?? "",
      workingDirectory: process?.workingDirectory ?? "",
    });
    return found === undefined ? recorded : { file: found.path, line: found.line > 0 ? found.line : null, recordedFile: file };
  }
}

/** Index of the first process with a function on a stack, by function; -1 where there is none. */
function processOfFunction(recording: Recording): Int32Array {
  const first = new Int32Array(recording.functions.length).fill(-1);
  const seen = new Uint8Array(recording.stacks.length);
  const { stack, thread } = recording.samples;
  for (let row = 0; row < recording.samples.length; row++) {
    const process = recording.threads[thread.at(row)]?.process ?? -1;
    for (let at = stack.at(row); at >= 0 && seen[at] === 0; at = recording.stacks.parent.at(at)) {
      seen[at] = 1;
      for (const { function: fn } of recording.frames.positions(recording.stacks.frame.at(at))) {
        if (first[fn] === -1) first[fn] = process;
      }
    }
  }
  return first;
}
