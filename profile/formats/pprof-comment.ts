/**
 * What a recording knows and pprof has no field for, in two parts. The account is the comment `flameline:{json}`, which
 * `go tool pprof` prints above every report, so it is short. The details, which may be long, are a field of our own that
 * other readers skip; a tool that writes the file anew drops them, and languages and processes are then told from
 * mappings, file names and labels. Everything is by name, so that merging files keeps it true.
 */
import type { CountName, EventName, FrameLanguage } from "../../protocol/events.js";
import type { CostAccount, LossCounts, ProcessRow, ThreadRow } from "../../protocol/helper.js";
import { readCount } from "../counts.js";
import { readMemoryPoint } from "../process-memory.js";
import { EVENTS, languageIndex } from "../names.js";
import type { Recording } from "../recording.js";
import { readLabels } from "../task-labels.js";
import { readOptionalCounts } from "../wire-reader.js";
import { amount, indexBelow, membersOf, numberOf, rowsOf, textOf } from "../wire-values.js";

export const COMMENT_PREFIX = "flameline:";

/** A function whose language is not what its file or mapping suggests: name, file, module. */
export type LanguageException = readonly [name: string, file: string, module: string];

interface PprofAccount {
  readonly version: 1;
  readonly name: string;
  readonly hz: number;
  readonly events: readonly string[];
  readonly seconds: number;
  /** `loss.lost` again, where a script looks first. */
  readonly lost: number;
  readonly loss: LossCounts;
  readonly cost: CostAccount;
  /** What could not be read when the recording was made. */
  readonly warnings: readonly string[];
}

export interface PprofDetails {
  readonly processes: readonly ProcessRow[];
  /** Index into `processes`, tid, name with labels, and the labels where there are any. */
  readonly threads: readonly (readonly [process: number, tid: number, name: string, labels?: ThreadRow["labels"]])[];
  /** The members of `Count` in their order; `process` is an index into `processes`. */
  readonly counts: readonly (readonly [process: number, kind: CountName, subject: string, calls: number, bytes: number])[];
  /** The members of `MemoryPoint` in their order. */
  readonly memory: readonly (readonly [process: number, timeNs: number, resident: number, anonymous: number])[];
  /** When samples were lost: the members of `LossMoment` in their order. */
  readonly losses: readonly (readonly [timeNs: number, lost: number])[];
  readonly languages: Readonly<Partial<Record<FrameLanguage, readonly LanguageException[]>>>;
  /** Samples in the file, which come last in it: fewer mean that it was cut off. */
  readonly samples: number;
}

export function writeAccount({ info, loss, cost, warnings }: Recording, events: readonly EventName[]): string {
  const { name, hz, durationNs } = info;
  const account: PprofAccount = { version: 1, name, hz, events, seconds: durationNs / 1e9, lost: loss.lost, loss, cost, warnings };
  return COMMENT_PREFIX + JSON.stringify(account);
}

export function writeDetails(
  { processes, threads, counts, memory, losses }: Recording,
  languages: PprofDetails["languages"],
  options: { readonly commandLines: boolean; readonly samples: number },
): string {
  const details: PprofDetails = {
    processes: options.commandLines ? processes : processes.map((row) => ({ ...row, commandLine: row.commandLine.slice(0, 1) })),
    threads: threads.map(({ process, tid, name, labels }) => (labels === undefined ? [process, tid, name] : [process, tid, name, labels])),
    counts: counts.rows.map(({ process, kind, subject, calls, bytes }) => [process, kind, subject, calls, bytes]),
    memory: memory.points.map(({ process, timeNs, resident, anonymous }) => [process, timeNs, resident, anonymous]),
    losses: losses.moments.map(({ timeNs, lost }) => [timeNs, lost]),
    languages,
    samples: options.samples,
  };
  return JSON.stringify(details);
}

