import type { CostAccount, LossCounts, ProcessRow } from "../protocol/helper.js";
import { EVENTS } from "./names.js";
import { Recording } from "./recording.js";
import { eachRow, type Steps } from "./steps.js";

/** The helper reads the clocks of two recordings one after the other, so a process's start differs a little between them. */
const SAME_START_NS = 20e6;
/** Shorter times between two parts come from reading clocks, not from something missing. */
const GAP_NS = 1e9;
const OFF_CPU = EVENTS.indexOf("off_cpu");

/**
 * Puts recordings that follow one another into one. Everything is the same thing by what it is, not by its number: a function by its names, a
 * frame by its place and address, a process by its number, start and program, so that a program that goes on is one process.
 */
export class Merger {
  readonly #into = Recording.empty();
  readonly #fromNs: bigint;
  readonly #frames = new Map<string, number>();
  readonly #processes = new Map<number, number[]>();
  readonly #threads = new Map<string, number>();
  #endNs = 0;
  #pausedNs = 0;
  #gaps = 0;
  #gapNs = 0;
  #parts = 0;

  /** @param fromUnixMs what was before is left out; 0 for nothing */
  constructor(name: string, fromUnixMs = 0) {
    this.#into.setInfo({ name });
    this.#fromNs = BigInt(Math.max(Math.floor(fromUnixMs), 0)) * 1_000_000n;
  }

  /** Adds a recording that is complete as far as it goes; they come in the order of time. */
  *add(one: Recording): Steps<void> {
    const into = this.#into;
    const startNs = BigInt(one.info.startUnixNs);
    if (this.#parts++ === 0) {
      const first = startNs > this.#fromNs ? startNs : this.#fromNs;
      into.setInfo({ startUnixNs: String(first) });
    }
    const offsetNs = Number(startNs - BigInt(into.info.startUnixNs));
    const endNs = offsetNs + one.info.durationNs;
    if (this.#parts > 1 && offsetNs - this.#endNs > GAP_NS) {
      this.#gaps++;
      this.#gapNs += offsetNs - this.#endNs;
    }
    this.#endNs = Math.max(this.#endNs, endNs);
    this.#pausedNs += one.pausedNs;
    const stacks = yield* this.#stacks(one);
    const threads = this.#threadRows(one, offsetNs);
    const { samples } = one;
    yield* eachRow(samples.length, (row) => {
      const at = samples.timeNs.at(row) + offsetNs;
      if (at < 0) return;
      const event = samples.event.at(row);
      const value = samples.value.at(row);
      into.samples.push(
        stacks[samples.stack.at(row)] ?? -1,
        threads[samples.thread.at(row)] ?? 0,
        at,
        event,
        // Of a wait that began before what is wanted counts what lies in it.
        event === OFF_CPU ? Math.min(value, at) : value,
        samples.count.at(row),
      );
    });
    for (const { process, timeNs, ...held } of one.memory.points) {
      const row = this.#processOf(one, process, offsetNs);
      if (row !== undefined && timeNs + offsetNs >= 0) into.memory.add({ process: row, timeNs: timeNs + offsetNs, ...held });
    }
    for (const { timeNs, lost } of one.losses.moments) if (timeNs + offsetNs >= 0) into.losses.add({ timeNs: timeNs + offsetNs, lost });
    into.loss = addLoss(into.loss, one.loss);
    into.cost = this.#parts === 1 ? one.cost : addCost(into.cost, one.cost);
    into.notes.add(one.notes);
    into.setInfo({
      durationNs: Math.max(this.#endNs, 0),
      hz: one.info.hz > 0 ? one.info.hz : into.info.hz,
      events: EVENTS.filter((event) => into.info.events.includes(event) || one.info.events.includes(event)),
    });
  }

  /** The one recording, which says what is missing between and within its parts. */
  finish(): Recording {
    if (this.#gaps > 0) {
      const times = this.#gaps === 1 ? "once" : `${this.#gaps} times`;
      this.#into.notes.say(`Recording was interrupted ${times}, for ${seconds(this.#gapNs)} in all; nothing is known of that time.`);
    }
    if (this.#pausedNs > 0) {
      this.#into.notes.say(
        `Sampling paused for ${seconds(this.#pausedNs)} of ${seconds(this.#endNs)} to stay within its budget; shares are of the rest.`,
      );
    }
    return this.#into;
  }

