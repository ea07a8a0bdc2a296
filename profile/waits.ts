/**
 * What waits are for, and which of them are idle: of threads that have nothing to do. Without leaving those out, a pool of ten threads that
 * wait for work hides the one that waits for a lock. A wait is idle when it is for events, a lock, a sleep, a pipe, a child or a caller
 * (`accept`), and one of these holds:
 *
 * 1. It is at a place where a runtime's thread is known to look for work (`idle-places.ts`).
 * 2. It began before the recording, so that nobody knows where.
 * 3. (Also for a wait of an unknown class whose stack could not be taken.) Its thread waits at the same call site, kernel functions apart, for at least {@link WHOLE_TIME} of the time that it was seen, which is
 *    a second at least. Of a process's first thread that is only so for a child, for callers and epoll, and for a lock where the process
 *    has other threads: a program that sleeps all day in its own main function is what its user asks about.
 *
 * docs/events.md tells users the same.
 */
import { WAIT_CLASSES, type WaitClass } from "../protocol/events.js";
import { int32Column, uint8Column } from "./growable.js";
import { isIdlePython, type PlaceKind, placeKind } from "./idle-places.js";
import { isInterpreted } from "./interpreted.js";
import { eventIndex } from "./names.js";
import type { RecordingTables } from "./tables.js";

/** Share of a thread's time from which waiting at one call site is all that it does. */
const WHOLE_TIME = 0.9;
const SHORTEST_SPAN_NS = 1e9;

const IDLE_CLASSES: ReadonlySet<WaitClass> = new Set(["events", "lock", "sleep", "pipe", "child"]);
const OFF_CPU = eventIndex("off_cpu");

/** Bits of what is on a stack. */
const BIT = { idle: 1, loop: 2, accept: 4, epoll: 8, before: 16, script: 32 } as const;

/** What is known of the waits of a recording; grows with it. */
class WaitTable {
  readonly #recording: RecordingTables;
  /** Index into WAIT_CLASSES + 1 by stack; 0 where the leaf is no class. */
  #classOf = uint8Column();
  /** By stack: the innermost ancestor or self outside of the kernel; -1 where there is none. */
  #site = int32Column();
  #bits = uint8Column();
  /** By stack: the innermost function of an interpreted language and its caller, as indices into `#kinds`. */
  #innermost = int32Column();
  #caller = int32Column();
  #kinds: PlaceKind[] = [];
  #generation = -1;
  #rows = 0;
  /** When each thread was first and last seen, ns. */
  #first: number[] = [];
  #last: number[] = [];
  /** Waits of idle classes by thread and site, ns. */
  #sums = new Map<number, number>();
  #threadsOfProcess: number[] = [];
  #threads = 0;

  constructor(recording: RecordingTables) {
    this.#recording = recording;
  }

  update(): this {
    const { generation } = this.#recording.frames;
    if (generation !== this.#generation) {
      // A late name may make a place an idle one.
      this.#generation = generation;
      this.#classOf = uint8Column();
      this.#site = int32Column();
      this.#bits = uint8Column();
      this.#innermost = int32Column();
      this.#caller = int32Column();
    }
    this.#readStacks();
    this.#readThreads();
    this.#readRows();
    return this;
  }

  /** Index into WAIT_CLASSES of what a stack waits for; -1 where it does not say. */
  classOf(stack: number): number {
    return stack < 0 ? -1 : this.#classOf.at(stack) - 1;
  }

