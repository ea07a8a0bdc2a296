/** What a fix that was taken has gained: its function's share in the recording before, and in the one that is shown. */
import { type CodeAction, type Hover, MarkupContent, MarkupKind } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { EVENT_UNITS } from "../protocol/events.js";
import type { DocumentEdit } from "../protocol/language-server.js";
import type { Annotated } from "./annotations.js";
import type { AppliedFixes, FixInText } from "./applied-fixes.js";
import { eventWords, percent, quantity } from "./wording.js";

export interface FixGain extends FixInText {
  /** Of the function now; undefined where the shown recording began before the fix, or shows another event. */
  readonly now: { readonly share: number; readonly perSecond: number } | undefined;
}

/** The fixes that a document has, each with what its function costs now. */
export async function fixGains(applied: AppliedFixes, { document, loaded, view, functions, notice }: Annotated): Promise<FixGain[]> {
  const fixes = await applied.of(document.realPath, document.text);
  const known = fixes.length === 0 || notice !== undefined ? [] : await functions();
  return fixes.map((each): FixGain => {
    const { fix } = each;
    const since = loaded.id !== fix.recording && loaded.recording.info.startUnixMs >= fix.appliedUnixMs;
    const measured = since && view.selection.event === fix.event && view.sum > 0;
    const total = known.find(({ key }) => key === fix.subject)?.total ?? 0;
    const seconds = view.durationNs / 1e9;
    return { ...each, now: measured && seconds > 0 ? { share: total / view.sum, perSecond: total / seconds } : undefined };
  });
}

/** "was 62 %, now 9 %". */
export function gainWords({ fix, now }: FixGain): string {
  return now === undefined ? `was ${percent(fix.share)}` : `was ${percent(fix.share)}, now ${percent(now.share)}`;
}

/** Added to the hover of its lines, and of its function's name. */
export function gainHover(gain: FixGain, uri: string, line: number): Hover {
  const { fix, now } = gain;
  const unit = EVENT_UNITS[fix.event];
  const each = (perSecond: number): string => `${quantity(perSecond, unit)} a second`;
  const gained =
    now === undefined
      ? `${fix.subject} was ${percent(fix.share)} of ${eventWords(fix.event)} (${each(fix.perSecond)}); record again to see what it is now.`
      : `${fix.subject} was ${percent(fix.share)} of ${eventWords(fix.event)} (${each(fix.perSecond)}), is now ${percent(now.share)} (${each(now.perSecond)}).`;
  const link = `[Roll back](command:flameline.rollBackFix?${encodeURIComponent(JSON.stringify([uri, line]))})`;
  return { contents: { kind: MarkupKind.Markdown, value: `**Fixed:** ${fix.title}. ${gained} ${link}` } };
}

/** What the line costs, with what its fix has gained before it. */
export function withGain(line: Hover | null, gain: Hover | null): Hover | null {
  if (line === null || gain === null) return line ?? gain;
  const text = ({ contents }: Hover): string => (MarkupContent.is(contents) ? contents.value : "");
  return { ...line, contents: { kind: MarkupKind.Markdown, value: `${text(gain)}\n\n${text(line)}` } };
}

/** What takes it out of the text again. */
export function undoEdits({ undo }: FixInText, text: string): DocumentEdit[] {
  const document = TextDocument.create("", "", 0, text);
  return undo.map(({ start, end, text: newText }) => ({
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    newText,
  }));
}

/** One click that takes it out again. */
export function rollBackAction(gain: FixGain, uri: string, version: number | null, text: string): CodeAction {
  const edits = undoEdits(gain, text);
  return {
    title: `Roll back this fix: ${gain.fix.title} (${gainWords(gain)})`,
    kind: "quickfix",
    edit: { documentChanges: [{ textDocument: { uri, version }, edits }] },
  };
}
