/** What a rule has found in a profiled file, and what is known of its fix. */
import type { EventName } from "../../protocol/events.js";

/** A change of a text; UTF-16 offsets, the end exclusive. Edits of one fix never overlap. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A pattern under the heat, with the change that would mend it. */
export interface Finding {
  /** The same for the same code of the same function, wherever that has moved: `rule:function:code`. */
  readonly id: string;
  readonly kind: "fix";
  readonly rule: string;
  /** What the fix does, in the imperative. */
  readonly title: string;
  /** Why it is worth it, one sentence. */
  readonly message: string;
  readonly event: EventName;
  /** What the fix may save, as a fraction of the event. */
  readonly share: number;
  /** How many times as fast all would be if that were saved wholly: Amdahl's law, 1 / (1 - share). */
  readonly expectedGain: number;
  /** 1-based, both ends included. */
  readonly startLine: number;
  readonly endLine: number;
  /** UTF-16 offsets of the code that is meant. */
  readonly start: number;
  readonly end: number;
  /** By falling offsets, so that they can be made one after the other. */
  readonly edits: readonly TextEdit[];
  /** Why no change is offered: a clause; there are no edits then. */
  readonly refusal?: string;
  /** A package that the change imports: it belongs into the project's own requirements, and is never installed here. */
  readonly needs?: string;
  /** The function whose behaviour a proof compares: a function of the module or a method; undefined for code outside of both. */
  readonly subject: string | undefined;
}

/** Of edits that begin at one place the first comes first, as editors have it. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toReversed()
    .toSorted((a, b) => b.start - a.start)
    .reduce((changed, { start, end, text: replacement }) => changed.slice(0, start) + replacement + changed.slice(end), text);
}

/** Lines of the text after the edits that they have made, 1-based, both ends included. */
export function changedLines(text: string, edits: readonly TextEdit[]): (readonly [number, number])[] {
  let shift = 0;
  const changed = applyEdits(text, edits);
  const lineAt = (offset: number): number => changed.slice(0, offset).split("\n").length;
  return edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, text: replacement }) => {
      const begin = start + shift;
      shift += replacement.length - (end - start);
      return [lineAt(begin), lineAt(begin + replacement.length)] as const;
    });
}
