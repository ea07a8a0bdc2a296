/** The heat of one file's lines, and of what they call: the evidence of a finding. */
import { stackSums } from "../../profile/cost.js";
import type { RecordingTables } from "../../profile/tables.js";
import type { EventName, FrameLanguage } from "../../protocol/events.js";
import type { Selection } from "../../protocol/queries.js";

const INTERPRETED: ReadonlySet<FrameLanguage> = new Set<FrameLanguage>(["python", "javascript"]);
/** Files of V8's frames that are not of a script: its stubs and what it has built in, say `filter`. */
const V8_OWN: ReadonlySet<string> = new Set(["", "<unknown>"]);
/** The bit for a line with nothing interpreted below it; those of callees lie under it. */
const OWN = 1 << 30;

export interface FileHeat {
  readonly event: EventName;
  /** Fraction of the event with one of the lines (1-based, both ends included) on the stack. */
  total(startLine: number, endLine: number): number;
  /** The largest such fraction of one of the lines: asked for each node of a file, so it costs no walk over the stacks. */
  hottest(startLine: number, endLine: number): number;
  /** Of that, what has no other interpreted function below: what the lines do by themselves, in the runtime and in machine code. */
  own(startLine: number, endLine: number): number;
  /** Of that, what has `callee` of {@link measureHeat} somewhere below such a line. */
  below(startLine: number, endLine: number, callee: string): number;
}

/**
 * Measures a file. `lineOf` gives the line (1-based) of the document for a row of `frames.lines`, or 0 for those of other files or lines
 * that were rewritten. A callee is `module.function` of Python's library, say `re._compile`, or a bare function name of V8's.
 */
export function measureHeat(
  recording: RecordingTables,
  selection: Selection,
  lineOf: (row: number) => number,
  callees: readonly string[],
): FileHeat {
  const { self, sum } = stackSums(recording, selection);
  const { frames, functions } = recording;
  const lines = Int32Array.from({ length: frames.lines.length }, (_, row) => lineOf(row));
  const calleeOf = calleesByFunction(recording, callees);
  const isInterpreted = Uint8Array.from({ length: functions.length }, (_, fn) =>
    INTERPRETED.has(functions.languageOf(fn)) && !V8_OWN.has(functions.fileOf(fn)) ? 1 : 0,
  );
  /** By line: the sum, and those of its parts by bit. */
  const sums = new Map<number, Float64Array>();
  const size = 1 + lines.reduce((most, line) => Math.max(most, line), 0);
  const met: Met = { lines: [], bits: new Int32Array(size), by: new Int32Array(size) };
  const walk = lineWalk(recording, lines, calleeOf, isInterpreted, met);
  self.forEach((cost, leaf) => {
    if (cost === 0) return;
    walk(leaf);
    for (const line of met.lines) {
      const parts = sums.get(line) ?? new Float64Array(callees.length + 2);
      sums.set(line, parts);
      const bits = met.bits[line] ?? 0;
      parts[0] = (parts[0] ?? 0) + cost;
      if ((bits & OWN) !== 0) parts[1] = (parts[1] ?? 0) + cost;
      for (let callee = 0; callee < callees.length; callee++) {
        if ((bits & (1 << callee)) !== 0) parts[callee + 2] = (parts[callee + 2] ?? 0) + cost;
      }
    }
  });
  const sorted = Int32Array.from(sums.keys()).sort();
  const within = (startLine: number, endLine: number): Int32Array => sorted.subarray(from(sorted, startLine), from(sorted, endLine + 1));
  /** A sample counts once however many of the lines it has: of several lines it is looked for anew. */
  const share = (startLine: number, endLine: number, part: number): number => {
    const hot = within(startLine, endLine);
    if (sum <= 0 || hot.length === 0) return 0;
    if (hot.length === 1) return (sums.get(hot[0] ?? 0)?.[part] ?? 0) / sum;
    const mask = part === 0 ? -1 : part === 1 ? OWN : 1 << (part - 2);
    let cost = 0;
    self.forEach((value, leaf) => {
      if (value === 0) return;
      walk(leaf);
      const counts = met.lines.some((line) => line >= startLine && line <= endLine && (part === 0 || ((met.bits[line] ?? 0) & mask) !== 0));
      if (counts) cost += value;
    });
    return cost / sum;
  };
  return {
    event: selection.event,
    total: (startLine, endLine) => share(startLine, endLine, 0),
    hottest: (startLine, endLine) => {
      let most = 0;
      for (const line of within(startLine, endLine)) most = Math.max(most, sums.get(line)?.[0] ?? 0);
      return sum > 0 ? most / sum : 0;
    },
    own: (startLine, endLine) => share(startLine, endLine, 1),
    below: (startLine, endLine, callee) => {
      const index = callees.indexOf(callee);
      return index < 0 ? 0 : share(startLine, endLine, index + 2);
    },
  };
}

/** The lines of the file on one stack, each once, with what lies below as bits. */
interface Met {
  readonly lines: number[];
  /** By line; valid for those of `lines`. */
  readonly bits: Int32Array;
  /** By line: the stack that has met it last, plus one. */
  readonly by: Int32Array;
}

/** Walks one stack from its leaf: a hundred thousand stacks of a large recording are walked at once, so it is all columns. */
function lineWalk(recording: RecordingTables, lines: Int32Array, calleeOf: Int32Array, isInterpreted: Uint8Array, met: Met) {
  const { stacks, frames } = recording;
  const [parents, frameOf, starts, counts] = [stacks.parent.view(), stacks.frame.view(), frames.start.view(), frames.count.view()];
  const [rows, functionOf] = [frames.positionLine.view(), frames.lines.first.view()];
  return (leaf: number): void => {
    met.lines.length = 0;
    let seen = 0;
    let interpreted = false;
    for (let stack = leaf; stack >= 0; stack = parents[stack] ?? -1) {
      const frame = frameOf[stack] ?? 0;
      const first = starts[frame] ?? 0;
      const end = first + (counts[frame] ?? 0);
      for (let position = first; position < end; position++) {
        const row = rows[position] ?? 0;
        const line = lines[row] ?? 0;
        if (line > 0) {
          const known = met.by[line] === leaf + 1;
          if (!known) {
            met.lines.push(line);
            met.by[line] = leaf + 1;
          }
          met.bits[line] = (known ? (met.bits[line] ?? 0) : 0) | seen | (interpreted ? 0 : OWN);
        }
        const fn = functionOf[row] ?? 0;
        seen |= calleeOf[fn] ?? 0;
        interpreted ||= isInterpreted[fn] === 1;
      }
    }
    // The same stack may be walked again.
    for (const line of met.lines) met.by[line] = 0;
  };
}

/** Index of the first that isn't smaller. */
function from(sorted: Int32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of each function the callees that it is, as bits. */
function calleesByFunction({ functions }: RecordingTables, callees: readonly string[]): Int32Array {
  const wanted = callees.map((callee) => {
    const dot = callee.lastIndexOf(".");
    const module = callee.slice(0, Math.max(dot, 0)).replaceAll(".", "/");
    return { name: callee.slice(dot + 1), module };
  });
  return Int32Array.from({ length: functions.length }, (_, fn) => {
    const full = functions.nameOf(fn);
    const file = functions.fileOf(fn);
    return wanted.reduce((bits, { name, module }, bit) => {
      const named = full === name || full.endsWith(`.${name}`);
      const there = module === "" || file.endsWith(`/${module}.py`) || file.endsWith(`/${module}/__init__.py`);
      return named && there ? bits | (1 << bit) : bits;
    }, 0);
  });
}