/** Applies our comment to a recording; false where it is not ours or not readable. */
export function readAccount(text: string, recording: Recording): boolean {
  if (!text.startsWith(COMMENT_PREFIX)) return false;
  const parsed = parse(text.slice(COMMENT_PREFIX.length));
  if (parsed === undefined) recording.notes.say("The file's own account of losses and cost could not be read.");
  const account = membersOf(parsed as PprofAccount);
  const events = rowsOf(account.events).map(textOf);
  const hz = Math.max(amount(account.hz), 0);
  recording.setInfo({ name: textOf(account.name), hz, events: EVENTS.filter((event) => events.includes(event)) });
  recording.loss = { ...keepAmounts(recording.loss, account.loss), ...readOptionalCounts(account.loss) };
  recording.cost = keepAmounts(recording.cost, account.cost);
  for (const sentence of rowsOf(account.warnings)) recording.notes.say(textOf(sentence));
  return true;
}

/** Adds our details' processes and threads to a recording that has none yet. */
export function readDetails(text: string, recording: Recording): ReadDetails {
  const parsed = parse(text);
  if (parsed === undefined) recording.notes.say("The file's own list of processes and languages could not be read.");
  const details = membersOf(parsed as PprofDetails);
  recording.processRows.push(...rowsOf(details.processes).map((row) => readProcess(row as ProcessRow)));
  for (const row of rowsOf(details.threads)) {
    const [process, tid, name, labels] = rowsOf(row);
    const index = indexBelow(process, recording.processRows.length);
    if (index < 0) recording.notes.count("bad-thread");
    else
      recording.threadRows.push({ process: index, tid: Math.max(indexBelow(tid, 2 ** 31), 0), name: textOf(name), ...readLabels(labels) });
  }
  for (const row of rowsOf(details.counts)) {
    const read = readCount(rowsOf(row));
    if (read === undefined || read.process >= recording.processRows.length) recording.notes.count("bad-count");
    else recording.counts.add(read);
  }
  for (const row of rowsOf(details.memory)) {
    const point = readMemoryPoint(rowsOf(row));
    if (point === undefined || point.process >= recording.processRows.length) recording.notes.count("bad-count");
    else recording.memory.add(point);
  }
  for (const row of rowsOf(details.losses)) {
    const [timeNs = -1, lost = -1] = rowsOf(row).slice(0, 2).map(amount);
    if (timeNs >= 0 && lost > 0) recording.losses.add({ timeNs, lost });
  }
  return { languages: readLanguages(details.languages), samples: Math.max(amount(details.samples), 0) };
}

export interface ReadDetails {
  /** Language index by `exceptionKey`. */
  readonly languages: ReadonlyMap<string, number>;
  /** Samples that the file should have; 0 where it does not say. */
  readonly samples: number;
}

/** A key that no two functions share: lengths keep the parts apart. */
export function exceptionKey(name: string, file: string, module: string): string {
  return `${name.length} ${file.length} ${name}${file}${module}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function readLanguages(value: unknown): Map<string, number> {
  const languages = new Map<string, number>();
  for (const [name, rows] of Object.entries(membersOf(value as Record<string, unknown>))) {
    const language = languageIndex(name);
    if (language < 0) continue;
    for (const row of rowsOf(rows)) {
      const [fn, file, module] = rowsOf(row).map(textOf);
      languages.set(exceptionKey(fn ?? "", file ?? "", module ?? ""), language);
    }
  }
  return languages;
}

function readProcess(row: ProcessRow): ProcessRow {
  const members = membersOf(row);
  return {
    pid: Math.max(indexBelow(members.pid, 2 ** 31), 0),
    parentPid: Math.max(indexBelow(members.parentPid, 2 ** 31), 0),
    name: textOf(members.name),
    executable: textOf(members.executable),
    commandLine: rowsOf(members.commandLine).map(textOf),
    workingDirectory: textOf(members.workingDirectory),
    root: textOf(members.root),
    uid: Math.max(indexBelow(members.uid, 2 ** 32), 0),
    startNs: numberOf(members.startNs),
  };
}

/** `known` with those of its numbers that `value` has too. */
function keepAmounts<T extends LossCounts | CostAccount>(known: T, value: unknown): T {
  const members = new Map(Object.entries(membersOf(value as Record<string, unknown>)));
  return Object.fromEntries(Object.entries(known).map(([key, otherwise]) => [key, numberOf(members.get(key), otherwise)])) as unknown as T;
}
