/** The rows of `flameline report`: costs by line, function, process, or file and peer, with each place found on this machine. */
import { functionCosts, lineCosts, stackCosts } from "../profile/cost.js";
import { costCarriers } from "../profile/cost-carriers.js";
import { waitSums } from "../profile/wait-sums.js";
import type { Recording } from "../profile/recording.js";
import { forEachSelected, leftOutSum } from "../profile/selection.js";
import { isTransfer, subjectSums } from "../profile/subjects.js";
import { BOXED_EVENTS, type EventName, type FrameLanguage, GROWTH_EVENTS, type WaitClass } from "../protocol/events.js";
import type { Selection, WaitRow } from "../protocol/queries.js";
import { callRole, costRole } from "../source/cost-role.js";
import { Locator } from "../source/locator.js";
import { plainFunctionName } from "./function-name.js";
import { nodeFiles } from "./node-files.js";

export type ReportBy = "line" | "function" | "process" | "thread" | "file";

/** Whether rows are whoever ran the code, not places in it. */
export function isByOwner(by: ReportBy): boolean {
  return by === "process" || by === "thread";
}

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
  /** Of `off_cpu`: parts of `total` by what is waited for. */
  readonly waits?: Readonly<Partial<Record<WaitClass, number>>>;
}

export interface ReportTable {
  /** Sorted by self, then by total. */
  readonly rows: readonly PlacedRow[];
  /** Sum of the selection, in the event's unit. */
  readonly total: number;
  readonly samples: number;
  /** Part of `total`, in the event's unit, that counts as self of an interpreted caller; 0 with bare numbers. */
  readonly folded: number;
  /** Idle waits that were left out, ns; or of `memory` by how much stacks shrank. */
  readonly leftOut: number;
  /** Of `off_cpu`: parts of `total` by what is waited for, the longest first. */
  readonly classes: readonly WaitRow[];
}

/** A row with the file's recorded name, which may be a bare one. */
export interface PlacedRow extends ReportRow {
  readonly recordedFile: string;
}

export interface ReportWish {
  readonly event: EventName;
  readonly by: ReportBy;
  /** Whether the waits of threads with nothing to do count. */
  readonly idle: boolean;
  /** Whether self is bare: that of the innermost function only, however much of a runtime's inside that is. */
  readonly native: boolean;
  /** Where sources are looked for that are not where they were recorded. */
  readonly folder: string;
}

export async function reportTable(recording: Recording, { event, by, native, folder, idle }: ReportWish): Promise<ReportTable> {
  const selection: Selection = { event, idle };
  const carriers = native || isByOwner(by) || by === "file" ? undefined : foldingCarriers(recording, event);
  const rowsOf = (chosen: Selection) => rowsBy(by, recording, chosen, carriers);
  const table = rowsOf(selection);
  const classes = waitSums(recording, selection);
  const waits = new Map<string, Partial<Record<WaitClass, number>>>();
  for (const { waits: kind } of classes) {
    for (const row of rowsOf({ ...selection, waits: [kind] }).rows) {
      waits.set(keyOf(row), { ...waits.get(keyOf(row)), [kind]: row.total });
    }
  }
  const places = new Places(recording, folder);
  const lineOf = by === "function" ? functionLines(recording, selection) : undefined;
  const rows = await Promise.all(
    table.rows.map(async (row): Promise<PlacedRow> => {
      const placed = isByOwner(by)
        ? ownerRow(recording, by, row)
        : await functionRow(recording, places, lineOf === undefined ? row : { ...row, line: lineOf(row.subject) });
      return event === "off_cpu" ? { ...placed, waits: waits.get(keyOf(row)) ?? {} } : placed;
    }),
  );
  return {
    rows: rows.toSorted((a, b) => b.self - a.self || b.total - a.total),
    total: table.total,
    samples: table.samples,
    folded: carriers === undefined ? 0 : foldedCost(recording, selection, carriers),
    leftOut: leftOutSum(recording, selection),
    classes,
  };
}

/** Whether a sample is a call of the system or of an allocator, which was made for the sake of the line that wanted it. */
export function isOfCalls(event: EventName): boolean {
  return event === "off_cpu" || isTransfer(event) || isOfMemory(event);
}

/** Whether a sample is memory that a line wanted. */
export function isOfMemory(event: EventName): boolean {
  return GROWTH_EVENTS.has(event) || BOXED_EVENTS.has(event);
}

/** Of each stack the position whose self cost it is, with the insides of runtimes folded into their callers. */
export function foldingCarriers(recording: Recording, event: EventName): Int32Array {
  const { functions } = recording;
  const roleOf = isOfCalls(event) ? callRole : costRole;
  return costCarriers(recording, (fn) =>
    roleOf({
      recordedFile: functions.fileOf(fn),
      functionName: functions.nameOf(fn),
      language: functions.languageOf(fn),
      module: functions.moduleOf(fn),
    }),
  );
}

