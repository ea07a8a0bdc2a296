import { rangeWords } from "../profile/time-words.js";
import { type BaselineSummary, type RecordingSummary, SHORTEST_JUDGED_SECONDS } from "../protocol/queries.js";
import { makeDiv, makeText } from "./elements.js";
import { foldable } from "./fold.js";
import type { GraphTree } from "./graph-tree.js";
import { makeButton } from "./toolkit.js";

/** What the recording is compared with and how to read it, and the way out. */
export class ComparisonBar {
  readonly element = makeDiv("comparison", "status");
  readonly #words = makeText("comparison-words", "");

  constructor(stop: () => void) {
    this.element.append(foldable(this.#words, "what is compared"), makeButton("Stop comparing", "Show this recording alone", stop));
    this.element.hidden = true;
  }

  show(summary: RecordingSummary | null, tree: GraphTree | undefined): void {
    const baseline = summary?.baseline;
    this.element.hidden = baseline === undefined;
    const words = baseline === undefined ? "" : comparisonWords(baseline, tree);
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }
}

export function comparisonWords(baseline: BaselineSummary, tree: GraphTree | undefined): string {
  const { fromNs, toNs, durationNs } = baseline;
  const range = rangeWords({ ...(fromNs === undefined ? {} : { fromNs }), ...(toNs === undefined ? {} : { toNs }) }, durationNs);
  const part = range === "" ? "" : `${range} of `;
  const words = [`Compared with ${part}“${baseline.name}”`];
  const difference = tree?.difference;
  if (difference === undefined) return `${words[0]}…`;
  words.push(difference.measure === "second" ? "cost in each second of wall time" : "shares of the whole");
  words.push("▲ more, ▼ less, grey: no more than noise; a box is as wide as the mean of both");
  if (difference.untold === "short")
    words.push(`too short to tell change from noise: record at least ${SHORTEST_JUDGED_SECONDS} s on each side`);
  if (difference.untold === "untimed") words.push("samples without times: change can't be told from noise");
  if (difference.untold === "unsteady") words.push("memory comes and goes at no steady rate: one run can't tell change from noise");
  if (difference.untold === "empty") words.push("one side has no samples of this event");
  return words.join(" · ");
}
