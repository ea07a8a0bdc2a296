/** What recording costs, as a share of the machine. Pure. */
import type { CostAccount } from "../../protocol/helper.js";

export interface CostReading {
  /** ns since the recording's start. */
  readonly timeNs: number;
  readonly cost: CostAccount;
}

/** CPU time of BPF, helper and symbolizer between two readings, of all the CPU time that the processors had: 0 to 1. */
export function ownShare(earlier: CostReading, later: CostReading, processors: number): number {
  const available = (later.timeNs - earlier.timeNs) * processors;
  return available <= 0 ? 0 : Math.max(spentNs(later.cost) - spentNs(earlier.cost), 0) / available;
}

function spentNs({ bpfNs, helperCpuNs, symbolizerCpuNs }: CostAccount): number {
  // -1: the kernel does not say what BPF took; the helper's own time is still worth showing.
  return Math.max(bpfNs, 0) + helperCpuNs + symbolizerCpuNs;
}
