import type { EventName } from "../../protocol/events.js";
import { EVENTS } from "../names.js";

export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

/** Which of a file's values are read, and as what. */
export interface ChosenColumns {
  /** `index` of the value, its event, and what one unit of it is in the event's unit. */
  readonly columns: readonly { readonly index: number; readonly event: EventName; readonly scale: number }[];
  /** Index of the value that counts samples; -1 where none does. */
  readonly countIndex: number;
  /** Samples a second as the period tells; 0 where it does not. */
  readonly hz: number;
  readonly warnings: readonly string[];
}

/** What one sample stands for where a file only counts them and names no period: 100 a second is the custom. */
export const ASSUMED_PERIOD_NS = 1e7;

export const TIME_UNITS = new Map([
  ["nanoseconds", 1],
  ["ns", 1],
  ["microseconds", 1e3],
  ["us", 1e3],
  ["milliseconds", 1e6],
  ["ms", 1e6],
  ["seconds", 1e9],
  ["s", 1e9],
]);
export const BYTE_UNITS = new Map([
  ["bytes", 1],
  ["byte", 1],
  ["kilobytes", 1024],
  ["megabytes", 1024 ** 2],
]);
/** What heap profiles call events that have another name here: Go's, tcmalloc's and jemalloc's. */
export const PPROF_NAMES: Readonly<Partial<Record<EventName, string>>> = { alloc: "alloc_space", heap: "inuse_space" };

/** Names of other tools for time that is waited: Go's block and mutex profiles, Parca, Pyroscope. */
const WAITING = new Set(["delay", "offcpu", "off-cpu", "lock_time", "block_time", "wait", "idle"]);

/** Chooses values by type and unit. Several for one event: the file's default one, else the last, as `go tool pprof` does. */
export function chooseColumns(
  types: readonly ValueType[],
  options: { readonly defaultType: string; readonly periodNs: number },
): ChosenColumns {
  const columns = new Map<EventName, ChosenColumns["columns"][number]>();
  const warnings: string[] = [];
  const left: string[] = [];
  const named = new Map<EventName, string>();
  types.forEach((type, index) => {
    const meaning = meaningOf(type);
    if (meaning === undefined) return;
    const known = named.get(meaning.event);
    // Time on the processor says more than time on the wall beside it, whichever comes last.
    const isBetter = known === "cpu" && type.type === "wall" && options.defaultType !== "wall";
    if (known !== undefined && (known === options.defaultType || isBetter)) {
      left.push(type.type);
      return;
    }
    if (known !== undefined) left.push(known);
    named.set(meaning.event, type.type);
    columns.set(meaning.event, { index, ...meaning });
  });
  const countIndex = types.findIndex(({ type, unit }) => unit === "count" && (type === "samples" || type === "sample"));
  const hz = options.periodNs > 0 ? 1e9 / options.periodNs : 0;
  if (columns.size === 0 && types.length > 0) {
    const byName = types.findIndex(({ type }) => type === options.defaultType);
    const index = byName >= 0 ? byName : countIndex >= 0 ? countIndex : types.length - 1;
    const scale = options.periodNs > 0 ? options.periodNs : ASSUMED_PERIOD_NS;
    columns.set("cpu", { index, event: "cpu", scale });
    if (options.periodNs === 0) {
      warnings.push(`The file counts ${types[index]?.type || "samples"} and names no period; each is shown as 10 ms of CPU time.`);
    }
  }
  if (types.length === 0) warnings.push("The file names no kind of value, so nothing in it could be read as cost.");
  if (left.length > 0) warnings.push(`The file also holds ${left.join(", ")}, which ${left.length === 1 ? "is" : "are"} not shown.`);
  const wall = types.find(({ type }) => type === "wall");
  if (wall !== undefined && named.get("cpu") === "wall") warnings.push("The file holds wall-clock time, which is shown as CPU time.");
  return { columns: EVENTS.flatMap((event) => columns.get(event) ?? []), countIndex, hz, warnings };
}

function meaningOf({ type, unit }: ValueType): { event: EventName; scale: number } | undefined {
  const own = EVENTS.find((event) => event === type || PPROF_NAMES[event] === type);
  const time = TIME_UNITS.get(unit);
  if (time !== undefined) return { event: own ?? (WAITING.has(type) ? "off_cpu" : "cpu"), scale: time };
  const bytes = BYTE_UNITS.get(unit);
  if (bytes !== undefined) return { event: own ?? "memory", scale: bytes };
  return undefined;
}
