import type { EventName, EventUnit } from "../protocol/events.js";

const EVENT_WORDS: Readonly<Record<EventName, string>> = {
  cpu: "CPU",
  off_cpu: "waiting",
  memory: "memory growth",
  io_read: "bytes read",
  io_write: "bytes written",
  net_send: "bytes sent",
  net_recv: "bytes received",
  alloc: "bytes allocated",
  heap: "bytes held",
};

/** What a line does with what it transfers, and what its files and peers are then; undefined for other events. */
const TRANSFER_WORDS: Partial<Readonly<Record<EventName, { readonly does: string; readonly subjects: string }>>> = {
  io_read: { does: "reads", subjects: "Read from" },
  io_write: { does: "writes", subjects: "Written to" },
  net_send: { does: "sends", subjects: "Sent to" },
  net_recv: { does: "receives", subjects: "Received from" },
};

export function transferWords(event: EventName): { readonly does: string; readonly subjects: string } | undefined {
  return TRANSFER_WORDS[event];
}

/** What an event counts, as it reads in "38 % of …". */
export function eventWords(event: EventName): string {
  return EVENT_WORDS[event];
}

/** A share (0 to 1) as a percentage with two significant digits: "38 %", "3.8 %", "0.4 %"; "< 0.1 %" below that, "0 %" for nothing. */
export function percent(share: number): string {
  const value = share * 100;
  if (!(value > 0)) {
    return "0 %";
  }
  if (value < 0.05) {
    return "< 0.1 %";
  }
  return `${value >= 9.95 ? Math.round(value) : value.toFixed(1)} %`;
}

/** A duration in words: "350 ms", "8 s", "2 min 5 s", "3 h 2 min". */
export function duration(ns: number): string {
  const seconds = ns / 1e9;
  if (seconds < 0.0005) {
    return ns > 0 ? "< 1 ms" : "0 ms";
  }
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 9.95) {
    return `${Number(seconds.toFixed(1))} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return join(Math.floor(whole / 60), "min", whole % 60, "s");
  }
  return join(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

/** An amount of time in each second: "340 ms/s", "4.2 ms/s", "1.9 s/s"; "< 0.1 ms/s" for next to nothing. */
export function rate(ns: number, overNs: number): string {
  const milliseconds = overNs > 0 ? (1e3 * ns) / overNs : 0;
  if (milliseconds >= 999.5) {
    return `${(milliseconds / 1e3).toFixed(milliseconds >= 9950 ? 0 : 1)} s/s`;
  }
  if (milliseconds < 0.05) {
    return milliseconds > 0 ? "< 0.1 ms/s" : "0 ms/s";
  }
  return `${milliseconds >= 9.95 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms/s`;
}

/** A value with its unit: a duration, or bytes as "1.2 MB". */
export function quantity(value: number, unit: EventUnit): string {
  if (unit === "ns") {
    return duration(value);
  }
  for (const [size, name] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (value >= size) {
      return `${Number((value / size).toFixed(value >= 10 * size ? 0 : 1))} ${name}`;
    }
  }
  return `${Math.round(value)} B`;
}

/** "1 process", "3 processes". */
export function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
