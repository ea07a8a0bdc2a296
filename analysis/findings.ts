/** All that the analyses find in a selection. A new analysis adds its findings here; views and the command show whatever comes. */
import type { RecordingTables } from "../profile/tables.js";
import type { Finding, FindingPlace } from "../protocol/findings.js";
import type { Selection } from "../protocol/queries.js";
import { foreignCosts } from "./foreign-costs.js";

/** What an analysis knows of the world beside the recording. */
export interface AnalysisWorld {
  /** Whether a function is the user's own code. */
  readonly isMine: (fn: number) => boolean;
  /** Where a recorded line (1-based, 0 unknown) of a function is on this machine. */
  readonly placeOf: (fn: number, line: number) => Promise<FindingPlace> | FindingPlace;
}

const FOREIGN_COSTS = 3;
/** Smaller ones are no findings: nobody gains by them. */
const SMALLEST_SHARE = 0.01;

/** By falling share. `sum` is the selection's, in the event's unit. */
export async function findIn(
  recording: RecordingTables,
  selection: Selection,
  sum: number,
  world: AnalysisWorld,
): Promise<readonly Finding[]> {
  const largest = foreignCosts(recording, selection, world.isMine, FOREIGN_COSTS).filter(({ value }) => value >= SMALLEST_SHARE * sum);
  return Promise.all(
    largest.map(async ({ caller, line, callee, value, frames }): Promise<Finding> => {
      const place = await world.placeOf(caller, line);
      const name = recording.functions.labelOf(callee);
      return {
        id: `foreign-cost:${caller}:${line}:${callee}`,
        kind: "foreign-cost",
        title: `${place.functionName} calls ${name}, which is not your code`,
        event: selection.event,
        share: value / sum,
        places: [place],
        frames,
        advice: "This line is the last one of yours on the way: call it less often, with less to do, or keep its result.",
      };
    }),
  );
}
