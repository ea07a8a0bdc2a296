/** A change that no rule has made, say a language model, as a finding: it goes through the same proof as all others. */
import type { EventName } from "../../protocol/events.js";
import type { Finding, TextEdit } from "./finding.js";

/** A text of a file, and what is to stand in its place. */
export interface ProposedChange {
  readonly old: string;
  readonly new: string;
}

/** The rule that proposals are listed under. */
export const PROPOSED = "proposed-change";

const MOST_CHANGES = 20;
const MOST_CHARACTERS = 100_000;

/** The finding, or why it can't be one: a sentence. Each old text must be in the file once. `share` is the function's, of the event. */
export function proposedFix(
  text: string,
  subject: string,
  changes: readonly ProposedChange[],
  { event, share, title }: { readonly event: EventName; readonly share: number; readonly title: string },
): Finding | string {
  if (changes.length === 0) return "There is no change to prove.";
  const size = changes.reduce((sum, each) => sum + each.old.length + each.new.length, 0);
  if (changes.length > MOST_CHANGES || size > MOST_CHARACTERS) {
    return `A change may have ${MOST_CHANGES} parts and ${MOST_CHARACTERS} characters, and this one has ${changes.length} and ${size}.`;
  }
  const edits: TextEdit[] = [];
  for (const change of changes) {
    const start = text.indexOf(change.old);
    const shown = JSON.stringify(change.old.slice(0, 60));
    if (change.old === "" || start < 0) return `The file doesn't have the text ${shown}.`;
    if (text.includes(change.old, start + 1)) return `The file has the text ${shown} more than once: give more of what stands around it.`;
    edits.push({ start, end: start + change.old.length, text: change.new });
  }
  edits.sort((a, b) => b.start - a.start);
  if (edits.some(({ start }, index) => (edits[index + 1]?.end ?? 0) > start)) return "Two parts of the change overlap.";
  const last = edits[0];
  const first = edits.at(-1);
  if (first === undefined || last === undefined || edits.every(({ start, end, text: inserted }) => text.slice(start, end) === inserted)) {
    return "The change changes nothing.";
  }
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  return {
    id: `${PROPOSED}:${subject}:${edits.map(({ text: inserted }) => inserted).join("\n")}`,
    kind: "fix",
    rule: PROPOSED,
    title,
    message: `is spent in ${subject}`,
    event,
    share,
    expectedGain: 1 / Math.max(1 - share, 1e-3),
    startLine: lineAt(first.start),
    endLine: lineAt(last.end),
    start: first.start,
    end: last.end,
    edits,
    subject,
  };
}
