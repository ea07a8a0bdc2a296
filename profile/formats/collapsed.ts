/**
 * Collapsed stacks, one line each: `main;work;hash 250`, root first, as flamegraph.pl, inferno, py-spy and perf scripts
 * write and read them. Lines and files have no place in it, so they are not kept. Ours begins with a line that says what
 * the numbers are; other tools skip it:
 *
 * ```
 * # flameline event=cpu unit=ns
 * main;work;hash 20202020
 * ```
 *
 * Numbers without that line count samples, and are shown as 10 ms of CPU time each. At most 512 MiB, the longest text
 * that JavaScript holds.
 */
import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import type { Selection } from "../../protocol/queries.js";
import { stackSums } from "../cost.js";
import { functionTree } from "../function-tree.js";
import { EVENTS, eventIndex, languageIndex } from "../names.js";
import { Recording } from "../recording.js";
import { ASSUMED_PERIOD_NS } from "./sample-types.js";

const HEADER = /^# flameline event=(\w+) unit=\w+$/;

/** One line for each function path with self cost, in the order in which the paths first came. */
export function encodeCollapsed(recording: Recording, selection: Selection): string {
  const tree = functionTree(recording);
  const { self } = tree.costs(stackSums(recording, selection).self);
  const parents = tree.parent.view();
  const functions = tree.function.view();
  // A `;` would split a name, and a newline its line: most tools have no way to write either.
  const nameOf = (fn: number): string =>
    recording.functions
      .labelOf(fn)
      .replace(/;/g, ":")
      .replace(/[\r\n]/g, " ");
  const lines = [`# flameline event=${selection.event} unit=${EVENT_UNITS[selection.event]}`];
  self.forEach((cost, node) => {
    const value = Math.round(cost);
    if (value === 0) return;
    const path: string[] = [];
    for (let at = node; at >= 0; at = parents[at] ?? -1) path.push(nameOf(functions[at] ?? 0));
    lines.push(`${path.reverse().join(";")} ${value}`);
  });
  return `${lines.join("\n")}\n`;
}

/** Never throws: lines without a stack and a number are left out and counted in `warnings`. */
export function decodeCollapsed(text: string): { recording: Recording; warnings: string[] } {
  const recording = Recording.empty();
  const { stringTable, frames, stacks, samples, notes } = recording;
  recording.processRows.push({
    pid: 0,
    parentPid: 0,
    name: "",
    executable: "",
    commandLine: [],
    workingDirectory: "",
    root: "/",
    uid: 0,
    startNs: 0,
  });
  recording.threadRows.push({ process: 0, tid: 0, name: "" });
  const frameOfName = new Map<string, number>();
  const frameOf = (name: string): number => {
    const known = frameOfName.get(name);
    if (known !== undefined) return known;
    const { fn, language, line } = functionOf(name, recording);
    const frame = frames.add({ language, module: 0, addressHigh: 0, addressLow: 0 }, [{ function: fn, line, column: 0 }]);
    frameOfName.set(name, frame);
    return frame;
  };
  let event: EventName = "cpu";
  let scale = ASSUMED_PERIOD_NS;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trimEnd();
    start = end + 1;
    if (line === "") continue;
    if (line.startsWith("# ")) {
      const name = HEADER.exec(line)?.[1];
      event = EVENTS.find((known) => known === name) ?? event;
      if (name !== undefined) scale = 1;
      continue;
    }
    const blank = line.lastIndexOf(" ");
    const number = line.slice(blank + 1);
    const count = /^\d+(\.\d+)?$/.test(number) ? Number(number) : Number.NaN;
    if (blank <= 0 || !Number.isFinite(count)) {
      notes.count("bad-sample");
      continue;
    }
    let stack = -1;
    for (const name of line.slice(0, blank).split(";")) stack = stacks.intern(stack, frameOf(name.trim()));
    const isCount = scale !== 1 && count < 2 ** 31;
    samples.push(stack, 0, 0, eventIndex(event), count * scale, isCount ? Math.max(1, Math.round(count)) : 1);
  }
  if (scale !== 1 && samples.length > 0) notes.say("The file only counts samples; each is shown as 10 ms of CPU time.");
  recording.setInfo({ events: [event], hz: scale === 1 ? 0 : 1e9 / ASSUMED_PERIOD_NS });
  return { recording, warnings: recording.warnings };

  function functionOf(name: string, { functions }: Recording): { fn: number; language: number; line: number } {
    // What py-spy writes: `work (pkg/app.py:12)`.
    const spied = /^(.*) \(([^()]+\.py)(?::(\d+))?\)$/.exec(name);
    const kernel = name.endsWith("_[k]");
    const language = languageIndex(spied !== null ? "python" : kernel ? "kernel" : "native");
    const bare = spied?.[1] ?? name.replace(/_\[[kij]\]$/, "");
    const fn = functions.intern(stringTable.intern(bare), stringTable.intern(spied?.[2] ?? ""), language, 0);
    return { fn, language, line: Number(spied?.[3] ?? 0) };
  }
}