function foldedCost(recording: Recording, selection: Selection, carriers: Int32Array): number {
  const { stacks, frames } = recording;
  return stackCosts(recording, selection).reduce(
    (sum, cost, stack) => (carriers[stack] === frames.start.at(stacks.frame.at(stack)) ? sum : sum + cost),
    0,
  );
}

type Rows = { readonly rows: Row[]; readonly total: number; readonly samples: number };

/** `subject` is a function's index, a process's, or that of the first thread of its name. */
export interface Row {
  readonly subject: number;
  readonly line: number;
  readonly self: number;
  readonly total: number;
}

function keyOf({ subject, line }: Row): string {
  return `${subject}:${line}`;
}

function rowsBy(by: ReportBy, recording: Recording, selection: Selection, carriers: Int32Array | undefined): Rows {
  switch (by) {
    case "line":
      return lineRows(recording, selection, carriers);
    case "function":
      return functionRows(recording, selection, carriers);
    case "process":
      return ownerRows(recording, selection, (thread) => recording.threads[thread]?.process ?? 0);
    case "thread":
      return ownerRows(recording, selection, firstOfName(recording));
    case "file":
      return subjectRows(recording, selection);
  }
}

/** Files and peers, by the function that stands for each. */
function subjectRows(recording: Recording, selection: Selection): Rows {
  const { rows, total, samples } = subjectSums(recording, selection);
  return { rows: rows.map(({ subject, total: sum }) => ({ subject, line: 0, self: sum, total: sum })), total, samples };
}

function lineRows(recording: Recording, selection: Selection, carriers: Int32Array | undefined): Rows {
  const costs = lineCosts(recording, selection, carriers);
  const rows = Array.from(costs.line, (line, index): Row => {
    return { subject: costs.function[index] ?? 0, line, self: costs.self[index] ?? 0, total: costs.total[index] ?? 0 };
  });
  return { rows, total: costs.sum, samples: costs.samples };
}

function functionRows(recording: Recording, selection: Selection, carriers: Int32Array | undefined): Rows {
  const costs = functionCosts(recording, selection, carriers);
  const rows = Array.from(costs.total, (total, subject) => ({ subject, line: 0, self: costs.self[subject] ?? 0, total }));
  return { rows: rows.filter(({ total }) => total > 0), total: costs.sum, samples: costs.samples };
}

/** A function's line is that of its definition, else its hottest. */
export function functionLines(recording: Recording, selection: Selection): (fn: number) => number {
  const hottest = new Map<number, Row>();
  for (const row of lineRows(recording, selection, undefined).rows) {
    const known = hottest.get(row.subject);
    if (row.line > 0 && (known === undefined || row.total > known.total)) hottest.set(row.subject, row);
  }
  return (fn) => recording.functions.lineOf(fn) || (hottest.get(fn)?.line ?? 0);
}

/** Threads of a process with the same name, and with the labels of the same task, are one row: a pool's workers take turns. */
function firstOfName({ threads }: Recording): (thread: number) => number {
  const first = new Map<string, number>();
  const firsts = threads.map(({ process, name }, thread) => {
    const key = `${process} ${name}`;
    if (!first.has(key)) first.set(key, thread);
    return first.get(key) ?? thread;
  });
  return (thread) => firsts[thread] ?? thread;
}

function ownerRows(recording: Recording, selection: Selection, ownerOf: (thread: number) => number): Rows {
  const values = recording.samples.value.view();
  const counts = recording.samples.count.view();
  const threads = recording.samples.thread.view();
  const sums = new Map<number, number>();
  let total = 0;
  let samples = 0;
  forEachSelected(recording, selection, (row) => {
    const owner = ownerOf(threads[row] ?? 0);
    const value = values[row] ?? 0;
    sums.set(owner, (sums.get(owner) ?? 0) + value);
    total += value;
    samples += counts[row] ?? 0;
  });
  return { rows: Array.from(sums, ([subject, sum]) => ({ subject, line: 0, self: sum, total: sum })), total, samples };
}

function ownerRow(recording: Recording, by: ReportBy, { subject, self, total }: Row): PlacedRow {
  const thread = by === "thread" ? recording.threads[subject] : undefined;
  const process = recording.processes[thread?.process ?? subject];
  return {
    file: process?.executable || null,
    recordedFile: process?.executable ?? "",
    line: null,
    function: thread?.name ?? process?.name ?? "",
    language: null,
    pid: process?.pid ?? 0,
    self,
    total,
  };
}

export async function functionRow(recording: Recording, places: Places, { subject, line, self, total }: Row): Promise<PlacedRow> {
  const { functions } = recording;
  const language = functions.languageOf(subject);
  const name = functions.nameOf(subject) === "" ? functions.labelOf(subject) : functions.nameOf(subject);
  return { ...(await places.of(subject, line)), function: plainFunctionName(name, language), language, self, total };
}

/** Finds functions' files as seen by the first process that ran them. */
export class Places {
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
