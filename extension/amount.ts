import type { EventUnit } from "../protocol/events.js";

/** A value of an event: "340 ms", "12 s", "3.4 MB". */
export function amount(value: number, unit: EventUnit): string {
  const steps = unit === "ns" ? (["ns", "µs", "ms", "s"] as const) : (["B", "kB", "MB", "GB"] as const);
  let [scaled, step] = [value, 0];
  while (step < steps.length - 1 && scaled >= 999.5) {
    scaled /= 1000;
    step++;
  }
  return `${scaled >= 9.95 || step === 0 ? Math.round(scaled) : Number(scaled.toFixed(1))} ${steps[step]}`;
}

/** An amount of time in each second: "340 ms/s", "1.9 s/s". */
export function rate(ns: number, overNs: number): string {
  const perSecond = overNs > 0 ? (1e9 * ns) / overNs : 0;
  return `${amount(perSecond, "ns")}/s`;
}
