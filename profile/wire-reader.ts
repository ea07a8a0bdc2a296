import { GROWTH_EVENTS } from "../protocol/events.js";
import type { Batch, CostAccount, FrameUpdate, LossCounts, ProcessRow, Stopped, ThreadRow } from "../protocol/helper.js";
import { readCount } from "./counts.js";
import type { Position } from "./frames.js";
import { eventIndex, languageIndex } from "./names.js";
import { readMemoryPoint } from "./process-memory.js";
import type { RecordingTables } from "./tables.js";
import { readLabels, taskName } from "./task-labels.js";
import { addressHalves, amount, change, indexBelow, lineOf, membersOf, numberOf, rowsOf, textOf } from "./wire-values.js";

/** What a batch says about the recording as a whole. */
export interface BatchAccount {
  readonly timeNs: number;
  readonly loss: LossCounts | undefined;
  readonly cost: CostAccount | undefined;
}

const NATIVE = languageIndex("native");
const GROWTH = [...GROWTH_EVENTS].map(eventIndex);
/** Stands in a map for a row of the wire that could not be read. */
const UNREADABLE = -1;

/**
 * Puts batches of the wire into a recording's tables. Rows of the wire are mapped to rows of ours, and a row that cannot
 * be read keeps its place in the map, so that one bad row never shifts those behind it.
 *
 * After a lost batch new rows would stand at unknown indices. Known indices still mean what they meant: samples on known
 * stacks are kept, everything else is counted as unreadable.
 */
export class WireReader {
  readonly #tables: RecordingTables;
  readonly #strings: number[] = [];
  readonly #frames: number[] = [];
  readonly #stacks: number[] = [];
  readonly #processes: number[] = [];
  readonly #threads: number[] = [];
  #nextSequence = 0;
  #gap = false;

  constructor(tables: RecordingTables) {
    this.#tables = tables;
  }

