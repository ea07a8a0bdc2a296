/** The table of `flameline diff`, for people. */
import type { Change, Measure } from "../profile/difference.js";
import { EVENT_UNITS, type EventName, type EventUnit } from "../protocol/events.js";
import { SHORTEST_JUDGED_SECONDS } from "../protocol/queries.js";
import { type DiffRow, type DiffSide, type DiffTable, isChanged } from "./diff-rows.js";
import { amount, grouped, percent, secondsText } from "./numbers.js";
import { aligned, shortPath } from "./text-table.js";

/** Rows of the text table; `--json` has them all. */
const SHOWN_ROWS = 40;

export interface DiffWords {
  readonly table: DiffTable;
  readonly event: EventName;
  readonly by: "line" | "function";
  readonly cost: "self" | "total";
  readonly names: Readonly<Record<"base" | "next", string>>;
  readonly sides: Readonly<Record<"base" | "next", DiffSide>>;
  readonly cwd: string;
}

const MEASURES: Readonly<Record<Measure, string>> = {
  second: "in each second of wall time",
  share: "as a share of all",
  run: "in the whole run",
};

export function diffText({ table, event, by, cost, names, sides, cwd }: DiffWords): string {
  const unit = EVENT_UNITS[event];
  const { measure, untold, rows, total } = table;
  const side = (name: "base" | "next"): string => {
    const sum = table[name].sums.reduce((all, value) => all + value, 0);
    const { lost } = sides[name].recording.loss;
    return `${name === "base" ? "base" : "new "}  ${names[name]}: ${amount(sum, unit)} in ${secondsText(table[name].durationNs / 1e9)}${lost > 0 ? `, ${grouped(lost)} samples lost` : ""}`;
  };
  const changed = rows.filter(isChanged);
  const shown = rows.slice(0, SHOWN_ROWS);
  const more = rows.length - shown.length;
  const columns = by === "line" ? ["line", "in"] : ["function", ""];
  const head = ["base", "new", "change", "", "95% interval", "", ...columns];
  const lines = aligned([head, ...shown.map((row) => cells(row, measure, unit, by, cwd))], 5);
  return [
    `${event}, ${cost}, ${MEASURES[measure]}`,
    side("base"),
    side("next"),
    ...(total === undefined ? [] : [`all   ${changeWords(total, measure, unit)}`]),
    "",
    untold === undefined
      ? `${grouped(changed.length)} of ${grouped(rows.length)} ${by}s changed by more than noise within the recordings (at most 5% of these are expected to be noise).`
      : UNTOLD[untold],
    "",
    ...lines,
    ...(more > 0
      ? [`… and ${grouped(more)} more, ${grouped(rows.slice(SHOWN_ROWS).filter(isChanged).length)} of them changed; --json lists them all.`]
      : []),
    "",
  ].join("\n");
}

const UNTOLD: Readonly<Record<NonNullable<DiffTable["untold"]>, string>> = {
  short: `Too short to tell change from noise: record at least ${SHORTEST_JUDGED_SECONDS} s on each side.`,
  untimed: "The samples have no times, so change can't be told from noise: record with flameline on each side.",
  unsteady: "Memory comes and goes at no steady rate, so one run can't tell change from noise: compare several.",
  empty: "One side has no samples of this event.",
};

/** "1.02 s/s → 1.10 s/s, +80.1 ms/s (+7.8%), 95% interval +5.1% to +10.2%: more". */
function changeWords(change: Change, measure: Measure, unit: EventUnit): string {
  const ends = interval(change, measure, unit);
  const relative = change.relative === null ? "" : ` (${signedPercent(change.relative)})`;
  return (
    `${value(change.base, measure, unit)} → ${value(change.next, measure, unit)}, ${signed(change.change, measure, unit)}${relative}` +
    (ends === "" ? "" : `, 95% interval ${ends}: ${VERDICTS[change.verdict]}`)
  );
}

const VERDICTS: Readonly<Record<Change["verdict"], string>> = {
  more: "▲ more",
  less: "▼ less",
  noise: "noise",
  few: "too few",
  untold: "",
};

function cells(row: DiffRow, measure: Measure, unit: EventUnit, by: "line" | "function", cwd: string): readonly string[] {
  const file = row.file ?? row.recordedFile;
  const place = file === "" ? "" : `${shortPath(file, cwd)}${row.line === null ? "" : `:${row.line}`}`;
  const where = by === "function" ? [row.function, place] : place === "" ? [row.function, ""] : [place, row.function];
  return [
    value(row.base, measure, unit),
    value(row.next, measure, unit),
    signed(row.change, measure, unit),
    row.relative === null ? "new" : row.next === 0 ? "gone" : signedPercent(row.relative),
    interval(row, measure, unit),
    VERDICTS[row.verdict],
    ...where,
  ];
}

/** In percent of the base where that has bounds. */
function interval({ low, high, relativeLow, relativeHigh }: Change, measure: Measure, unit: EventUnit): string {
  if (relativeLow !== null && relativeHigh !== null) return `${signedPercent(relativeLow)} to ${signedPercent(relativeHigh)}`;
  return low === null || high === null ? "" : `${signed(low, measure, unit)} to ${signed(high, measure, unit)}`;
}

function value(measured: number, measure: Measure, unit: EventUnit): string {
  if (measure === "share") return percent(measured);
  return `${amount(measured, unit)}${measure === "second" ? "/s" : ""}`;
}

function signed(change: number, measure: Measure, unit: EventUnit): string {
  return `${change < 0 ? "-" : "+"}${value(Math.abs(change), measure, unit)}`;
}

function signedPercent(share: number): string {
  if (share >= 9.995) return `×${grouped(Math.round(share + 1))}`;
  return `${share < 0 ? "-" : "+"}${percent(Math.abs(share))}`;
}

export function unclearNote(files: readonly string[], cwd: string): string {
  const names = [...new Set(files.map((file) => shortPath(file, cwd)))];
  const some = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${grouped(names.length - 3)} more` : "";
  return (
    `The text that ran is not known of ${some}${more}: written since, and not kept with the profile. ` +
    "Lines there are added up by function; compare recordings that VS Code has kept, which hold their texts."
  );
}
