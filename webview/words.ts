import { GROWTH_EVENTS, LACKING_FRAMES } from "../protocol/events.js";
import type { RecordingSummary } from "../protocol/queries.js";
import { EVENT_WORDS, formatCount, formatRate, formatShare, formatValue } from "./format.js";
import { changeWords } from "./difference.js";
import { at, cleanText, type GraphTree, nodeName } from "./graph-tree.js";
import { LANGUAGE_GROUPS, OWNER_GROUPS } from "./palette.js";
import type { Search } from "./search.js";
import { isTransfer } from "../profile/subjects.js";

/** A box in words, for the tooltip, the details bar and screen readers. */
export interface NodeWords {
  readonly name: string;
  /** `file:line`, the module, or that it is unknown. */
  readonly place: string;
  readonly kind: string;
  readonly total: string;
  /** Empty in a comparison, which is of totals. */
  readonly self: string;
  /** What the shares are shares of. */
  readonly of: string;
}

/** What stands outside of these is not known. */
const LACKING: ReadonlyMap<string, string> = new Map([
  [LACKING_FRAMES.truncated, "Outer callers are missing: the stack is deeper than what can be recorded, 128 frames or some more"],
  [LACKING_FRAMES.broken, "Outer callers are missing: the stack could not be unwound to its beginning"],
]);

export function describeNode(tree: GraphTree, node: number): NodeWords {
  const { unit, event } = tree.info;
  const { difference } = tree;
  const inRange = ofRange(tree);
  const fn = at(tree.fn, node);
  const value = at(tree.value, node);
  const self = at(tree.self, node);
  const { file, line, module, language, owner, inlined } = tree.functions;
  const lacking = file[fn] === "" && module[fn] === "" ? LACKING.get(nodeName(tree, node)) : undefined;
  const where = lacking ?? (file[fn] ? `${file[fn]}${(line[fn] ?? 0) > 0 ? `:${line[fn]}` : ""}` : module[fn]);
  const isSubject = isTransfer(event) && language[fn] === "kernel" && nodeName(tree, node).startsWith("[");
  const kinds = [OWNER_GROUPS[owner[fn] ?? "unknown"].label, LANGUAGE_GROUPS[language[fn] ?? "native"].label, inlined[fn] ? "inlined" : ""];
  return {
    name: nodeName(tree, node),
    place:
      fn < 0
        ? "Everything that was selected"
        : isSubject
          ? "What was transferred with: a file, a pipe or a peer"
          : where || "Place unknown",
    kind: fn < 0 || lacking !== undefined || isSubject ? "" : [...new Set(kinds)].filter((kind) => kind !== "").join(" · "),
    total: difference ? changeWords(difference, node, value, unit) : `${formatValue(value, unit)} (${formatShare(value, tree.total)})`,
    self: difference ? "" : `${formatValue(self, unit)} (${formatShare(self, tree.total)})`,
    of: difference
      ? `${EVENT_WORDS[event]}${inRange}: ${changeWords(difference, 0, tree.total, unit)}`
      : `${formatValue(tree.total, unit)} of ${EVENT_WORDS[event]}${inRange}`,
  };
}

/** Why there is nothing to draw, and what to do; undefined when there is something. */
export function emptyWords(summary: RecordingSummary | null, tree: GraphTree | null | undefined): string | undefined {
  if (summary === null) return "No recording is open. Run “Flameline: Profile This Workspace”, or open a profile file.";
  if (tree === undefined) return summary.live ? "Waiting for the first samples…" : "Reading the recording…";
  if (tree && tree.total > 0) return undefined;
  const any = summary.events.some((row) => row.samples > 0);
  if (!any && summary.live) return "No samples yet: nothing that is recorded has used the processor so far.";
  if (!any) return "This recording has no samples: nothing that was recorded ran while it was made.";
  const event = tree ? EVENT_WORDS[tree.info.event] : "this event";
  if (tree && tree.info.leftOut > 0 && GROWTH_EVENTS.has(tree.info.event)) {
    return `Nothing grew in what is chosen above; ${formatValue(tree.info.leftOut, "bytes")} were given back.`;
  }
  if (tree && tree.info.leftOut > 0) {
    return `Nothing but idle waits (${formatValue(tree.info.leftOut, "ns")}) in what is chosen above: “Idle waits too” shows them.`;
  }
  if (tree && tree.info.samples > 0) return `The ${formatCount(tree.info.samples, "sample")} of ${event} chosen above have no value.`;
  return `No samples of ${event} in what is chosen above: choose another event, process, thread or time.`;
}

