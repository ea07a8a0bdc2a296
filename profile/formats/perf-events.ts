import type { EventName } from "../../protocol/events.js";
import { ASSUMED_PERIOD_NS } from "./sample-types.js";

/** What an event of perf is shown as: its period times `scale`, or `otherwise` where the file has no periods. */
export interface ShownEvent {
  readonly event: EventName;
  readonly scale: number;
  readonly otherwise: number;
}

const CLOCKS = ["cpu-clock", "task-clock"];
const FAULTS = ["page-faults", "faults", "minor-faults", "major-faults"];
const PAGE_BYTES = 4096;
const MANY = 5;

/** Chooses what is shown of a recording's events: each of ours at most once, the clock before the cycles. */
export function chooseEvents(found: readonly { readonly name: string; readonly samples: number; readonly withPeriod: number }[]): {
  /** By index of the event; `undefined` where it is not shown. */
  readonly shown: readonly (ShownEvent | undefined)[];
  readonly sentences: readonly string[];
} {
  const shown: (ShownEvent | undefined)[] = found.map(() => undefined);
  const sentences: string[] = [];
  const indexOf = (names: readonly string[]): number => found.findIndex(({ name }) => names.includes(name));
  const clock = indexOf(CLOCKS);
  const faults = indexOf(FAULTS);
  if (faults >= 0) shown[faults] = { event: "memory", scale: PAGE_BYTES, otherwise: PAGE_BYTES };
  const cycles = found.findIndex(({ name }) => /(^|\/)(cpu-|ref-)?cycles\b/.test(name));
  const counted = clock >= 0 ? -1 : cycles >= 0 ? cycles : faults >= 0 ? -1 : found.length > 0 ? 0 : -1;
  const time = Math.max(clock, counted);
  if (time >= 0) {
    shown[time] = { event: "cpu", scale: 1, otherwise: ASSUMED_PERIOD_NS };
    const { name, withPeriod } = found[time] ?? { name: "", withPeriod: 0 };
    if (withPeriod === 0) sentences.push("The file names no periods; each sample is shown as 10 ms of CPU time.");
    else if (clock < 0)
      sentences.push(`The file counts ${brief(name)}; each is shown as 1 ns of CPU time, so shares are right and seconds are not.`);
  }
  const left = found.filter((_, index) => shown[index] === undefined);
  if (left.length > 0) {
    const names = left.slice(0, MANY).map(({ name, samples }) => `${brief(name)} (${samples})`);
    const more = left.length > MANY ? ` and ${left.length - MANY} more` : "";
    sentences.push(`The file also holds samples of ${names.join(", ")}${more}, which are not shown.`);
  }
  return { shown, sentences };
}

function brief(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
