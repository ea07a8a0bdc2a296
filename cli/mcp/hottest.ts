import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
import { toolShare } from "../../protocol/tool-input.js";
import type { World } from "../command.js";
import { readProfile } from "../read-profile.js";
import { type ReportBy, reportTable } from "../report-rows.js";

interface HottestWish {
  readonly profile: string;
  readonly by: ReportBy;
  readonly event: EventName | undefined;
  readonly limit: number;
}

/** The rows of `flameline report`, with shares. */
export async function hottestRows(world: World, { profile, by, event: wanted, limit }: HottestWish): Promise<object> {
  const { recording, warnings } = await readProfile(profile);
  const events = recording.eventsWithSamples();
  const event = wanted ?? events[0] ?? "cpu";
  const { rows, total, samples } = await reportTable(recording, { event, by, native: false, folder: world.cwd, idle: false });
  const shares = rows.slice(0, limit).map(({ file, line, function: name, pid, self, total: all }) => ({
    file,
    line,
    function: name,
    ...(pid === undefined ? {} : { pid }),
    self,
    total: all,
    selfShare: toolShare(self, total),
    totalShare: toolShare(all, total),
  }));
  const { lost } = recording.loss;
  const seconds = recording.info.durationNs / 1e9;
  return {
    event,
    unit: EVENT_UNITS[event],
    events,
    total,
    samples,
    lost,
    seconds,
    rows: shares,
    moreRows: rows.length - shares.length,
    warnings,
  };
}