  /** `undefined` where the batch was not counted at all. */
  append(batch: Batch): BatchAccount | undefined {
    const notes = this.#tables.notes;
    const members = membersOf(batch);
    const sequence = indexBelow(members.sequence, Number.MAX_SAFE_INTEGER);
    if (members.type !== "batch" || sequence < 0) {
      notes.count("bad-batch");
      return undefined;
    }
    if (sequence < this.#nextSequence) {
      notes.count("old-batch");
      return undefined;
    }
    if (sequence > this.#nextSequence) {
      notes.count("lost-batch", sequence - this.#nextSequence);
      this.#gap = true;
    }
    this.#nextSequence = sequence + 1;
    if (!this.#gap) {
      this.#appendStrings(rowsOf(members.strings));
      for (const row of rowsOf(members.processes)) this.#appendProcess(row as ProcessRow);
      for (const row of rowsOf(members.threads)) this.#appendThread(row as ThreadRow);
      this.#appendFrames(members.frames as Batch["frames"]);
      this.#appendStacks(members.stacks as Batch["stacks"]);
    }
    for (const update of rowsOf(members.updates)) this.#applyUpdate(update as FrameUpdate);
    this.#appendSamples(members.samples as Batch["samples"]);
    this.#appendCounts(members.counts as Batch["counts"]);
    this.#appendMemory(members.memory as Batch["memory"]);
    const loss = readLoss(members.loss as LossCounts);
    const cost = readCost(members.cost as CostAccount);
    if (loss === undefined || cost === undefined) notes.count("bad-account");
    return { timeNs: amount(members.timeNs), loss, cost };
  }

  stop(stopped: Stopped): void {
    const missing = amount(membersOf(stopped).batches) - this.#nextSequence;
    if (missing > 0) this.#tables.notes.count("lost-batch", missing);
  }

  #appendStrings(rows: readonly unknown[]): void {
    // Index 0 is "". A helper that leaves it unsaid is understood too.
    if (this.#strings.length === 0 && rows.length > 0 && rows[0] !== "") this.#strings.push(0);
    for (const row of rows) {
      if (typeof row !== "string") this.#tables.notes.count("bad-string");
      this.#strings.push(this.#tables.stringTable.intern(textOf(row)));
    }
  }

  #appendProcess(row: ProcessRow): void {
    const { pid, parentPid, name, executable, commandLine, workingDirectory, root, uid, startNs } = membersOf(row);
    const known = indexBelow(pid, 2 ** 31);
    if (known < 0) this.#tables.notes.count("bad-process");
    this.#processes.push(this.#tables.processRows.length);
    this.#tables.processRows.push({
      pid: Math.max(known, 0),
      parentPid: Math.max(indexBelow(parentPid, 2 ** 31), 0),
      name: textOf(name),
      executable: textOf(executable),
      commandLine: rowsOf(commandLine).map(textOf),
      workingDirectory: textOf(workingDirectory),
      root: textOf(root),
      uid: Math.max(indexBelow(uid, 2 ** 32), 0),
      startNs: numberOf(startNs),
    });
  }

  #appendThread(row: ThreadRow): void {
    const members = membersOf(row);
    const process = indexBelow(members.process, this.#processes.length);
    if (process < 0) {
      this.#tables.notes.count("bad-thread");
      this.#threads.push(UNREADABLE);
      return;
    }
    const labels = readLabels(members.labels);
    this.#threads.push(this.#tables.threadRows.length);
    this.#tables.threadRows.push({
      process: this.#processes[process] ?? 0,
      tid: Math.max(indexBelow(members.tid, 2 ** 31), 0),
      name: taskName(textOf(members.name), labels.labels),
      ...labels,
    });
  }

  #appendFrames(columns: Batch["frames"]): void {
    const { language, function: names, file, line, column, module, address } = membersOf(columns);
    const all = [language, names, file, line, column, module, address].map(rowsOf);
    const [languages = [], functions = [], files = [], lines = [], cols = [], modules = [], addresses = []] = all;
    const rows = Math.max(...all.map((rows) => rows.length));
    for (let i = 0; i < rows; i++) {
      const name = this.#string(functions[i]);
      const path = this.#string(files[i]);
      const mapped = this.#string(modules[i]);
      if (name < 0 || path < 0 || mapped < 0) this.#tables.notes.count("bad-frame");
      const language = this.#language(languages[i]);
      const fn = this.#tables.functions.intern(Math.max(name, 0), Math.max(path, 0), language, Math.max(mapped, 0));
      const { high, low } = addressHalves(addresses[i]);
      const origin = { language, module: Math.max(mapped, 0), addressHigh: high, addressLow: low };
      this.#frames.push(this.#tables.frames.add(origin, [{ function: fn, line: lineOf(lines[i]), column: lineOf(cols[i]) }]));
    }
  }

  #appendStacks(columns: Batch["stacks"]): void {
    const { parent, frame } = membersOf(columns);
    const parents = rowsOf(parent);
    const frames = rowsOf(frame);
    for (let i = 0; i < Math.max(parents.length, frames.length); i++) {
      const above = parents[i] === -1 ? -1 : this.#mapped(this.#stacks, parents[i]);
      const own = this.#mapped(this.#frames, frames[i]);
      const readable = own >= 0 && (above >= 0 || parents[i] === -1);
      if (!readable) this.#tables.notes.count("bad-stack");
      this.#stacks.push(readable ? this.#tables.stacks.intern(above, own) : UNREADABLE);
    }
  }

  #applyUpdate(update: FrameUpdate): void {
    const members = membersOf(update);
    const frame = this.#mapped(this.#frames, members.frame);
    const rows = rowsOf(members.positions);
    const language = this.#language(members.language);
    const module = this.#tables.frames.module.at(frame);
    const positions: Position[] = [];
    for (const row of rows) {
      const position = membersOf(row as FrameUpdate["positions"][number]);
      const name = this.#string(position.function);
      const file = this.#string(position.file);
      if (name < 0 || file < 0) continue;
      const fn = frame < 0 ? 0 : this.#tables.functions.intern(name, file, language, module, lineOf(position.functionLine));
      positions.push({ function: fn, line: lineOf(position.line), column: 0 });
    }
    // A part of an inlined chain would put the cost on the wrong function: all or nothing.
    if (frame < 0 || positions.length === 0 || positions.length < rows.length) this.#tables.notes.count("bad-update");
    else this.#tables.frames.update(frame, language, positions);
  }

  #appendSamples(columns: Batch["samples"]): void {
    const { stack, thread, timeNs, event, value } = membersOf(columns);
    const [stacks, threads, times, events, values] = [rowsOf(stack), rowsOf(thread), rowsOf(timeNs), rowsOf(event), rowsOf(value)];
    const rows = Math.max(stacks.length, threads.length, times.length, events.length, values.length);
    let bad = 0;
    for (let i = 0; i < rows; i++) {
      const on = this.#mapped(this.#stacks, stacks[i]);
      const by = this.#mapped(this.#threads, threads[i]);
      const at = amount(times[i]);
      const of = eventIndex(textOf(events[i]));
      const worth = GROWTH.includes(of) ? change(values[i]) : amount(values[i]);
      if (on < 0 || by < 0 || at < 0 || of < 0 || Number.isNaN(worth) || (worth < 0 && !GROWTH.includes(of))) bad++;
      else this.#tables.samples.push(on, by, at, of, worth);
    }
    if (bad > 0) this.#tables.notes.count("bad-sample", bad);
  }

  #appendCounts(columns: Batch["counts"]): void {
    const { process, kind, subject, calls, bytes } = membersOf(columns);
    const [kinds, subjects, numbers, sizes] = [rowsOf(kind), rowsOf(subject), rowsOf(calls), rowsOf(bytes)];
    for (const [i, row] of rowsOf(process).entries()) {
      const about = this.#string(subjects[i]);
      const read = readCount([this.#mapped(this.#processes, row), kinds[i], this.#tables.stringTable.values[about], numbers[i], sizes[i]]);
      if (read === undefined) this.#tables.notes.count("bad-count");
      else this.#tables.counts.add(read);
    }
  }

  #appendMemory(columns: Batch["memory"]): void {
    const { process, timeNs, resident, anonymous } = membersOf(columns);
    const [times, all, own] = [rowsOf(timeNs), rowsOf(resident), rowsOf(anonymous)];
    for (const [i, row] of rowsOf(process).entries()) {
      const point = readMemoryPoint([this.#mapped(this.#processes, row), times[i], all[i], own[i]]);
      if (point === undefined) this.#tables.notes.count("bad-count");
      else this.#tables.memory.add(point);
    }
  }

  /** Our string for one of the wire's, -1 where it has none. */
  #string(index: unknown): number {
    if (index === 0) return 0;
    return this.#mapped(this.#strings, index);
  }

  #mapped(map: readonly number[], index: unknown): number {
    return map[indexBelow(index, map.length)] ?? UNREADABLE;
  }

  #language(name: unknown): number {
    const index = languageIndex(textOf(name));
    if (index < 0) this.#tables.notes.count("bad-language");
    return index < 0 ? NATIVE : index;
  }
}

