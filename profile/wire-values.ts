/** Checks of single values from outside: JSON that claims to be a message of ours may hold anything. */

export function rowsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The members of an object; an empty record for anything else. Read by known keys only. */
export function membersOf<T>(value: T): { readonly [K in keyof T]?: unknown } {
  return typeof value === "object" && value !== null ? value : {};
}

/** An integer from 0 up to `limit`, exclusive; -1 for all else. */
export function indexBelow(value: unknown, limit: number): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit ? value : -1;
}

/** A finite number; NaN for all else. */
export function change(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}

/** A finite number that is not negative; -1 for all else. */
export function amount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : -1;
}

/** A 1-based line or column as the recording keeps it: at most 2^31 - 1; 0 for all else. */
export function lineOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 2 ** 31 ? value : 0;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A finite number, else `otherwise`. */
export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

/** "0x…" of at most 64 bits in two halves; zeros for all else. */
export function addressHalves(value: unknown): { high: number; low: number } {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{1,16}$/.test(value)) return { high: 0, low: 0 };
  const digits = value.slice(2).padStart(16, "0");
  return { high: Number.parseInt(digits.slice(0, 8), 16) | 0, low: Number.parseInt(digits.slice(8), 16) | 0 };
}
