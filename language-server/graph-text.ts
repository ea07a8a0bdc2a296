import { callersAndCallees, type FunctionNode } from "../profile/callers.js";
import type { LoadedRecording } from "./loaded-recording.js";
import type { View } from "./view.js";
import { percent } from "./wording.js";

/** A reader's patience; the rest is counted. */
const MOST_LINES = 40;
/** Boxes below this share of the event are noise in a text. */
const LEAST_SHARE = 0.005;

/**
 * A function and what it calls as lines of text, each box below its caller, the costliest first, with its share of the view:
 *
 * ```
 *    62 %  newest_orders
 *    41 %    Query.all
 * ```
 */
export function graphText({ recording }: LoadedRecording, view: View, fn: number): string[] {
  if (!(view.sum > 0)) return [];
  const { callees } = callersAndCallees(recording, view.selection, fn);
  const lines: string[] = [];
  let more = 0;
  const add = (node: FunctionNode, depth: number): void => {
    const share = node.value / view.sum;
    if (share < LEAST_SHARE) return;
    if (lines.length < MOST_LINES)
      lines.push(`${percent(share).padStart(7)}  ${"  ".repeat(depth)}${recording.functions.labelOf(node.function)}`);
    else more += 1;
    for (const child of node.children) add(child, depth + 1);
  };
  add(callees, 0);
  return more === 0 ? lines : [...lines, `         and ${more} boxes more`];
}
