import { COUNT_NAMES, type CountName } from "../protocol/events.js";
import { amount } from "./wire-values.js";

/** What was counted of one process, or of one file or peer in it. */
export interface Count {
  /** Index into the processes. */
  readonly process: number;
  readonly kind: CountName;
  /** The file or peer in brackets; "" for the whole process. */
  readonly subject: string;
  readonly calls: number;
  readonly bytes: number;
}

/** The sums of the counts of a recording. */
export class CountTable {
  readonly #rows = new Map<string, Count>();

  get rows(): readonly Count[] {
    return [...this.#rows.values()];
  }

  add({ process, kind, subject, calls, bytes }: Count): void {
    const key = `${process} ${kind} ${subject}`;
    const known = this.#rows.get(key);
    this.#rows.set(key, { process, kind, subject, calls: calls + (known?.calls ?? 0), bytes: bytes + (known?.bytes ?? 0) });
  }
}

/** A row from outside, its members in the order of {@link Count}; undefined where it can't be read. */
export function readCount(row: readonly unknown[]): Count | undefined {
  const [of, name, subject] = row;
  const [process, calls, bytes] = [amount(of), amount(row[3]), amount(row[4])];
  const kind = COUNT_NAMES.find((known) => known === name);
  if (kind === undefined || typeof subject !== "string" || Math.min(process, calls, bytes) < 0) return undefined;
  return { process, kind, subject, calls, bytes };
}
