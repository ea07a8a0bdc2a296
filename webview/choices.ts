import { EVENT_UNITS, type EventName } from "../protocol/events.js";
import type { RecordingSummary, Selection } from "../protocol/queries.js";
import { EVENT_WORDS, formatCount } from "./format.js";
import { cleanText } from "./graph-tree.js";
import type { Choice } from "./toolkit.js";

/** Rows in a list before it says how many more there are: 2,000 short-lived processes are no list to read. */
const LONGEST_LIST = 100;
const ALL = "";

export interface Choices {
  readonly choices: readonly Choice[];
  readonly chosen: string;
}

export function eventChoices(summary: RecordingSummary, selection: Selection): Choices {
  const events = summary.events.filter((row) => row.samples > 0 || row.event === selection.event).map((row) => row.event);
  const listed: EventName[] = events.includes(selection.event) ? events : [selection.event, ...events];
  return { choices: listed.map((event) => ({ value: event, label: capitalize(EVENT_WORDS[event]) })), chosen: selection.event };
}

export function withEvent(selection: Selection, value: string): Selection {
  const event = (Object.keys(EVENT_UNITS) as EventName[]).find((name) => name === value);
  return event ? { ...selection, event } : selection;
}

/** Whether waits of threads with nothing to do are shown: only of waits there is a choice. */
export function idleChoices(selection: Selection): Choices {
  return {
    choices: [
      { value: "without", label: "Without idle waits" },
      { value: "with", label: "Idle waits too" },
    ],
    chosen: selection.idle === true ? "with" : "without",
  };
}

export function withIdle(selection: Selection, value: string): Selection {
  const { idle: _idle, ...rest } = selection;
  return value === "with" ? { ...rest, idle: true } : rest;
}

/** Whether workers of one program are one; no choice where there are none. */
export function workerChoices(summary: RecordingSummary, selection: Selection): Choices {
  const workers = summary.processes.filter(({ role }) => role !== undefined).length;
  return {
    choices: [
      { value: "single", label: "Each worker" },
      { value: "merged", label: `Workers merged (${workers})` },
    ],
    chosen: selection.mergeWorkers === true ? "merged" : "single",
  };
}

/** Another grouping: who was chosen in the one before is nobody's choice in this one. */
export function withWorkersMerged(selection: Selection, value: string): Selection {
  const { mergeWorkers: _merge, pids: _pids, threads: _threads, ...rest } = selection;
  return value === "merged" ? { ...rest, mergeWorkers: true } : rest;
}

/** Processes, those of one name together first: `python3: all 12`. Values are pids joined by commas. */
export function processChoices(summary: RecordingSummary, selection: Selection): Choices {
  const rows = [...summary.processes].filter((row) => row.samples > 0).sort((a, b) => b.samples - a.samples);
  if (selection.mergeWorkers === true) return roleChoices(rows, selection);
  const byName = new Map<string, number[]>();
  for (const { name, pid } of rows) byName.set(name, [...(byName.get(name) ?? []), pid]);
  const together = [...byName]
    .filter(([, pids]) => pids.length > 1)
    .map(([name, pids]) => ({ value: key(pids), label: `${cleanText(name)}: all ${pids.length}` }));
  const single = rows.map((row) => ({
    value: key([row.pid]),
    label: `${cleanText(row.name)} (${row.pid}), ${formatCount(row.samples, "sample")}`,
  }));
  return list(`All processes (${rows.length})`, [...together.slice(0, LONGEST_LIST), ...single], selection.pids);
}

/** A row for each role; its value is the pid of the first, which stands for all. */
function roleChoices(rows: RecordingSummary["processes"], selection: Selection): Choices {
  const roles = grouped(rows, ({ pid, role }) => role ?? pid);
  const choices = [...roles].map(([first, workers]) => {
    const samples = workers.reduce((sum, row) => sum + row.samples, 0);
    const which = workers.length > 1 ? `${workers.length} workers merged` : String(first);
    return { value: String(first), samples, label: `${cleanText(workers[0]?.name ?? "")} (${which}), ${formatCount(samples, "sample")}` };
  });
  return list(
    `All processes (${rows.length})`,
    choices.toSorted((a, b) => b.samples - a.samples),
    selection.pids,
  );
}

/** Threads of the chosen processes. Values are indices into the thread table. */
export function threadChoices(summary: RecordingSummary, selection: Selection): Choices {
  const roles = new Map(summary.processes.map(({ pid, role }) => [pid, selection.mergeWorkers === true ? (role ?? pid) : pid]));
  const roleOf = (pid: number): number => roles.get(pid) ?? pid;
  const chosen = selection.pids && new Set(selection.pids.map(roleOf));
  const rows = summary.threads
    .filter((row) => row.samples > 0 && (!chosen || chosen.has(roleOf(row.pid))))
    .sort((a, b) => b.samples - a.samples);
  const merged = grouped(rows, ({ pid, name, index }) => (selection.mergeWorkers === true ? `${roleOf(pid)} ${name}` : String(index)));
  const choices = [...merged.values()]
    .map((group) => ({ group, samples: group.reduce((sum, { samples }) => sum + samples, 0) }))
    .sort((a, b) => b.samples - a.samples)
    .map(({ group, samples }) => {
      const [first] = group.toSorted((a, b) => a.index - b.index);
      const which = group.length > 1 ? `${group.length} threads` : String(first?.tid ?? 0);
      return { value: key([first?.index ?? 0]), label: `${cleanText(first?.name ?? "")} (${which}), ${formatCount(samples, "sample")}` };
    });
  return list(`All threads (${rows.length})`, choices, selection.threads);
}

/** Another process: threads of the one before don't belong to it. */
export function withProcesses(selection: Selection, value: string): Selection {
  const { pids: _pids, threads: _threads, ...rest } = selection;
  return value === ALL ? rest : { ...rest, pids: numbers(value) };
}

export function withThreads(selection: Selection, value: string): Selection {
  const { threads: _threads, ...rest } = selection;
  return value === ALL ? rest : { ...rest, threads: numbers(value) };
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string | number): Map<string | number, T[]> {
  const groups = new Map<string | number, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row)) ?? [];
    group.push(row);
    groups.set(keyOf(row), group);
  }
  return groups;
}

function list(all: string, choices: readonly Choice[], selected: readonly number[] | undefined): Choices {
  const chosen = selected ? key(selected) : ALL;
  const shown = choices.slice(0, LONGEST_LIST);
  const kept = choices.find((choice) => choice.value === chosen);
  if (kept && !shown.includes(kept)) shown.push(kept);
  if (!kept && chosen !== ALL) shown.unshift({ value: chosen, label: `${selected?.length ?? 0} chosen` });
  const more = choices.length - shown.length;
  return {
    choices: [
      { value: ALL, label: all },
      ...shown,
      ...(more > 0 ? [{ value: chosen, label: `… and ${more.toLocaleString("en-US")} with fewer samples` }] : []),
    ],
    chosen,
  };
}

function key(ids: readonly number[]): string {
  return ids.join(",");
}

function numbers(value: string): number[] {
  return value.split(",").map(Number);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
