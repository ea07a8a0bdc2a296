import { carryLines } from "./carry.js";
import { baseName } from "./paths.js";

/** What is known of a source file when numbers are to be shown on it. Times are ms since 1970. */
export interface TextEvidence {
  readonly path: string;
  /** The text as it is now: the editor's buffer, saved or not. */
  readonly currentText: string;
  /** The text kept with the recording, and when its file had last been written; undefined when the recording holds none. */
  readonly recorded: { readonly text: string; readonly modifiedMs?: number } | undefined;
  /** The file on disk: undefined when it is gone. */
  readonly disk: { readonly text: string; readonly modifiedMs: number } | undefined;
  /**
   * When the code that ran was read: the start of the oldest process with samples in the file, else of the recording; 0 when unknown.
   * A server that was started before an edit still runs the old text.
   */
  readonly loadedMs: number;
}

/** Whether numbers may be shown on the current text, and on which lines. */
export type Judgement =
  | {
      readonly kind: "shown" /** From a recorded line to the current one, 1-based; undefined for a rewritten line. */;
      readonly carry: (line: number) => number | undefined;
    }
  | { readonly kind: "hidden" /** One sentence for the banner. */; readonly notice: string };

/** File systems keep times coarser than the clock: a file saved right before its program starts may seem to be a little younger. */
const CLOCK_SLACK_MS = 20;

/**
 * A profile belongs to the text that ran. With a recorded text, lines are carried from it; without one, the file on disk stands for it
 * if it is older than the run. Else no number can be trusted.
 */
export function judgeText(evidence: TextEvidence): Judgement {
  const { path, currentText, recorded, disk, loadedMs } = evidence;
  const name = baseName(path);
  if (recorded) {
    return recorded.modifiedMs !== undefined && loadedMs > 0 && isYounger(recorded.modifiedMs, loadedMs)
      ? {
          kind: "hidden",
          notice: `${name} was changed after the program that was recorded had started, so its lines have no numbers; restart the program and record again.`,
        }
      : { kind: "shown", carry: carryLines(recorded.text, currentText) };
  }
  if (!disk) {
    return {
      kind: "hidden",
      notice: `${name} is no longer on disk and the profile does not hold its text, so its lines have no numbers; record again.`,
    };
  }
  if (loadedMs <= 0) {
    return {
      kind: "hidden",
      notice: `The profile does not say when it was recorded or what ${name} looked like, so its lines have no numbers; record again.`,
    };
  }
  if (isYounger(disk.modifiedMs, loadedMs)) {
    return {
      kind: "hidden",
      notice: `${name} has changed since the program was started and the profile does not hold its text, so its lines have no numbers; record again.`,
    };
  }
  return { kind: "shown", carry: carryLines(disk.text, currentText) };
}

function isYounger(modifiedMs: number, loadedMs: number): boolean {
  return modifiedMs > loadedMs + CLOCK_SLACK_MS;
}