/** The footer: what was recorded, and everything that is missing from the picture. */
export function statusWords(summary: RecordingSummary, tree: GraphTree, hidden: number): string[] {
  const { loss } = summary;
  const { info } = tree;
  const seconds = summary.durationNs / 1e9;
  const lost: [number, string][] = [
    [loss.lost, "lost"],
    [loss.leafOnly, "with the last frame only"],
    [loss.truncated, "cut at the depth limit"],
    [loss.broken, "not unwound to the end"],
  ];
  const missing = lost.filter(([count]) => count > 0).map(([count, words]) => `${formatCount(count, "sample")} ${words}`);
  return [
    tree.difference
      ? `${formatCount(info.samples, "sample")} on both sides, ${EVENT_WORDS[info.event]}${ofRange(tree)}: ${changeWords(tree.difference, 0, tree.total, info.unit)}`
      : `${formatCount(info.samples, "sample")}, ${formatValue(tree.total, info.unit)} of ${EVENT_WORDS[info.event]}${ofRange(tree)}`,
    seconds > 0 ? `${summary.live ? "recording for" : "over"} ${formatValue(summary.durationNs, "ns")}` : "",
    info.event === "off_cpu" && summary.durationNs > 0 ? formatRate(tree.total, info.range?.durationNs ?? summary.durationNs) : "",
    info.event === "off_cpu" ? thinnedWords(loss) : "",
    info.thread ? threadWords(info.thread) : "",
    info.leftOut > 0 ? leftOutWords(info) : "",
    info.mergedWorkers === undefined ? "" : `${formatCount(info.mergedWorkers, "worker")} merged`,
    ...(missing.length > 0 ? missing : ["no sample lost"]),
    loss.unresolvedFrames > 0 ? formatCount(loss.unresolvedFrames, "frame without a name", "frames without a name") : "",
    (loss.unlabelled ?? 0) > 0
      ? formatCount(loss.unlabelled ?? 0, "sample without its task's labels", "samples without their task's labels")
      : "",
    (loss.unread ?? 0) > 0 ? `${formatCount(loss.unread ?? 0, "process", "processes")} not read yet within the budget` : "",
    tree.repaired > 0 ? `${formatCount(tree.repaired, "box", "boxes")} with impossible values cut to fit` : "",
    hidden > 0 ? `${formatCount(hidden, "box", "boxes")} too narrow to draw` : "",
    ...summary.warnings,
  ].filter((part) => part !== "");
}

/** " of 12.3 s to 14.1 s", or nothing. */
function ofRange({ info: { range } }: GraphTree): string {
  return range === undefined ? "" : ` of ${range.words}`;
}

/** Which thread a tree by time is of, and what is not drawn of it. */
function threadWords({ name, tid, of, step }: NonNullable<GraphTree["info"]["thread"]>): string {
  const which = of > 1 ? `, the busiest of ${formatCount(of, "thread")}: choose another one above` : "";
  return `thread ${cleanText(name)} (${tid}) in the order of time${which}${step > 1 ? `; one sample drawn for ${step}` : ""}`;
}

function leftOutWords({ event, unit, leftOut }: GraphTree["info"]): string {
  const sum = formatValue(leftOut, unit);
  return GROWTH_EVENTS.has(event) ? `${sum} of what grew earlier given back` : `${sum} of idle waits left out`;
}

function thinnedWords({ waits = 0, waitStacks = 0 }: RecordingSummary["loss"]): string {
  return waits > waitStacks ? `stacks of ${waitStacks.toLocaleString("en")} of ${formatCount(waits, "wait")}` : "";
}

/** Nodes that the server left out; empty when there are none. */
export function foldedWords(tree: GraphTree): string {
  const { folded, foldedValue } = tree.info;
  if (!(folded > 0)) return "";
  return `${formatCount(folded, "small box", "small boxes")} left out (${formatShare(foldedValue, tree.total)})`;
}

/** Boxes that the user's choice took into others; empty where there are none. */
export function shapedWords({ shaped }: GraphTree): string {
  if (shaped === undefined) return "";
  const { folded, recursive, hidden } = shaped;
  const parts = [
    folded > 0 ? `${formatCount(folded, "box", "boxes")} of other code folded into their callers` : "",
    hidden > 0 ? `${formatCount(hidden, "box", "boxes")} of hidden functions, too` : "",
    recursive > 0 ? `${formatCount(recursive, "recursive call")} merged` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

export function searchWords(tree: GraphTree, search: Search): string {
  if (search.nodes === 0) return "No match";
  return `${formatShare(search.value, tree.total)} in ${formatCount(search.nodes, "box", "boxes")}`;
}
