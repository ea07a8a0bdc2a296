/**
 * The largest costs that are not the user's own code, each with the line of theirs that leads to it. No rule decides what is bad: this is
 * where what their lines call costs most.
 *
 * ```
 * main:5 mine ─ parse:2 mine ─ json.loads ─ scan ─ memcpy      cost of (parse:2, json.loads)
 * ```
 */
import { stackCosts } from "../profile/cost.js";
import type { RecordingTables } from "../profile/tables.js";
import type { Selection } from "../protocol/queries.js";

export interface ForeignCost {
  /** The user's function and its recorded line (1-based, 0 unknown), from which the call goes. */
  readonly caller: number;
  readonly line: number;
  /** The function that is called, which is not theirs. */
  readonly callee: number;
  /** Of all samples that have the call as the innermost one from their code, in the event's unit. */
  readonly value: number;
  /** Functions from the root to the callee, on the way of most of the cost. */
  readonly frames: readonly number[];
}

/** Where a stack's samples leave the user's code: innermost such call. */
interface Call {
  readonly line: number;
  readonly callee: number;
  /** Stack and position of the callee. */
  readonly stack: number;
  readonly position: number;
}

/** The `most` largest, by falling cost. Samples that end in the user's own code, or have none of it on their stack, count for nothing. */
export function foreignCosts(
  recording: RecordingTables,
  selection: Selection,
  isMine: (fn: number) => boolean,
  most: number,
): readonly ForeignCost[] {
  const { frames } = recording;
  const selfOf = stackCosts(recording, selection);
  const calls = callsOf(recording, isMine);
  const groups = new Map<string, { call: Call; value: number; ways: Map<string, { call: Call; value: number }> }>();
  calls.forEach((call, stack) => {
    const cost = selfOf[stack] ?? 0;
    if (call === undefined || cost <= 0) return;
    const key = `${call.line} ${call.callee}`;
    const group = groups.get(key) ?? { call, value: 0, ways: new Map() };
    groups.set(key, group);
    group.value += cost;
    const way = group.ways.get(`${call.stack} ${call.position}`) ?? { call, value: 0 };
    group.ways.set(`${call.stack} ${call.position}`, way);
    way.value += cost;
  });
  const largest = [...groups.values()].sort((a, b) => b.value - a.value || a.call.line - b.call.line).slice(0, most);
  return largest.map(({ call, value, ways }) => {
    const way = [...ways.values()].reduce((best, each) => (each.value > best.value ? each : best), { call, value: 0 });
    return {
      caller: frames.lines.first.at(call.line),
      line: frames.lines.second.at(call.line),
      callee: call.callee,
      value,
      frames: functionsTo(recording, way.call),
    };
  });
}

/** Of each stack the call by which it leaves the user's code for good; undefined where it ends there or never was there. */
function callsOf({ stacks, frames }: RecordingTables, isMine: (fn: number) => boolean): readonly (Call | undefined)[] {
  const parents = stacks.parent.view();
  const frameOf = stacks.frame.view();
  const starts = frames.start.view();
  const counts = frames.count.view();
  const lineOf = frames.positionLine.view();
  const functionOf = frames.lines.first.view();
  const mine = new Map<number, boolean>();
  const calls: (Call | undefined)[] = [];
  /** Of each stack the line of its innermost position that is the user's; -1 without. */
  const innermost = new Int32Array(parents.length);
  for (let stack = 0; stack < parents.length; stack++) {
    const parent = parents[stack] ?? -1;
    let line = innermost[parent] ?? -1;
    let call = calls[parent];
    const first = starts[frameOf[stack] ?? 0] ?? 0;
    for (let position = first + (counts[frameOf[stack] ?? 0] ?? 0) - 1; position >= first; position--) {
      const row = lineOf[position] ?? 0;
      const fn = functionOf[row] ?? 0;
      const isOwn = mine.get(fn) ?? isMine(fn);
      mine.set(fn, isOwn);
      if (isOwn) [line, call] = [row, undefined];
      else if (line >= 0) call ??= { line, callee: fn, stack, position };
    }
    innermost[stack] = line;
    calls.push(call);
  }
  return calls;
}

function functionsTo({ stacks, frames }: RecordingTables, { stack, position }: Call): readonly number[] {
  const path: number[] = [];
  for (let at = stack; at >= 0; at = stacks.parent.at(at)) {
    const first = frames.start.at(stacks.frame.at(at));
    const end = first + frames.count.at(stacks.frame.at(at));
    for (let each = at === stack ? position : first; each < end; each++) path.push(frames.lines.first.at(frames.positionLine.at(each)));
  }
  return path.reverse();
}
