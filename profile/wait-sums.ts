import { WAIT_CLASSES } from "../protocol/events.js";
import type { Selection, WaitRow } from "../protocol/queries.js";
import { forEachSelectedSum } from "./selection.js";
import type { RecordingTables } from "./tables.js";
import { waitTable } from "./waits.js";

/** The selection's waits by class, the longest first; those without a class (other tools' profiles have none) are left out. */
export function waitSums(recording: RecordingTables, selection: Selection): WaitRow[] {
  if (selection.event !== "off_cpu") return [];
  const table = waitTable(recording);
  const sums = new Float64Array(WAIT_CLASSES.length + 1);
  forEachSelectedSum(recording, selection, (_, stack, value) => {
    const at = table.classOf(stack) + 1;
    sums[at] = (sums[at] ?? 0) + value;
  });
  return sortedSums(sums.subarray(1));
}

/** Sums by index into WAIT_CLASSES as rows, the longest first, without those of nothing. */
export function sortedSums(sums: Float64Array): WaitRow[] {
  const rows = WAIT_CLASSES.map((waits, index) => ({ waits, total: sums[index] ?? 0 }));
  return rows.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total);
}
