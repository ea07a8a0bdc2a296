/** The heat of one file's lines, and of what they call: the evidence of a finding. */
import { stackSums } from "../../profile/cost.js";
import type { RecordingTables } from "../../profile/tables.js";
import type { EventName, FrameLanguage } from "../../protocol/events.js";
import type { Selection } from "../../protocol/queries.js";

const INTERPRETED: ReadonlySet<FrameLanguage> = new Set<FrameLanguage>(["python", "javascript"]);
/** The bit for a line with nothing interpreted below it; those of callees lie under it. */
const OWN = 1 << 30;

export interface FileHeat {
  readonly event: EventName;
  /** Fraction of the event with one of the lines (1-based, both ends included) on the stack. */
  total(startLine: number, endLine: number): number;
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
  const { stacks, frames } = recording;
  const lines = Int32Array.from({ length: frames.lines.length }, (_, row) => lineOf(row));
  const calleeOf = calleesByFunction(recording, callees);
  const { functions } = recording;
  const isInterpreted = Uint8Array.from({ length: functions.length }, (_, fn) => (INTERPRETED.has(functions.languageOf(fn)) ? 1 : 0));
  /** For each stack with cost that has a line of the file: its lines, each with the callees below it as bits. */
  const hits: { readonly cost: number; readonly lines: ReadonlyMap<number, number> }[] = [];
  self.forEach((cost, leaf) => {
    if (cost === 0) return;
    let seen = 0;
    let interpreted = false;
    let met: Map<number, number> | undefined;
    for (let stack = leaf; stack >= 0; stack = stacks.parent.at(stack)) {
      const frame = stacks.frame.at(stack);
      const first = frames.start.at(frame);
      for (let position = first; position < first + frames.count.at(frame); position++) {
        const row = frames.positionLine.at(position);
        const line = lines[row] ?? 0;
        if (line > 0) {
          met ??= new Map();
          met.set(line, (met.get(line) ?? 0) | seen | (interpreted ? 0 : OWN));
        }
        const fn = frames.lines.first.at(row);
        seen |= calleeOf[fn] ?? 0;
        interpreted ||= isInterpreted[fn] === 1;
      }
    }
    if (met !== undefined) hits.push({ cost, lines: met });
  });
  const share = (startLine: number, endLine: number, mask: number): number => {
    if (sum <= 0) return 0;
    let cost = 0;
    for (const hit of hits) {
      for (const [line, seen] of hit.lines) {
        if (line >= startLine && line <= endLine && (mask === 0 || (seen & mask) !== 0)) {
          cost += hit.cost;
          break;
        }
      }
    }
    return cost / sum;
  };
  return {
    event: selection.event,
    total: (startLine, endLine) => share(startLine, endLine, 0),
    own: (startLine, endLine) => share(startLine, endLine, OWN),
    below: (startLine, endLine, callee) => {
      const bit = callees.indexOf(callee);
      return bit < 0 ? 0 : share(startLine, endLine, 1 << bit);
    },
  };
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
