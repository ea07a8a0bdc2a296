import type { ClientNotifications } from "../protocol/language-server.js";
import type { Recording } from "../profile/recording.js";

/** Processes that are told, those that held most. */
const TOLD_PROCESSES = 3;
/** Parts of the recording's time: as many as a line of text can show. */
const PARTS = 20;

/** What the largest processes held over the recording's time; empty where nothing was told of it. */
export function memoryOverTime({ memory, processes, info }: Recording): Pick<ClientNotifications["flameline/changed"], "memory"> {
  const known = processes.flatMap(({ pid, name }, process) => {
    const held = memory.of(process);
    return held === undefined ? [] : [{ pid, name, process, last: held.last.resident, most: held.most.resident }];
  });
  const largest = known.toSorted((a, b) => b.most - a.most).slice(0, TOLD_PROCESSES);
  return {
    memory: largest.map(({ process, ...row }) => ({ ...row, resident: memory.overTime(process, info.durationNs, PARTS) })),
  };
}
