import { int32Column, type Int32Column, type Uint8Column, uint8Column } from "../profile/growable.js";
import { PairTable } from "../profile/pair-table.js";
import type { Recording } from "../profile/recording.js";
import type { Locator } from "../source/locator.js";
import { Turns } from "./pacing.js";
import { PlaceTables } from "./place-tables.js";

/** Where processes see their files from: the same recorded path can be another file in another one. */
interface Context {
  readonly root: string;
  readonly workingDirectory: string;
  /** Line id of each position; {@link UNSEEN} or {@link PENDING} until it is known. */
  readonly lineOf: Int32Column;
  /** 1 for each stack whose positions have been asked for. */
  readonly seen: Uint8Column;
}

/**
 * Each context has a column of stacks and one of positions. Beyond this many, which are programs that each run in a temporary folder of
 * their own, relative paths are looked for in the workspace alone.
 */
const MAX_CONTEXTS = 256;
const UNSEEN = -1;
const PENDING = -2;
/** So many questions to the locator are open at once. */
const AT_ONCE = 64;
/** Batches that arrive while files are looked for are placed too, but a flood of them must not hold up the answer. */
const MAX_ROUNDS = 3;

/**
 * Maps the recording's positions to lines of files on this machine.
 *
 * ```
 * frame ─► raw position ─► position (function, line, column) ─┬─ in context 0 ─► line id 4: /work/app.py 12
 *                                                            └─ in context 1 ─► line id 9: /work/b/app.py 12
 * ```
 */
export class Places extends PlaceTables {
  readonly #recording: Recording;
  readonly #locator: Locator;
  readonly #realpath: (path: string) => Promise<string>;
  readonly #onPath: (path: number, fn: number) => void;
  readonly #positions = new PairTable();
  readonly #positionOf = int32Column();
  readonly #contexts: Context[] = [];
  readonly #contextIndex = new Map<string, number>();
  readonly #contextOfThread = int32Column();
  #generation = 0;
  #nextSample = 0;
  #updating: Promise<void> | undefined;
  /** Positions that wait for their place. */
  #queue: [Context, number][] = [];

  constructor(
    recording: Recording,
    locator: Locator,
    realpath: (path: string) => Promise<string>,
    /** Called once for each file when its first sample is seen. */
    onPath: (path: number, fn: number) => void,
  ) {
    super();
    this.#recording = recording;
    this.#locator = locator;
    this.#realpath = realpath;
    this.#onPath = onPath;
    this.#addContext("", "");
  }

  get contexts(): number {
    return this.#contexts.length;
  }

  /** Line id of each position as seen from a context. */
  linesOf(context: number): Int32Array {
    return this.#contexts[context]?.lineOf.view() ?? new Int32Array(0);
  }

  /** Function of each position, whatever the context. */
  functionOf(position: number): number {
    return this.#recording.frames.lines.first.at(this.#positions.first.at(position));
  }

