import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { applyEdits, type TextEdit } from "../analysis/optimize/finding.js";
import type { EventName } from "../protocol/events.js";
import type { FixMeasure, ProofRecord } from "../protocol/fixes.js";
import { carryEdits, inverseEdits } from "../source/carry-edits.js";
import { writeAtomically } from "./atomic-file.js";

/** A fix that was taken, with what its function cost before. */
export interface AppliedFix {
  /** Real path. */
  readonly file: string;
  readonly title: string;
  /** The function that it changed: what is compared before and after. */
  readonly subject: string;
  readonly event: EventName;
  /** Share of the event with the function on the stack before: 0 to 1. */
  readonly share: number;
  /** The same as cost in each second of recording, in the event's unit. */
  readonly perSecond: number;
  /** The recording that it was found in. */
  readonly recording: string;
  /** Others that began before show the old code, too. */
  readonly appliedUnixMs: number;
  /** The rule that found it, the proof that it had, and its function's graph before; those of older versions lack them. */
  readonly rule?: string;
  readonly proof?: ProofRecord;
  readonly graph?: FixMeasure["graph"];
  /** The text without it, and the edits that made it. */
  readonly oldText: string;
  /** Where the slow code was in it. */
  readonly start: number;
  readonly edits: readonly TextEdit[];
}

/** One that is still in a text. */
export interface FixInText {
  readonly fix: AppliedFix;
  /** Takes it out again: offsets of the text. */
  readonly undo: readonly TextEdit[];
  /** 1-based lines of the text that it has changed, and the one that was slow. */
  readonly lines: readonly number[];
}

/** The oldest go first; with them goes how to take them back, but for what Git knows. */
const MOST_KEPT = 50;
/** Larger files are no sources of people. */
const LARGEST_TEXT = 1e6;

/** The fixes that were taken in a workspace, kept in its storage as `applied-fixes.json`. */
export class AppliedFixes {
  readonly #path: string;
  #fixes: Promise<AppliedFix[]> | undefined;

  constructor(storage: string) {
    this.#path = join(storage, "applied-fixes.json");
  }

  async add(fix: AppliedFix): Promise<void> {
    if (fix.oldText.length > LARGEST_TEXT) return;
    const fixes = [...(await this.#load()), fix].slice(-MOST_KEPT);
    this.#fixes = Promise.resolve(fixes);
    await writeAtomically(this.#path, `${JSON.stringify({ version: 1, fixes })}\n`);
  }

  /** The files that have taken any. */
  async files(): Promise<string[]> {
    return [...new Set((await this.#load()).map(({ file }) => file))];
  }

  /** Those of a file that its text still has, the latest first: edits around them don't matter, edits within end them. */
  async of(file: string, text: string): Promise<FixInText[]> {
    const own = (await this.#load()).filter((fix) => fix.file === file);
    const found = own.flatMap((fix) => inText(fix, text) ?? []);
    const byUndo = new Map(found.map((each) => [JSON.stringify(each.undo), each]));
    return [...byUndo.values()].reverse();
  }

  /** A file that can't be read counts as none. */
  #load(): Promise<AppliedFix[]> {
    this.#fixes ??= readFixes(this.#path);
    return this.#fixes;
  }
}

function inText(fix: AppliedFix, text: string): FixInText | undefined {
  const { oldText, edits } = fix;
  const carried = carryEdits(applyEdits(oldText, edits), inverseEdits(oldText, edits), text);
  if (carried === undefined) return undefined;
  const before = edits.filter(({ end }) => end <= fix.start);
  const slow = carried.lineAt(before.reduce((sum, { start, end, text: inserted }) => sum + inserted.length - (end - start), fix.start));
  return { fix, undo: carried.edits.toReversed(), lines: [...new Set([...carried.lines, ...(slow === undefined ? [] : [slow])])] };
}

async function readFixes(path: string): Promise<AppliedFix[]> {
  try {
    const { fixes } = JSON.parse(await readFile(path, "utf8")) as { fixes?: unknown };
    return Array.isArray(fixes) ? fixes.filter(isApplied) : [];
  } catch {
    return [];
  }
}

function isApplied(value: unknown): value is AppliedFix {
  const fix = (value ?? {}) as Partial<Record<keyof AppliedFix, unknown>>;
  const texts = [fix.file, fix.title, fix.subject, fix.event, fix.recording, fix.oldText].every((each) => typeof each === "string");
  const numbers = [fix.share, fix.perSecond, fix.appliedUnixMs, fix.start].every((each) => typeof each === "number");
  const { edits } = fix;
  const isEdit = ({ start, end, text }: Partial<TextEdit>): boolean => [start, end].every(Number.isInteger) && typeof text === "string";
  return texts && numbers && Array.isArray(edits) && edits.every((each) => isEdit((each ?? {}) as Partial<TextEdit>));
}
