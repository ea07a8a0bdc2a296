import { inPieces, type Steps } from "../profile/steps.js";
import { untoldWords } from "../profile/verdict-words.js";
import { type TreeColumns, type TreeDifference, VERDICTS, type Verdict } from "../protocol/queries.js";
import type { EventUnit } from "../protocol/events.js";
import { bytesOf } from "./column-bytes.js";
import { formatShare, formatValue } from "./format.js";

/** What a box's colour says: how much less or more it is than in the base, no more than noise, or not judged. */
export const CHANGE_KINDS = ["less2", "less1", "same", "more1", "more2", "few"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Relative change from which a box has the stronger colour. More than two strengths can't be told apart by everybody. */
const STRONG = 0.5;

/** Stands before a name, so that more and less can be told apart without colours. */
export const CHANGE_MARKS: readonly string[] = ["▼ ", "▼ ", "", "▲ ", "▲ ", ""];

/** A tree's difference from its base, by node; all values in the tree's unit, scaled as `scale` says. */
export interface NodeDifference extends Pick<TreeDifference, "measure" | "scale" | "untold"> {
  readonly base: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly verdict: Int32Array;
  /** Index into {@link CHANGE_KINDS}. */
  readonly kinds: Uint8Array;
}

/** Undefined for a tree of one recording, and where the columns are not as long as the tree. */
export function* decodeDifference({ difference, nodes }: TreeColumns, value: Float64Array): Steps<NodeDifference | undefined> {
  if (difference === undefined) return undefined;
  const [baseBytes, lowBytes, highBytes, verdictBytes] = [
    yield* bytesOf(difference.base, nodes * 8),
    yield* bytesOf(difference.low, nodes * 8),
    yield* bytesOf(difference.high, nodes * 8),
    yield* bytesOf(difference.verdict, nodes * 4),
  ];
  if (baseBytes === undefined || lowBytes === undefined || highBytes === undefined || verdictBytes === undefined) return undefined;
  const [base, low, high] = [new Float64Array(baseBytes), new Float64Array(lowBytes), new Float64Array(highBytes)];
  const verdict = new Int32Array(verdictBytes);
  const { measure, scale, untold } = difference;
  const kinds = new Uint8Array(value.length);
  yield* inPieces(value.length, (from, to) => {
    for (let node = from; node < to; node++) {
      kinds[node] = kindOf(base[node] ?? 0, value[node] ?? 0, VERDICTS[verdict[node] ?? -1] ?? "few");
    }
  });
  return { measure, scale, untold, base, low, high, verdict, kinds };
}

/** Without a verdict for the whole tree the colours say what changed, and the page that it may be noise. */
function kindOf(base: number, mean: number, verdict: Verdict): number {
  if (verdict === "few") return CHANGE_KINDS.indexOf("few");
  const change = 2 * (mean - base);
  if (verdict === "noise" || change === 0) return CHANGE_KINDS.indexOf("same");
  const relative = base > 0 ? Math.abs(change) / base : Number.POSITIVE_INFINITY;
  return CHANGE_KINDS.indexOf("same") + Math.sign(change) * (relative >= STRONG ? 2 : 1);
}

/** "117 ms/s → 147 ms/s, +25.4 % (+8.3 % to +43.4 %): more"; `mean` is the node's value. */
export function changeWords(difference: NodeDifference, node: number, mean: number, unit: EventUnit): string {
  const base = difference.base[node] ?? 0;
  const next = Math.max(0, 2 * mean - base);
  const [low, high] = [difference.low[node] ?? Number.NaN, difference.high[node] ?? Number.NaN];
  const value = (measured: number): string => measuredWords(difference, measured, unit);
  const signed = (change: number): string =>
    base > 0 ? percentWords(change / base) : `${change < 0 ? "−" : "+"}${value(Math.abs(change))}`;
  const change = base === 0 ? "only in the new one" : next <= base * 1e-9 ? "only in the base" : signed(next - base);
  const ends = Number.isNaN(low) || Number.isNaN(high) ? "" : ` (95 % interval ${signed(low)} to ${signed(high)})`;
  const verdict = VERDICTS[difference.verdict[node] ?? -1] ?? "few";
  // Of so many boxes some have such an interval without any change.
  const words =
    verdict === "noise" && (low > 0 || high < 0) ? "may be chance, as one of many boxes" : verdictWords(verdict, difference.untold);
  return `${value(base)} → ${value(next)}, ${change}${ends}: ${words}`;
}

export function verdictWords(verdict: Verdict, untold: NodeDifference["untold"]): string {
  return verdict === "untold" ? untoldWords(untold) : VERDICT_WORDS[verdict];
}

const VERDICT_WORDS: Readonly<Record<Exclude<Verdict, "untold">, string>> = {
  more: "more",
  less: "less",
  noise: "no more than noise",
  few: "too small to judge",
};

/** A value in each second, or as a share of the whole. */
export function measuredWords({ measure, scale }: Pick<NodeDifference, "measure" | "scale">, value: number, unit: EventUnit): string {
  return measure === "share" ? formatShare(value, scale) : `${formatValue(scale > 0 ? value / scale : 0, unit)}/s`;
}

/** "+25.4 %", "−3.0 %", "×12". */
export function percentWords(relative: number): string {
  if (relative >= 9.995) return `×${Math.round(relative + 1).toLocaleString("en-US")}`;
  return `${relative < 0 ? "−" : "+"}${(100 * Math.abs(relative)).toFixed(1)} %`;
}
