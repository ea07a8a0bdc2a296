/** The labels of the task that a thread worked on: how they are read, and how a thread is called by them. */
import type { ThreadRow } from "../protocol/helper.js";
import { rowsOf, textOf } from "./wire-values.js";

/** The helper sends at most 10; more of a file's are left out. */
const MOST_LABELS = 16;

/** Labels from outside, nothing where there are none. */
export function readLabels(labels: unknown): Pick<ThreadRow, "labels"> {
  const pairs = rowsOf(labels)
    .slice(0, MOST_LABELS)
    .map((pair) => [textOf(rowsOf(pair)[0]), textOf(rowsOf(pair)[1])] as const)
    .filter(([key]) => key !== "");
  return pairs.length > 0 ? { labels: pairs } : {};
}

/** A thread's name with the labels of its task: `worker · endpoint=/orders`. In a recording it is the thread's name, by which views show, filter and compare. */
export function taskName(name: string, labels: ThreadRow["labels"] = []): string {
  return [name, ...labels.map((pair) => pair.join("="))].filter((part) => part !== "").join(" · ");
}
