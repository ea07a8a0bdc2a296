/**
 * Recordings from text and trees as text, so that a test shows what it is about.
 *
 * ```
 * recordingFromColumns(`
 *   main         main         main         main          // root first; a column a sample, two blanks between columns
 *   work:12      work:12      work:13      idle [libc]
 *   hash:3       hash:3
 * `)
 * ```
 *
 * A cell is `name`, `name:line` or `name:line:column`, then in any order `(file)`, `[module]`, `{language}`. `<-` between
 * names makes one frame of inlined calls, innermost first: `match:507<-find:88<-slow:31`. An empty cell ends its stack.
 * Values are 1, times count 0, 1, 2 … ms, all by one thread, unless given.
 */
import { LANGUAGES } from "../../profile/names.js";
import { Recording } from "../../profile/recording.js";
import type { CallTree } from "../../profile/tree.js";
import type { EventName, FrameLanguage } from "../../protocol/events.js";
import type { Batch, ProcessRow, SampleColumns, ThreadRow } from "../../protocol/helper.js";

export interface ColumnOptions {
  readonly values?: readonly number[];
  readonly timesNs?: readonly number[];
  /** Of each sample; the last one holds for the rest. */
  readonly events?: readonly EventName[];
  /** Thread name of each sample, "process/thread" for threads of other processes; the last one holds for the rest. */
  readonly threads?: readonly string[];
  readonly language?: FrameLanguage;
  readonly name?: string;
}

export function recordingFromColumns(text: string, options: ColumnOptions = {}): Recording {
  const rows = text.split("\n").filter((row) => row.trim() !== "");
  const starts = [...(rows[0] ?? "").matchAll(/\S+( \S+)*/g)].map((match) => match.index);
  const stacks = starts.map((start, i) => rows.map((row) => row.slice(start, starts[i + 1]).trim()).filter((cell) => cell !== ""));
  return recordingFromStacks(
    stacks.map((frames, i) => ({ frames, value: options.values?.[i] ?? 1 })),
    options,
  );
}

/** From lines as `main;work:12;hash:3 250`: the value is in the event's unit. */
export function recordingFromCollapsed(text: string, options: ColumnOptions = {}): Recording {
  const rows = text
    .split("\n")
    .map((row) => row.trim())
    .filter((row) => row !== "");
  const stacks = rows.map((row) => {
    const blank = row.lastIndexOf(" ");
    return { frames: row.slice(0, blank).split(";"), value: Number(row.slice(blank + 1)) };
  });
  return recordingFromStacks(stacks, options);
}

