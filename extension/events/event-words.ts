/** What events are called, and what the status bar and the lists say of the one that is shown. Pure. */
import { EVENT_UNITS, type EventName } from "../../protocol/events.js";
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
};

export function isEvent(value: unknown): value is EventName {
  return typeof value === "string" && Object.hasOwn(EVENT_UNITS, value);
}

/** Beside the title of the list: "Waiting · 12 s over 8 s · 30 s idle left out". */
export function scopeText({ event, total, durationNs, idle }: TableScope): string {
  const over = durationNs > 0 ? ` over ${amount(durationNs, "ns")}` : "";
  const left = idle > 0 ? ` · ${amount(idle, "ns")} idle left out` : "";
  return `${EVENT_NAMES[event].short} · ${amount(total, EVENT_UNITS[event])}${over}${left}`;
}

/** The events of a setting, without what is no event and without repetitions; CPU time where none is left. */
export function chosenEvents(setting: readonly unknown[]): readonly EventName[] {
  const events = [...new Set(setting)].filter(isEvent);
  return events.length === 0 ? ["cpu"] : events;
}
