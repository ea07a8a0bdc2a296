import type { Allocations } from "../protocol/helper.js";
import { amount, membersOf } from "./wire-values.js";

/** What a recording says of how long allocations were followed, and at what price. `durationNs` is how long it was. */
export function allocationsSentence(closed: Allocations, durationNs: number): string {
  const { reason, seconds, calls, share, lost } = membersOf(closed);
  const took = `${(Math.max(amount(share), 0) * 100).toFixed(1)} % of the machine for ${Math.max(amount(calls), 0).toLocaleString("en")} calls`;
  const time = `${(Math.max(durationNs, 0) / 1e9).toFixed(1)} s`;
  const untold = amount(lost) > 0 ? ` Of ${amount(lost).toLocaleString("en")} blocks is not known whether they were freed.` : "";
  return reason === "cost"
    ? `Allocations were followed for ${time} of ${amount(seconds)} s only, as it took more than 5 % of the machine: ${took}.${untold}`
    : `Allocations were followed for ${time}, which took ${took}.${untold}`;
}