/** The batch that the helper would send for these stacks: what the recordings above are made of. */
export function batchFromStacks(stacks: readonly { frames: readonly string[]; value: number }[], options: ColumnOptions = {}): Batch {
  const strings = new Index();
  strings.of("");
  const frames = new Index();
  const nodes = new Index();
  const threads = new Index();
  const processes = new Index();
  const leaves = stacks.map(({ frames: cells }) => {
    return cells.reduce((parent, cell) => nodes.of(`${parent} ${frames.of(cell)}`), -1);
  });
  const threadOf = stacks.map((_, i) => threads.of(at(options.threads, i) ?? "main"));
  const parsed = frames.keys.map((cell) => parseFrame(cell, options.language ?? "python"));
  const processRows: ProcessRow[] = [];
  const threadRows = threads.keys.map((key, i): ThreadRow => {
    const [process = "", thread = ""] = key.includes("/") ? key.split("/") : ["app", key];
    const known = processes.keys.length;
    const index = processes.of(process);
    if (index === known) processRows.push(processNamed(process, 1000 + index));
    return { process: index, tid: (processRows[index]?.pid ?? 0) + i, name: thread };
  });
  const outer = parsed.map((frame) => frame.positions[frame.positions.length - 1]);
  const samples: SampleColumns = {
    stack: leaves,
    thread: threadOf,
    timeNs: stacks.map((_, i) => options.timesNs?.[i] ?? i * 1e6),
    event: stacks.map((_, i) => at(options.events, i) ?? "cpu"),
    value: stacks.map(({ value }) => value),
  };
  return {
    type: "batch",
    recording: 1,
    sequence: 0,
    timeNs: stacks.length * 1e6,
    processes: processRows,
    threads: threadRows,
    frames: {
      language: parsed.map((frame) => frame.language),
      function: outer.map((position) => strings.of(position?.name ?? "")),
      file: parsed.map((frame) => strings.of(frame.file)),
      line: outer.map((position) => position?.line ?? 0),
      column: outer.map((position) => position?.column ?? 0),
      module: parsed.map((frame) => strings.of(frame.module)),
      address: parsed.map(() => ""),
    },
    stacks: {
      parent: nodes.keys.map((key) => Number(key.split(" ")[0])),
      frame: nodes.keys.map((key) => Number(key.split(" ")[1])),
    },
    samples,
    updates: parsed.flatMap(({ language, file, positions }, frame) => {
      if (positions.length < 2) return [];
      const rows = positions.map(({ name, line }) => ({ function: strings.of(name), file: strings.of(file), line, functionLine: 0 }));
      return [{ frame, language, positions: rows }];
    }),
    counts: { process: [], kind: [], subject: [], calls: [], bytes: [] },
    memory: { process: [], timeNs: [], resident: [], anonymous: [] },
    strings: strings.keys,
    loss: { lost: 0, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
    cost: { bpfNs: 0, helperCpuNs: 0, symbolizerCpuNs: 0, residentBytes: 0, mapBytes: 0 },
  };
}

function recordingFromStacks(stacks: readonly { frames: readonly string[]; value: number }[], options: ColumnOptions): Recording {
  const batch = batchFromStacks(stacks, options);
  const recording = Recording.fromStarted(
    { type: "started", recording: 1, startUnixNs: "1700000000000000000", hz: 99, events: [...new Set(batch.samples.event)] },
    options.name ?? "test",
  );
  recording.append(batch);
  return recording;
}

/**
 * A tree with one line a node, root first:
 *
 * ```
 * all 4 (self 0)
 * - main 4 (self 0)
 *   - work 3 (self 1)
 * folded 1: 0.5
 * ```
 */
export function formatTree(recording: Recording, tree: CallTree): string {
  const lines = Array.from({ length: tree.nodes }, (_, node) => {
    const fn = tree.function[node] ?? -1;
    const depth = tree.depth[node] ?? 0;
    const bullet = depth === 0 ? "" : `${"  ".repeat(depth - 1)}- `;
    return `${bullet}${fn < 0 ? "all" : recording.functions.labelOf(fn)} ${tree.value[node]} (self ${tree.self[node]})`;
  });
  if (tree.folded > 0) lines.push(`folded ${tree.folded}: ${tree.foldedValue}`);
  return lines.join("\n");
}

/** All that a recording says, a line a sample, without the indices: two recordings that say the same print the same. */
export function formatSamples(recording: Recording): string {
  const { samples, stacks, frames, functions, strings } = recording;
  const position = (row: ReturnType<typeof frames.positions>[number]): string => {
    const file = functions.fileOf(row.function);
    const defined = functions.lineOf(row.function);
    const place = `${row.line > 0 ? `:${row.line}` : ""}${row.column > 0 ? `:${row.column}` : ""}`;
    return `${functions.nameOf(row.function)}${place}${file === "" ? "" : `(${file})`}${defined > 0 ? `@${defined}` : ""}`;
  };
  const frame = (index: number): string => {
    const text = frames.positions(index).map(position).join("<-");
    const module = strings[frames.module.at(index)] ?? "";
    const from = `${module}${frames.address(index) === "" ? "" : `+${frames.address(index)}`}`;
    return `${text}${from === "" ? "" : `[${from}]`}{${LANGUAGES[frames.language.at(index)]}}`;
  };
  return Array.from({ length: samples.length }, (_, row) => {
    const cells: string[] = [];
    for (let stack = samples.stack.at(row); stack >= 0; stack = stacks.parent.at(stack)) cells.unshift(frame(stacks.frame.at(stack)));
    const thread = recording.threads[samples.thread.at(row)];
    const process = recording.processes[thread?.process ?? -1];
    const by = `${process?.pid}:${process?.name}/${thread?.tid}:${thread?.name}`;
    const event = recording.eventName(samples.event.at(row));
    const times = samples.count.at(row) === 1 ? "" : ` x${samples.count.at(row)}`;
    return `${samples.timeNs.at(row)} ${by} ${event} ${samples.value.at(row)}${times} ${cells.join(";")}`;
  }).join("\n");
}

interface ParsedFrame {
  readonly language: FrameLanguage;
  readonly file: string;
  readonly module: string;
  readonly positions: readonly { name: string; line: number; column: number }[];
}

function parseFrame(cell: string, otherwise: FrameLanguage): ParsedFrame {
  // What the helper makes up: a class of waits, or that a wait began before the recording.
  if (/^\[[^\]]+\]\{kernel\}$/.test(cell)) {
    const name = cell.slice(0, -"{kernel}".length);
    return { language: "kernel", file: "", module: "", positions: [{ name, line: 0, column: 0 }] };
  }
  const file = /\(([^)]*)\)/.exec(cell)?.[1] ?? "";
  const module = /\[([^\]]*)\]/.exec(cell)?.[1] ?? "";
  const named = /\{([^}]*)\}/.exec(cell)?.[1];
  const language = LANGUAGES.find((language) => language === named) ?? otherwise;
  const bare = cell.replace(/\([^)]*\)|\[[^\]]*\]|\{[^}]*\}/g, "").trim();
  const positions = bare.split("<-").map((part) => {
    const [, name = "", line = "0", column = "0"] = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(part.trim()) ?? [];
    return { name, line: Number(line), column: Number(column) };
  });
  return { language, file, module, positions };
}

function processNamed(name: string, pid: number): ProcessRow {
  const executable = `/usr/bin/${name}`;
  return { pid, parentPid: 1, name, executable, commandLine: [executable], workingDirectory: "/work", root: "/", uid: 1000, startNs: -1e9 };
}

function at<T>(values: readonly T[] | undefined, index: number): T | undefined {
  return values?.[Math.min(index, values.length - 1)];
}

/** Keys with dense indices in the order in which they first came. */
class Index {
  readonly keys: string[] = [];
  readonly #known = new Map<string, number>();

  of(key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.keys.length);
    return this.keys.push(key) - 1;
  }
}
