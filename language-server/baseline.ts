import { rangeWords } from "../profile/time-words.js";
import { withWorkers } from "../profile/workers.js";
import type { Recording } from "../profile/recording.js";
import type { ClientNotifications, ShownRecording } from "../protocol/language-server.js";
import type { BaselineSummary, Selection, TimeRange } from "../protocol/queries.js";
import type { LoadedRecording } from "./loaded-recording.js";
import type { Session } from "./session.js";

/** What the current recording is compared with. */
export interface Baseline {
  readonly loaded: LoadedRecording;
  readonly range: TimeRange;
}

/** The recording's name and time: recordings of one workspace have the same name. */
function baselineName({ name, recording }: LoadedRecording): string {
  const at = recording.info.startUnixMs;
  if (at === 0) {
    return name;
  }
  const day = Date.now() - at < 12 * 3600e3 ? {} : ({ day: "numeric", month: "short" } as const);
  return `${name}, ${new Date(at).toLocaleString("en-GB", { ...day, hour: "2-digit", minute: "2-digit" })}`;
}

/** What it is called where one reads "since “…”": a range of the recording itself by its times. */
export function baselineTitle({ loaded, range }: Baseline, current: Recording | undefined): string {
  const words = rangeWords(range, loaded.recording.info.durationNs);
  if (words === "") return baselineName(loaded);
  return loaded.recording === current ? words : `${words} of ${baselineName(loaded)}`;
}

export function baselineSummary({ loaded, range }: Baseline): BaselineSummary {
  return { id: loaded.id, name: baselineName(loaded), durationNs: loaded.recording.info.durationNs, ...range };
}

/** What the extension hears of a baseline with each change. */
export function baselineMembers(
  baseline: Baseline | undefined,
  current: Recording | undefined,
): Pick<ClientNotifications["flameline/changed"], "baseline" | "compared"> {
  if (baseline === undefined) return { baseline: null };
  const { loaded, range } = baseline;
  return { baseline: baselineTitle(baseline, current), compared: { path: loaded.folder ?? loaded.id, ...range } };
}

export function shownRecording(session: Session, current: LoadedRecording): ShownRecording {
  const { baseline } = session;
  const compared = baseline === undefined ? {} : { baseline: baselineSummary(baseline) };
  return { ...current.summary(), selection: session.selection, ...compared };
}

/** The baseline's part that answers to a selection of the current recording: processes and threads are the same by their names. */
export function baselineSelection({ loaded, range }: Baseline, current: Recording, selection: Selection): Selection {
  // Of another part of the same recording they are the very same.
  if (loaded.recording === current) return { ...withoutRange(selection), ...range };
  const { event, idle, waits, mergeWorkers } = selection;
  const { pids, threads } = withWorkers(current, selection);
  const { processes, threads: rows } = loaded.recording;
  const processNames = new Set(current.processes.filter(({ pid }) => pids?.includes(pid)).map(({ name }) => name));
  const threadNames = new Set(threads?.map((index) => current.threads[index]?.name));
  return {
    event,
    ...(idle === undefined ? {} : { idle }),
    ...(mergeWorkers === undefined ? {} : { mergeWorkers }),
    ...(waits === undefined ? {} : { waits }),
    ...(pids === undefined ? {} : { pids: processes.filter(({ name }) => processNames.has(name)).map(({ pid }) => pid) }),
    ...(threads === undefined ? {} : { threads: rows.flatMap(({ name }, index) => (threadNames.has(name) ? [index] : [])) }),
    ...range,
  };
}

function withoutRange({ fromNs: _from, toNs: _to, ...rest }: Selection): Selection {
  return rest;
}