  /** The recorded (function, line) pairs that are a line id in some context. */
  recordedLines(id: number): { function: number; line: number }[] {
    const rows = new Set<number>();
    for (const { lineOf } of this.#contexts) {
      lineOf.view().forEach((line, position) => {
        if (line === id) {
          rows.add(this.#positions.first.at(position));
        }
      });
    }
    const { lines } = this.#recording.frames;
    return Array.from(rows, (row) => ({ function: lines.first.at(row), line: lines.second.at(row) }));
  }

  /** Row of `frames.lines` of a position. */
  rowOf(position: number): number {
    return this.#positions.first.at(position);
  }

  /** A line id that a recorded (function, line) is, or -1. */
  lineOfRecorded(fn: number, line: number): number {
    const row = this.#recording.frames.lines.find(fn, line);
    const position = row < 0 ? -1 : this.#positions.first.view().indexOf(row);
    return this.#contexts.map(({ lineOf }) => lineOf.view()[position] ?? UNSEEN).find((id) => id >= 0) ?? -1;
  }

  get positions(): number {
    return this.#positions.length;
  }

  contextOfThread(thread: number): number {
    return this.#contextOfThread.at(thread);
  }

  /** What the user should know about the search for files and source maps, one sentence each. */
  get notices(): readonly string[] {
    return this.#locator.notices;
  }

  /** Position of each raw position of the frame table: equal (function, line, column) are one. */
  get positionOf(): Int32Array {
    return this.#positionOf.view();
  }

  /** Places all that is new. Calls share the work that is under way. */
  async update(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      this.#updating ??= this.#update().finally(() => {
        this.#updating = undefined;
      });
      await this.#updating;
      if (this.#nextSample === this.#recording.samples.length && this.#generation === this.#recording.frames.generation) {
        return;
      }
    }
  }

  async #update(): Promise<void> {
    const { frames } = this.#recording;
    if (frames.generation !== this.#generation) {
      this.#generation = frames.generation;
      this.#nextSample = 0;
      for (const context of this.#contexts) {
        context.seen.view().fill(0);
      }
    }
    this.#internPositions();
    this.#collect();
    const turns = new Turns();
    while (this.#queue.length > 0) {
      const some = this.#queue.slice(-AT_ONCE);
      await Promise.all(some.map(async ([context, position]) => this.#place(context, position)));
      this.#queue.length -= some.length;
      if (turns.due) {
        await turns.take();
      }
    }
  }

  #internPositions(): void {
    const { positionLine, positionColumn } = this.#recording.frames;
    for (let raw = this.#positionOf.length; raw < positionLine.length; raw++) {
      this.#positionOf.push(this.#positions.intern(positionLine.at(raw), positionColumn.at(raw)));
    }
  }

  /** Queues the positions that are new in their context. */
  #collect(): void {
    const { samples, stacks, frames } = this.#recording;
    const stackOf = samples.stack.view();
    const threadOf = samples.thread.view();
    const parents = stacks.parent.view();
    const frameOf = stacks.frame.view();
    this.#readThreads();
    for (const { seen, lineOf } of this.#contexts) {
      grow(seen, parents.length, 0);
      grow(lineOf, this.#positions.length, UNSEEN);
    }
    for (let sample = this.#nextSample; sample < stackOf.length; sample++) {
      const context = this.#contexts[this.contextOfThread(threadOf[sample] ?? 0)];
      if (context === undefined) {
        continue;
      }
      const seen = context.seen.view();
      for (let stack = stackOf[sample] ?? -1; stack >= 0 && seen[stack] === 0; stack = parents[stack] ?? -1) {
        seen[stack] = 1;
        const frame = frameOf[stack] ?? 0;
        const start = frames.start.at(frame);
        for (let raw = start; raw < start + frames.count.at(frame); raw++) {
          const position = this.#positionOf.at(raw);
          if (context.lineOf.at(position) === UNSEEN) {
            context.lineOf.set(position, PENDING);
            this.#queue.push([context, position]);
          }
        }
      }
    }
    this.#nextSample = stackOf.length;
  }

  #readThreads(): void {
    const { threads, processes } = this.#recording;
    for (let next = this.#contextOfThread.length; next < threads.length; next++) {
      const process = processes[threads[next]?.process ?? -1];
      this.#contextOfThread.push(this.#addContext(process?.root ?? "", process?.workingDirectory ?? ""));
    }
  }

  #addContext(root: string, workingDirectory: string): number {
    const key = `${root}\0${workingDirectory}`;
    const known = this.#contextIndex.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#contexts.length >= MAX_CONTEXTS) {
      return 0;
    }
    const index = this.#contexts.push({ root, workingDirectory, lineOf: int32Column(), seen: uint8Column() }) - 1;
    this.#contextIndex.set(key, index);
    return index;
  }

  async #place(context: Context, position: number): Promise<void> {
    const { functions, frames } = this.#recording;
    const row = this.#positions.first.at(position);
    const fn = frames.lines.first.at(row);
    const line = frames.lines.second.at(row);
    const file = functions.fileOf(fn);
    const language = functions.languageOf(fn);
    const found =
      file === "" || language === "kernel"
        ? undefined
        : await this.#locator
            .locate({
              file,
              line,
              column: this.#positions.second.at(position),
              functionName: functions.nameOf(fn),
              language,
              module: functions.moduleOf(fn),
              root: context.root,
              workingDirectory: context.workingDirectory,
            })
            .catch(() => undefined);
    if (found === undefined) {
      context.lineOf.set(position, this.lineWithoutFile(language === "kernel" ? "" : file, line, fn));
    } else {
      context.lineOf.set(position, this.lineIn(await this.#path(found.path, fn), found.line, fn));
    }
  }

  async #path(shown: string, fn: number): Promise<number> {
    const real = await this.#realpath(shown);
    const known = this.pathIndex(real);
    if (known >= 0) {
      return known;
    }
    const index = this.addPath(real, shown);
    this.#onPath(index, fn);
    return index;
  }
}

function grow(column: Int32Column | Uint8Column, length: number, value: number): void {
  while (column.length < length) {
    column.push(value);
  }
}
