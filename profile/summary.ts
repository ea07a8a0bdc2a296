import { EVENT_UNITS } from "../protocol/events.js";
import type { RecordingSummary } from "../protocol/queries.js";
import { EVENTS, eventIndex } from "./names.js";
import type { Recording } from "./recording.js";
import { rolesOf } from "./workers.js";

/** What a recording holds, for lists, filters and the status bar. Processes are by pid, the busiest first. */
export function summarize(recording: Recording, id: string, live = false): RecordingSummary {
  const perEvent = EVENTS.map(() => ({ samples: 0, total: 0 }));
  const perThread = new Float64Array(recording.threads.length);
  const { event, thread, value, count } = recording.samples;
  const [events, threads, values, counts] = [event.view(), thread.view(), value.view(), count.view()];
  for (let row = 0; row < events.length; row++) {
    const sums = perEvent[events[row] ?? 0];
    if (sums === undefined) continue;
    sums.samples += counts[row] ?? 0;
    sums.total += values[row] ?? 0;
    const by = threads[row] ?? 0;
    perThread[by] = (perThread[by] ?? 0) + (counts[row] ?? 0);
  }
  const { info } = recording;
  return {
    id,
    name: info.name,
    live,
    startUnixMs: info.startUnixMs,
    durationNs: info.durationNs,
    hz: info.hz,
    events: recording
      .eventsPresent()
      .map((name) => ({ event: name, unit: EVENT_UNITS[name], ...(perEvent[eventIndex(name)] ?? { samples: 0, total: 0 }) })),
    processes: processesOf(recording, perThread),
    threads: recording.threads
      .map(({ process, tid, name }, index) => {
        return { index, pid: recording.processes[process]?.pid ?? 0, tid, name, samples: perThread[index] ?? 0 };
      })
      .filter((row) => row.samples > 0)
      .sort((a, b) => b.samples - a.samples),
    loss: recording.loss,
    cost: recording.cost,
    warnings: recording.warnings,
  };
}

/** One row a pid: after `exec` or a reused pid the latest description stands for all. */
function processesOf(recording: Recording, samplesOfThread: Float64Array): RecordingSummary["processes"] {
  const rows = new Map<number, RecordingSummary["processes"][number]>();
  const roles = rolesOf(recording.processes);
  const pidsOf = new Map<number, Set<number>>();
  const samples = new Map<number, number>();
  recording.threads.forEach(({ process }, index) => {
    samples.set(process, (samples.get(process) ?? 0) + (samplesOfThread[index] ?? 0));
  });
  recording.processes.forEach(({ pid, name, commandLine }, index) => {
    const own = samples.get(index) ?? 0;
    if (own === 0) return;
    rows.set(pid, { pid, name, commandLine: commandLine.join(" "), samples: own + (rows.get(pid)?.samples ?? 0) });
    pidsOf.set(roles[index] ?? index, (pidsOf.get(roles[index] ?? index) ?? new Set()).add(pid));
  });
  const roleOf = new Map(
    [...pidsOf.values()].flatMap((pids) => (pids.size > 1 ? [...pids].map((pid) => [pid, Math.min(...pids)]) : [])) as [number, number][],
  );
  return [...rows.values()]
    .map((row) => {
      const role = roleOf.get(row.pid);
      return role === undefined ? row : { ...row, role };
    })
    .sort((a, b) => b.samples - a.samples);
}