function readLoss(loss: LossCounts): LossCounts | undefined {
  const { lost, leafOnly, truncated, broken, unresolvedFrames } = membersOf(loss);
  const counts = [lost, leafOnly, truncated, broken, unresolvedFrames].map(amount);
  if (counts.some((count) => count < 0)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = counts;
  return { lost: a, leafOnly: b, truncated: c, broken: d, unresolvedFrames: e, ...readOptionalCounts(loss) };
}

/** The counts that a recording has only where there is something to count. */
export function readOptionalCounts(loss: unknown): Pick<LossCounts, "waits" | "waitStacks" | "unlabelled" | "unread"> {
  const { waits, waitStacks, unlabelled, unread } = membersOf(loss as LossCounts);
  return {
    ...(amount(waits) > 0 ? { waits: amount(waits), waitStacks: Math.max(amount(waitStacks), 0) } : {}),
    ...(amount(unlabelled) > 0 ? { unlabelled: amount(unlabelled) } : {}),
    ...(amount(unread) > 0 ? { unread: amount(unread) } : {}),
  };
}

function readCost(cost: CostAccount): CostAccount | undefined {
  const { bpfNs, helperCpuNs, symbolizerCpuNs, residentBytes, mapBytes } = membersOf(cost);
  const counts = [helperCpuNs, symbolizerCpuNs, residentBytes, mapBytes].map(amount);
  if (counts.some((count) => count < 0)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = counts;
  // -1 is the helper's word for "the kernel does not say".
  return { bpfNs: amount(bpfNs), helperCpuNs: a, symbolizerCpuNs: b, residentBytes: c, mapBytes: d };
}
