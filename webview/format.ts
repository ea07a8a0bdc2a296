import type { EventName, EventUnit } from "../protocol/events.js";

/** A value of an event in words, three significant digits: `3.21 ms`, `1.50 MB`. "–" for what is no number. */
export function formatValue(value: number, unit: EventUnit): string {
  if (!Number.isFinite(value)) return "–";
  return unit === "ns" ? formatNs(value) : scaled(value, 1000, ["bytes", "kB", "MB", "GB", "TB"]);
}

/** Time in each second of a selection: `waits 1.92 s in each second`. Threads add up. */
export function formatRate(ns: number, overNs: number): string {
  return `waits ${formatValue((1e9 * ns) / overNs, "ns")} in each second`;
}

/** A share of one as percent: `12.3 %`; tiny shares say so instead of `0.00 %`. */
export function formatShare(part: number, whole: number): string {
  if (!(whole > 0) || !Number.isFinite(part)) return "–";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.01) return "< 0.01 %";
  return `${percent >= 99.95 ? Math.round(percent) : percent.toFixed(percent >= 9.995 ? 1 : 2)} %`;
}

/** `1 sample`, `12,345 samples`. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${Math.round(count).toLocaleString("en-US")} ${count === 1 ? singular : plural}`;
}

/** What the values of an event are, to stand after "of": `3.2 s of CPU time`. */
export const EVENT_WORDS: Readonly<Record<EventName, string>> = {
  cpu: "CPU time",
  off_cpu: "waiting time",
  memory: "memory growth",
  io_read: "data read",
  io_write: "data written",
  net_send: "data sent",
  net_recv: "data received",
  alloc: "memory allocated",
  heap: "memory held",
};

function formatNs(ns: number): string {
  const seconds = Math.round(ns / 1e9);
  if (seconds >= 120) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let left = value;
  let unit = 0;
  while (Math.abs(left) >= step * 0.9995 && unit < units.length - 1) {
    left /= step;
    unit++;
  }
  const digits = unit === 0 || Math.abs(left) >= 99.95 ? 0 : Math.abs(left) >= 9.995 ? 1 : 2;
  return `${left.toFixed(digits)} ${units[unit]}`;
}
