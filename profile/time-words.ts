import type { TimeRange } from "../protocol/queries.js";

/** "12.3 s to 14.1 s"; an end that is open is the recording's own. Empty where the range is everything. */
export function rangeWords({ fromNs, toNs }: TimeRange, durationNs: number): string {
  if (fromNs === undefined && toNs === undefined) return "";
  const from = Math.max(0, fromNs ?? 0);
  const to = toNs ?? durationNs;
  return `${timeWords(from, (to - from) / 100)} to ${timeWords(to, (to - from) / 100)}`;
}

/** A time since the start, exact to `stepNs`: "340 ms" is "0.34 s"; "2 min 3.4 s", "1 h 2 min 3 s". */
export function timeWords(ns: number, stepNs: number): string {
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(Math.max(1, stepNs) / 1e9) - 1e-9)));
  // Rounded first: 119.99 s is 2 min.
  const rounded = Number((ns / 1e9).toFixed(digits));
  const whole = Math.floor(rounded);
  const rest = Number((rounded - whole).toFixed(digits));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (rounded < 120) return `${Number(rounded.toFixed(digits))} s`;
  const seconds = `${Number(((whole % 60) + rest).toFixed(digits))} s`;
  const parts = [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", seconds === "0 s" ? "" : seconds];
  return parts.filter((part) => part !== "").join(" ");
}
