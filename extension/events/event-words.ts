/** What events are called, and what the status bar and the lists say of the one that is shown. Pure. */
import { EVENT_UNITS, GROWTH_EVENTS, type EventName } from "../../protocol/events.js";
import type { ClientNotifications } from "../../protocol/language-server.js";
import type { TableScope } from "../../protocol/queries.js";
import { amount } from "../amount.js";

/** `short` stands in the status bar, `question` in the list to choose from. */
export const EVENT_NAMES: Readonly<Record<EventName, { readonly short: string; readonly question: string; readonly icon: string }>> = {
  cpu: { short: "CPU time", question: "What burns the processor", icon: "flame" },
  off_cpu: { short: "Waiting", question: "What waits, and for what", icon: "watch" },
  memory: { short: "Memory", question: "What makes the process grow", icon: "database" },
  io_read: { short: "Data read", question: "Who reads from files", icon: "arrow-down" },
  io_write: { short: "Data written", question: "Who writes to files", icon: "arrow-up" },
  net_send: { short: "Data sent", question: "Who sends to the network", icon: "cloud-upload" },
  net_recv: { short: "Data received", question: "Who receives from the network", icon: "cloud-download" },
  alloc: { short: "Allocated", question: "Who asks for memory", icon: "package" },
  heap: { short: "Heap", question: "Who asked for memory and holds it", icon: "layers" },
};

/** What a selection leaves out, in a sentence. */
export function leftOutText(event: EventName, leftOut: number): string {
  const sum = amount(leftOut, EVENT_UNITS[event]);
  return GROWTH_EVENTS.has(event)
    ? `${sum} were given back by what took them earlier than what is shown.`
    : `${sum} of waits are left out: threads with nothing to do.`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** What processes hold, a line each: "python3 (12): 45 MB resident, 52 MB at most  ▁▂▅▇"; the bars go from nothing to the most of all of them. */
export function memoryText(processes: NonNullable<ClientNotifications["flameline/changed"]["memory"]>): string[] {
  const top = Math.max(...processes.map(({ most }) => most), 1);
  const bar = (bytes: number): string =>
    bytes > 0 ? (BARS[Math.min(Math.floor((BARS.length * bytes) / top), BARS.length - 1)] ?? "") : "·";
  return processes.map(
    ({ pid, name, last, most, resident }) =>
      `${name} (${pid}): ${amount(last, "bytes")} resident, ${amount(most, "bytes")} at most  ${resident.map(bar).join("")}`,
  );
}

export function isEvent(value: unknown): value is EventName {
  return typeof value === "string" && Object.hasOwn(EVENT_UNITS, value);
}

/** Beside the title of the list: "Waiting · 12 s over 8 s · 30 s idle left out", "Memory · 12 MB over 8 s · 3 MB shrank". */
export function scopeText({ event, total, durationNs, leftOut, range = "" }: TableScope): string {
  const over = range !== "" ? ` of ${range}` : durationNs > 0 ? ` over ${amount(durationNs, "ns")}` : "";
  const left = leftOut > 0 ? ` · ${amount(leftOut, EVENT_UNITS[event])} ${GROWTH_EVENTS.has(event) ? "shrank" : "idle left out"}` : "";
  return `${EVENT_NAMES[event].short} · ${amount(total, EVENT_UNITS[event])}${over}${left}`;
}

/** The events of a setting, without what is no event and without repetitions; CPU time where none is left. */
export function chosenEvents(setting: readonly unknown[]): readonly EventName[] {
  const events = [...new Set(setting)].filter(isEvent);
  return events.length === 0 ? ["cpu"] : events;
}
