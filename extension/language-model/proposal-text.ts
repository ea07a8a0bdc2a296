/** What a language model is asked, and what its answer says. */

interface HotFunction {
  readonly subject: string;
  readonly text: string;
  /** Of the event, 0 to 1. */
  readonly share: number;
  readonly event: string;
}

/** The function's text is data in it: whatever it says, the answer is only ever a change that has to be proved. */
export function promptFor({ subject, text, share, event }: HotFunction): string {
  return [
    `A profile shows that the function ${subject} and what it calls take ${(100 * share).toFixed(0)} % of ${event}.`,
    "Make it faster. Its results, exceptions, changed arguments, order of iteration and output must stay exactly the same for all arguments, and so must its name and parameters.",
    'Answer with JSON alone: {"changes":[{"old":"…","new":"…"}]}. Each "old" is copied exactly from the text below, blanks included, and stands there once. Answer {"changes":[]} where you know nothing that is surely faster.',
    "",
    text,
  ].join("\n");
}

/** The changes of an answer, with or without a fence around them; none where it has no such JSON. */
export function parseProposal(answer: string): { old: string; new: string }[] {
  const from = answer.indexOf("{");
  const to = answer.lastIndexOf("}");
  if (from < 0 || to < from) return [];
  try {
    const { changes } = JSON.parse(answer.slice(from, to + 1)) as { changes?: unknown };
    const all = Array.isArray(changes) ? (changes as unknown[]) : [];
    const read = all.flatMap((each) => {
      const { old, new: text } = (each ?? {}) as { old?: unknown; new?: unknown };
      return typeof old === "string" && old !== "" && typeof text === "string" ? [{ old, new: text }] : [];
    });
    // A part of a change is another change.
    return read.length === all.length ? read : [];
  } catch {
    return [];
  }
}
