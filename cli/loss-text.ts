import type { LossCounts } from "../protocol/helper.js";
import { grouped } from "./numbers.js";

/** What is missing, as short phrases: lost samples and those with a leaf only always, the rest where there is any. */
export function lossPhrases({
  lost,
  leafOnly,
  truncated,
  broken,
  unresolvedFrames,
  waits = 0,
  waitStacks = 0,
  unlabelled = 0,
  unread = 0,
}: LossCounts): string[] {
  const rest: [number, string][] = [
    [truncated, "truncated"],
    [broken, "broken"],
    [unresolvedFrames, "frames without a name"],
    [unlabelled, "without their task's labels"],
    [unread, "processes not read yet within the budget"],
  ];
  const shown = rest.filter(([count]) => count > 0).map(([count, words]) => `${words} ${grouped(count)}`);
  const thinned = waits > waitStacks ? [`stacks of ${grouped(waitStacks)} of ${grouped(waits)} waits`] : [];
  return [`lost ${grouped(lost)}`, `leaf only ${grouped(leafOnly)}`, ...shown, ...thinned];
}
