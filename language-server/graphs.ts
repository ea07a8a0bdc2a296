import type { CallersAndCallees, Selection, SmallNode, TreeColumns, TreeDirection } from "../protocol/queries.js";
import { callersAndCallees, type FunctionNode } from "../profile/callers.js";
import { toBase64 } from "../profile/base64.js";
import { type FlameChart, flameChart } from "../profile/flame-chart.js";
import { forEachSelectedSum } from "../profile/selection.js";
import { mergedCount } from "../profile/workers.js";
import { callTree } from "../profile/tree.js";
import { treeColumns } from "../profile/tree-columns.js";
import type { Baseline } from "./baseline.js";
import { comparedTree, rangeMember } from "./compared-tree.js";
import type { LoadedRecording } from "./loaded-recording.js";

/** Boxes that d3-flame-graph draws without a pause; the costliest ones are kept. */
const MAX_BOXES = 1000;

/** The call tree of a selection as columns; null when the selection has no samples, those that are left out included. */
export async function selectedTree(
  loaded: LoadedRecording,
  { selection, direction, minimumShare }: { selection: Selection; direction: TreeDirection; minimumShare: number },
  baseline?: Baseline,
): Promise<TreeColumns | null> {
  if (baseline !== undefined) {
    return comparedTree(loaded, baseline, selection, { direction, minimumShare, steady: loaded.live });
  }
  // Whose code a function is depends on where it was found.
  const view = await loaded.view(selection);
  const chart = direction === "by-time" ? flameChart(loaded.recording, selection) : undefined;
  const tree = chart ?? callTree(loaded.recording, selection, { direction, minimumShare, steady: loaded.live });
  const { leftOut } = view;
  return tree.samples === 0 && leftOut === 0
    ? null
    : {
        ...treeColumns(loaded.recording, tree, selection.event, (fn) => loaded.owner(fn), leftOut),
        ...rangeMember(view),
        ...mergedMember(loaded, selection),
        ...chartMembers(loaded, chart),
      };
}

function mergedMember({ recording }: LoadedRecording, selection: Selection): Pick<TreeColumns, "mergedWorkers"> {
  if (selection.mergeWorkers !== true) return {};
  const seen = new Set<number>();
  forEachSelectedSum(recording, selection, (thread) => seen.add(thread));
  const mergedWorkers = mergedCount(recording, (thread) => seen.has(thread));
  return mergedWorkers === 0 ? {} : { mergedWorkers };
}

function chartMembers(loaded: LoadedRecording, chart: FlameChart | undefined): Pick<TreeColumns, "left" | "thread"> {
  const thread = loaded.recording.threads[chart?.thread ?? -1];
  if (chart === undefined || thread === undefined) return {};
  return { left: toBase64(chart.left), thread: { name: thread.name, tid: thread.tid, of: chart.threads, step: chart.step } };
}

/** Who calls a function and what it calls; null when it is no function of the recording or has no cost in the selection. */
export async function functionGraph(loaded: LoadedRecording, fn: number, selection: Selection): Promise<CallersAndCallees | null> {
  const view = await loaded.view(selection);
  if (!Number.isInteger(fn) || fn < 0 || fn >= loaded.recording.functions.length || (view.functions().total[fn] ?? 0) === 0) {
    return null;
  }
  const { callers, callees, self, total, folded } = callersAndCallees(loaded.recording, selection, fn, { maxBoxes: MAX_BOXES });
  const small = (node: FunctionNode): SmallNode => ({
    name: loaded.recording.functions.labelOf(node.function),
    value: node.value,
    function: node.function,
    owner: loaded.owner(node.function),
    children: node.children.map(small),
  });
  return {
    // Bare self, as the graph has it: the callees stand beside it, each with its own.
    function: { ...loaded.functionRow(view, fn, view.functions()), self },
    total,
    callers: small(callers),
    callees: small(callees),
    folded,
  };
}
