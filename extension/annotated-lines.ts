/** The columns that stand before the lines of an annotated function. Pure, so that the tests need no editor. */
import type { EventUnit } from "../protocol/events.js";
import type { AnnotatedFunction } from "../protocol/queries.js";

/** What stands before a line, as wide as before all others. `text` is blank where the line costs nothing. */
export interface AnnotatedLine {
  readonly lineIndex: number;
  readonly text: string;
}

const HEADINGS = ["self", "total", "share"] as const;
/** Blanks at a line's beginning would be drawn as none. */
const BLANK = "\u00a0";

/** One for each line of the function; the first says what the columns are where it costs nothing itself. */
export function annotatedLines({ startLine, endLine, lines, unit, total }: AnnotatedFunction): readonly AnnotatedLine[] {
  const costs = new Map(
    lines.map((line) => [line.lineIndex, [amount(line.self, unit), amount(line.total, unit), share(line.total, total)]]),
  );
  const cells = [...costs.values(), [...HEADINGS]];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return Array.from({ length: endLine - startLine + 1 }, (_, index) => {
    const row = costs.get(startLine + index) ?? (index === 0 ? [...HEADINGS] : ["", "", ""]);
    const text = row.map((cell, column) => cell.padStart(widths[column] ?? 0, BLANK)).join(BLANK.repeat(2));
    return { lineIndex: startLine + index, text: `${text.replaceAll(" ", BLANK)}${BLANK}│${BLANK}` };
  });
}

function share(part: number, whole: number): string {
  if (!(whole > 0) || part === 0) return "";
  const percent = (100 * part) / whole;
  return percent < 0.05 ? "<0.1 %" : `${percent.toFixed(1)} %`;
}

function amount(value: number, unit: EventUnit): string {
  if (value === 0) return "0";
  const steps = unit === "ns" ? ["ns", "µs", "ms", "s"] : ["B", "kB", "MB", "GB", "TB"];
  let [left, step] = [value, 0];
  while (Math.abs(left) >= 999.5 && step < steps.length - 1) [left, step] = [left / 1000, step + 1];
  return `${left.toFixed(Math.abs(left) >= 99.95 || step === 0 ? 0 : Math.abs(left) >= 9.995 ? 1 : 2)} ${steps[step]}`;
}