  *#stacks(one: Recording): Steps<Int32Array> {
    const into = this.#into;
    const strings = one.strings.map((text) => into.stringTable.intern(text));
    const { functions, frames } = one;
    const functionRows = Int32Array.from({ length: functions.length }, (_, fn) =>
      into.functions.intern(
        strings[functions.name.at(fn)] ?? 0,
        strings[functions.file.at(fn)] ?? 0,
        functions.language.at(fn),
        strings[functions.module.at(fn)] ?? 0,
        functions.line.at(fn),
      ),
    );
    const frameRows = new Int32Array(frames.length);
    yield* eachRow(frames.length, (frame) => {
      const origin = {
        language: frames.language.at(frame),
        module: strings[frames.module.at(frame)] ?? 0,
        addressHigh: frames.addressHigh.at(frame),
        addressLow: frames.addressLow.at(frame),
      };
      const positions = frames.positions(frame).map((position) => ({ ...position, function: functionRows[position.function] ?? 0 }));
      // By its positions too: a program that was built anew has other functions at the same addresses.
      const key = JSON.stringify([Object.values(origin), positions.map(Object.values)]);
      const known = this.#frames.get(key) ?? into.frames.add(origin, positions);
      this.#frames.set(key, known);
      frameRows[frame] = known;
    });
    const stackRows = new Int32Array(one.stacks.length);
    yield* eachRow(stackRows.length, (stack) => {
      const parent = one.stacks.parent.at(stack);
      stackRows[stack] = into.stacks.intern(parent < 0 ? -1 : (stackRows[parent] ?? -1), frameRows[one.stacks.frame.at(stack)] ?? 0);
    });
    return stackRows;
  }

  #threadRows(one: Recording, offsetNs: number): number[] {
    const processes = one.processes.map((_, process) => this.#processOf(one, process, offsetNs));
    return one.threads.map((thread) => {
      const row = { ...thread, process: processes[thread.process] ?? 0 };
      const key = JSON.stringify(row);
      const known = this.#threads.get(key) ?? this.#into.threadRows.push(row) - 1;
      this.#threads.set(key, known);
      return known;
    });
  }

  #processOf(one: Recording, process: number, offsetNs: number): number | undefined {
    const row = one.processes[process];
    return row && this.#process({ ...row, startNs: row.startNs + offsetNs });
  }

  #process(row: ProcessRow): number {
    const rows = this.#into.processRows;
    const ofPid = this.#processes.get(row.pid) ?? [];
    const known = ofPid.find((index) => isSame(rows[index], row));
    if (known !== undefined) return known;
    this.#processes.set(row.pid, [...ofPid, rows.length]);
    return rows.push(row) - 1;
  }
}

/** An exec makes another process of it, as in one recording. */
function isSame(a: ProcessRow | undefined, b: ProcessRow): boolean {
  return (
    a !== undefined &&
    Math.abs(a.startNs - b.startNs) < SAME_START_NS &&
    a.executable === b.executable &&
    a.name === b.name &&
    a.commandLine.join("\0") === b.commandLine.join("\0")
  );
}

function addLoss(a: LossCounts, b: LossCounts): LossCounts {
  const waits = (a.waits ?? 0) + (b.waits ?? 0);
  const unlabelled = (a.unlabelled ?? 0) + (b.unlabelled ?? 0);
  return {
    lost: a.lost + b.lost,
    leafOnly: a.leafOnly + b.leafOnly,
    truncated: a.truncated + b.truncated,
    broken: a.broken + b.broken,
    unresolvedFrames: a.unresolvedFrames + b.unresolvedFrames,
    ...(waits > 0 ? { waits, waitStacks: (a.waitStacks ?? 0) + (b.waitStacks ?? 0) } : {}),
    ...(unlabelled > 0 ? { unlabelled } : {}),
    // As of the last one's end.
    ...(b.unread === undefined ? {} : { unread: b.unread }),
  };
}

/** Times add up; memory is what it was last. */
function addCost(a: CostAccount, b: CostAccount): CostAccount {
  return {
    ...b,
    bpfNs: a.bpfNs < 0 || b.bpfNs < 0 ? -1 : a.bpfNs + b.bpfNs,
    helperCpuNs: a.helperCpuNs + b.helperCpuNs,
    symbolizerCpuNs: a.symbolizerCpuNs + b.symbolizerCpuNs,
  };
}

function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(ns < 10e9 ? 1 : 0)} s`;
}
