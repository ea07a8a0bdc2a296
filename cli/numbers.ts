/** Numbers as people read them. */
import type { EventUnit } from "../protocol/events.js";

/** 1234567 → "1,234,567" */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** 12_345_678 ns → "12.3 ms"; 4_500_000 bytes → "4.50 MB". Three digits. */
export function amount(value: number, unit: EventUnit): string {
  const steps = unit === "ns" ? (["ns", "µs", "ms", "s"] as const) : (["B", "KB", "MB", "GB"] as const);
  let scaled = value;
  let step = 0;
  while (step < steps.length - 1 && scaled >= 999.5) {
    scaled /= 1_000;
    step++;
  }
  const digits = step === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${digits === 0 ? grouped(Math.round(scaled)) : scaled.toFixed(digits)} ${steps[step] ?? ""}`;
}

/** 0.1234 → "12.3%" */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

/** 12.34 → "12.3 s" */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
