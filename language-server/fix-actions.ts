/** A fix as the editor shows it: an information on its line, and what the light bulb offers. */
import type { CodeAction, Diagnostic, Range, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Finding } from "../analysis/optimize/finding.js";
import type { Finding as ShownFinding } from "../protocol/findings.js";
import type { ProofRecord } from "../protocol/fixes.js";
import { percent } from "./wording.js";

/** `DiagnosticSeverity.Information`: seen, and no warning. */
const INFORMATION = 3;

/** A finding with the proof that its text has. */
export interface ShownFix {
  readonly finding: Finding;
  readonly proof: ProofRecord | undefined;
}

export function diagnosticOf(document: TextDocument, { finding, proof }: ShownFix): Diagnostic {
  return {
    range: rangeOf(document, finding),
    severity: INFORMATION,
    source: "Flameline",
    code: finding.rule,
    message: `${sentence(finding)} (${label(finding, proof)})`,
  };
}

export function actionsOf(document: TextDocument, version: number | null, fix: ShownFix): CodeAction[] {
  const { finding, proof } = fix;
  const { uri } = document;
  const diagnostics = [diagnosticOf(document, fix)];
  const kind = "quickfix";
  const changes = finding.edits.map((each) => ({ range: rangeOf(document, each), newText: each.text }));
  const inDocument = (edits: TextDocumentEdit["edits"]): WorkspaceEdit => ({
    documentChanges: [{ textDocument: { uri, version }, edits }],
  });
  const actions: CodeAction[] = [];
  // Run once the edit is made.
  const applied = { command: "flameline.fixApplied", title: "Note the fix", arguments: [uri, finding.id] };
  const isOffered = finding.refusal === undefined;
  if (isOffered && proof?.verdict === "proved") {
    actions.push({
      title: `${finding.title} (${label(finding, proof)})`,
      kind,
      diagnostics,
      isPreferred: true,
      edit: inDocument(changes),
      command: applied,
    });
  } else if (isOffered && proof?.verdict !== "failed") {
    const edit = inDocument(changes.map((each) => ({ ...each, annotationId: finding.rule })));
    const description = `${sentence(finding)}; ${label(finding, proof)}`;
    edit.changeAnnotations = { [finding.rule]: { label: finding.title, description, needsConfirmation: true } };
    actions.push({ title: `${finding.title} (${proof?.verdict ?? "unproved"})`, kind, diagnostics, edit, command: applied });
  }
  if (isOffered && proof?.verdict !== "proved") {
    const command = { command: "flameline.proveFix", title: "Prove", arguments: [uri, finding.id] };
    actions.push({ title: "Prove that this fix is equal and faster (runs your code)", kind, diagnostics, command });
  }
  const end = document.offsetAt({ line: finding.startLine, character: 0 });
  const at = document.positionAt(
    document
      .getText()
      .slice(0, end)
      .replace(/\r?\n$/, "").length,
  );
  const comment = /\.pyw?$/.test(uri) ? "#" : "//";
  actions.push({
    title: "Never propose fixes for this line",
    kind,
    diagnostics,
    edit: inDocument([{ range: { start: at, end: at }, newText: `  ${comment} flameline: ignore` }]),
  });
  return actions;
}

/** The kind of an editor's source action that takes all proved fixes of a file. */
export const FIX_ALL = "source.fixAll.flameline";

/**
 * All that is proved, in one change. Each was proved without the others, so of one function only the first is taken, and none that touches the text or gives the
 * name of one that is; those wait for the next time, when they are proved anew.
 */
export function fixAllAction(document: TextDocument, version: number | null, fixes: readonly ShownFix[]): CodeAction | undefined {
  const taken: Finding[] = [];
  for (const { finding, proof } of fixes) {
    if (proof?.verdict === "proved" && !taken.some((other) => areTogetherUnproved(finding, other))) taken.push(finding);
  }
  if (taken.length === 0) return undefined;
  const edits = taken.flatMap((finding) => finding.edits.map((each) => ({ range: rangeOf(document, each), newText: each.text })));
  return {
    title: taken.length === 1 ? "Take the proved fix of this file" : `Take ${taken.length} proved fixes of this file`,
    kind: FIX_ALL,
    edit: { documentChanges: [{ textDocument: { uri: document.uri, version }, edits }] },
    command: { command: "flameline.fixApplied", title: "Note the fixes", arguments: [document.uri, ...taken.map(({ id }) => id)] },
  };
}

function areTogetherUnproved(one: Finding, other: Finding): boolean {
  if (one.subject === other.subject) return true;
  const names = (finding: Finding): string[] =>
    finding.edits.flatMap(({ text }) => [...text.matchAll(/^\s*(?:const\s+)?([\w$]+)\s*=/gm)].map(([, name = ""]) => name));
  const others = new Set(names(other));
  const touches = one.edits.some((a) => other.edits.some((b) => a.start < b.end && b.start < a.end));
  return touches || names(one).some((name) => others.has(name));
}

/** What a fix does, what it would save and what is known of it, in words. */
export function adviceOf({ finding, proof }: ShownFix): string {
  return `${finding.title}: ${sentence(finding)} (${label(finding, proof)})`;
}

/** For the views: on the widest box of the function that the line is in. */
export function shownFinding({ finding, proof }: ShownFix, file: string, fn: number): ShownFinding {
  const { id, rule, title, event, share, startLine, subject, expectedGain } = finding;
  return {
    id: `${file}:${id}`,
    kind: rule,
    title,
    event,
    share,
    places: [{ location: { file, line: startLine }, functionName: subject ?? "" }],
    frames: [fn],
    advice: `${sentence(finding)}. ${where(finding, proof)}`,
    fix: { id, expectedGain },
    ...(proof === undefined ? {} : { proof }),
  };
}

function sentence({ share, event, message, expectedGain }: Finding): string {
  return `${percent(share)} of ${event} ${message}: at most ${expectedGain.toFixed(2)} times as fast without it`;
}

/** Where the change is to be had. */
function where({ refusal }: Finding, proof: ProofRecord | undefined): string {
  if (refusal !== undefined) return `No change is written: ${refusal}.`;
  return `The light bulb on the line has the change${proof === undefined ? " and its proof" : ""}.`;
}

function label({ subject, refusal }: Finding, proof: ProofRecord | undefined): string {
  if (refusal !== undefined) return `no change is written: ${refusal}`;
  if (proof?.verdict === "proved" && proof.speedup !== undefined) {
    const { median, low, high } = proof.speedup;
    return `proved: ${subject} ${median.toFixed(2)} times as fast, ${low.toFixed(2)} to ${high.toFixed(2)}`;
  }
  return proof === undefined ? "unproved" : `${proof.verdict}: ${(proof.reason ?? "").replace(/\.$/, "")}`;
}

function rangeOf(document: TextDocument, { start, end }: { readonly start: number; readonly end: number }): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}