  isIdle(stack: number, thread: number): boolean {
    const kind = WAIT_CLASSES[this.classOf(stack)];
    if (kind === undefined) return false;
    const bits = this.#bits.at(stack);
    const accepts = (bits & BIT.accept) !== 0;
    if (!this.#mayBeIdle(kind, stack)) return false;
    if ((bits & (BIT.idle | BIT.before)) !== 0 || ((bits & BIT.loop) !== 0 && (bits & BIT.script) === 0)) return true;
    if (isIdlePython(this.#kindAt(this.#innermost, stack), this.#kindAt(this.#caller, stack))) return true;
    if (!this.#fillsTheTime(thread, this.#site.at(stack))) return false;
    const { process, tid } = this.#recording.threadRows[thread] ?? { process: -1, tid: -1 };
    const isFirst = this.#recording.processRows[process]?.pid === tid;
    const joins = kind === "lock" && (this.#threadsOfProcess[process] ?? 0) > 1;
    return !isFirst || accepts || kind === "child" || (bits & BIT.epoll) !== 0 || joins;
  }

  #mayBeIdle(kind: WaitClass, stack: number): boolean {
    if (kind === "unknown wait") return this.#site.at(stack) < 0;
    return IDLE_CLASSES.has(kind) || (this.#bits.at(stack) & BIT.accept) !== 0;
  }

  #fillsTheTime(thread: number, site: number): boolean {
    const span = (this.#last[thread] ?? 0) - (this.#first[thread] ?? 0);
    return span >= SHORTEST_SPAN_NS && (this.#sums.get(keyOf(thread, site)) ?? 0) >= WHOLE_TIME * span;
  }

  #kindAt(column: { at: (index: number) => number }, stack: number): PlaceKind {
    return this.#kinds[column.at(stack)] ?? "none";
  }

  #readStacks(): void {
    const { stacks, frames, functions } = this.#recording;
    for (let fn = this.#kinds.length; fn < functions.length; fn++) {
      this.#kinds.push(placeKind(functions.nameOf(fn), functions.fileOf(fn), functions.languageOf(fn)));
    }
    for (let stack = this.#classOf.length; stack < stacks.length; stack++) {
      const parent = stacks.parent.at(stack);
      const frame = stacks.frame.at(stack);
      let bits = parent < 0 ? 0 : this.#bits.at(parent);
      let innermost = parent < 0 ? -1 : this.#innermost.at(parent);
      let caller = parent < 0 ? -1 : this.#caller.at(parent);
      let fn = -1;
      const first = frames.start.at(frame);
      for (let position = first + frames.count.at(frame) - 1; position >= first; position--) {
        fn = frames.lines.first.at(frames.positionLine.at(position));
        const kind = this.#kinds[fn] ?? "none";
        if (kind === "idle" || kind === "loop" || kind === "accept" || kind === "epoll" || kind === "before") bits |= BIT[kind];
        if (!isInterpreted(functions.languageOf(fn))) continue;
        bits |= BIT.script;
        [caller, innermost] = [innermost, fn];
      }
      const inKernel = fn >= 0 && functions.languageOf(fn) === "kernel";
      const name = inKernel ? functions.nameOf(fn) : "";
      this.#bits.push(bits);
      this.#innermost.push(innermost);
      this.#caller.push(caller);
      this.#site.push(inKernel ? (parent < 0 ? -1 : this.#site.at(parent)) : stack);
      this.#classOf.push(name.startsWith("[") ? WAIT_CLASSES.findIndex((each) => name === `[${each}]`) + 1 : 0);
    }
  }

  #readThreads(): void {
    const { threadRows } = this.#recording;
    for (; this.#threads < threadRows.length; this.#threads++) {
      const process = threadRows[this.#threads]?.process ?? 0;
      this.#threadsOfProcess[process] = (this.#threadsOfProcess[process] ?? 0) + 1;
    }
  }

  #readRows(): void {
    const { samples } = this.#recording;
    for (; this.#rows < samples.length; this.#rows++) {
      const row = this.#rows;
      const thread = samples.thread.at(row);
      const time = samples.timeNs.at(row);
      const value = samples.value.at(row);
      const waits = samples.event.at(row) === OFF_CPU;
      // A wait is told at its end, and an open one each second; a short one may stand for many.
      const begin = waits ? Math.max(0, time - Math.min(value, 1e9)) : time;
      this.#first[thread] = Math.min(this.#first[thread] ?? begin, begin);
      this.#last[thread] = Math.max(this.#last[thread] ?? time, time);
      const stack = samples.stack.at(row);
      const kind = WAIT_CLASSES[waits ? this.classOf(stack) : -1];
      if (kind === undefined || !this.#mayBeIdle(kind, stack)) continue;
      const key = keyOf(thread, this.#site.at(stack));
      this.#sums.set(key, (this.#sums.get(key) ?? 0) + value);
    }
  }
}

function keyOf(thread: number, site: number): number {
  return thread * 2 ** 32 + site + 1;
}

const kept = new WeakMap<RecordingTables, WaitTable>();

/** The waits of a recording, up to date. */
export function waitTable(recording: RecordingTables): WaitTable {
  let known = kept.get(recording);
  if (known === undefined) {
    known = new WaitTable(recording);
    kept.set(recording, known);
  }
  return known.update();
}
