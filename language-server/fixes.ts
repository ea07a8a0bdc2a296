import { join } from "node:path";
import type { CodeAction, Connection, Hover, PublishDiagnosticsParams, Range, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI } from "vscode-uri";
import { applyEdits, type Finding } from "../analysis/optimize/finding.js";
import type { ClientNotifications, ParamsOf, ResultOf } from "../protocol/language-server.js";
import type { Finding as ShownFinding } from "../protocol/findings.js";
import type { ProofRecord } from "../protocol/fixes.js";
import type { Selection } from "../protocol/queries.js";
import type { Annotated, Annotations } from "./annotations.js";
import { ServerError } from "./failures.js";
import { AppliedFixes } from "./applied-fixes.js";
import { actionsOf, adviceOf, diagnosticOf, fixAllAction, shownFinding, type ShownFix } from "./fix-actions.js";
import { type FixGain, fixGains, gainHover, rollBackAction, undoEdits } from "./fix-gains.js";
import { graphText } from "./graph-text.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { madeFixes } from "./made-fixes.js";
import { ProofBook } from "./proof-book.js";
import type { Workspace } from "./workspace.js";

/** What was found in one text under one view. */
interface FileFixes {
  readonly annotated: Annotated;
  readonly document: TextDocument;
  readonly findings: readonly Finding[];
}

/** Finds the fixes of open documents that were profiled, shows them as diagnostics and code actions, and proves them where that is asked for. */
export class Fixes {
  readonly #workspace: Workspace;
  readonly #annotations: Annotations;
  readonly #connection: Connection;
  readonly #editor: TextDocuments<TextDocument>;
  readonly #found = new Map<string, FileFixes>();
  readonly #proofs = new WeakMap<LoadedRecording, ProofBook>();
  /** What each document shows, as JSON: nothing is said twice. */
  readonly #shown = new Map<string, string>();
  readonly #applied: AppliedFixes;
  /** What the light bulb offered last in each document, for when it is taken. */
  readonly #offered = new Map<string, FileFixes>();
  /** The change of nobody's rule that was proved last in each document. */
  readonly #proposed = new Map<string, FileFixes>();

  constructor(workspace: Workspace, annotations: Annotations, connection: Connection, editor: TextDocuments<TextDocument>) {
    this.#workspace = workspace;
    this.#annotations = annotations;
    this.#connection = connection;
    this.#editor = editor;
    this.#applied = new AppliedFixes(workspace.storage);
  }

  /** Tells the editor what is to be said about its open documents. */
  async publish(): Promise<void> {
    const open = new Set(this.#editor.keys());
    for (const uri of new Set([...open, ...this.#shown.keys()])) {
      const fixes = open.has(uri) ? await this.#fixesOf(uri) : undefined;
      if (fixes === undefined) this.#found.delete(uri);
      const shown = fixes === undefined ? [] : await this.#withProofs(fixes, fixes.findings);
      const diagnostics = fixes === undefined ? [] : shown.map((fix) => diagnosticOf(fixes.document, fix));
      const text = JSON.stringify(diagnostics);
      if (text === (this.#shown.get(uri) ?? "[]")) continue;
      const params: PublishDiagnosticsParams = { uri, diagnostics };
      const version = fixes?.annotated.document.version ?? undefined;
      await this.#connection.sendDiagnostics(version === undefined ? params : { ...params, version });
      if (diagnostics.length > 0) this.#shown.set(uri, text);
      else this.#shown.delete(uri);
    }
  }

  async codeActions(uri: string, range: Range): Promise<CodeAction[]> {
    const taken = (await this.#taken(uri, range)).map(({ gain, document }) => rollBackAction(gain, uri, document.version, document.text));
    const fixes = await this.#fixesOf(uri);
    if (fixes === undefined) return taken;
    this.#offered.set(uri, fixes);
    const here = fixes.findings.filter(({ startLine, endLine }) => startLine - 1 <= range.end.line && endLine - 1 >= range.start.line);
    const shown = await this.#withProofs(fixes, here);
    return [...shown.flatMap((fix) => actionsOf(fixes.document, fixes.annotated.document.version, fix)), ...taken];
  }

  /** Notes that offered fixes were taken together: their document has the new text by now. */
  async applied({ uri, fixes }: ParamsOf<"flameline/fixApplied">): Promise<void> {
    const all = [this.#offered.get(uri), this.#proposed.get(uri)];
    const offered = all.find((each) => fixes.every((id) => each?.findings.some((finding) => finding.id === id)));
    const taken = offered?.findings.filter(({ id }) => fixes.includes(id)) ?? [];
    if (offered === undefined) return;
    const { annotated, document } = offered;
    const { view } = annotated;
    const oldText = document.getText();
    const now = await this.#annotations.document(uri);
    const edited = applyEdits(
      oldText,
      taken.flatMap(({ edits }) => edits),
    );
    if (now === undefined || now.text !== edited || view.sum <= 0) return;
    const functions = await annotated.functions();
    for (const finding of taken) {
      const total = functions.find(({ key }) => key === finding.subject)?.total ?? 0;
      await this.#applied.add({
        file: now.realPath,
        title: finding.title,
        rule: finding.rule,
        ...(await this.#knownOf(annotated, finding, oldText)),
        subject: finding.subject ?? "",
        event: finding.event,
        share: total / view.sum,
        perSecond: view.durationNs > 0 ? (1e9 * total) / view.durationNs : 0,
        recording: annotated.loaded.id,
        appliedUnixMs: Date.now(),
        oldText,
        start: finding.start,
        edits: finding.edits,
      });
    }
  }

  /** The proof that a fix had, and its function's graph, as they are when it is made. */
  async #knownOf({ loaded, view, document, functions }: Annotated, { id, subject }: Finding, text: string) {
    const proof = await this.#bookOf(loaded).of(document.realPath, id, text);
    const fn = (await functions()).find(({ key }) => key === subject)?.function;
    return { ...(proof === undefined ? {} : { proof }), ...(fn === undefined ? {} : { graph: graphText(loaded, view, fn) }) };
  }

  /** The proved fixes that were made and are still in their files, as they are to be shared. */
  made(): Promise<ResultOf<"flameline/madeFixes">> {
    return madeFixes(
      this.#applied,
      (uri) => this.#annotations.document(uri),
      (uri) => this.#annotations.annotate(uri),
    );
  }

  /** The fixes that a document has taken, with what they have gained in the shown recording. */
  gains(annotated: Annotated): Promise<readonly FixGain[]> {
    return fixGains(this.#applied, annotated);
  }

  /** What a fix on a line (0-based) has gained; null where there is none. */
  async hover(uri: string, lineIndex: number): Promise<Hover | null> {
    const annotated = await this.#annotations.annotate(uri);
    const gains = annotated === undefined ? [] : await this.gains(annotated);
    const [gain] = gains.filter(({ lines }) => lines.includes(lineIndex + 1));
    return gain === undefined ? null : gainHover(gain, uri, lineIndex);
  }

  /** Takes out the fix at a line (0-based), or the only one of the document; null where there is none. */
  async rollBack({ uri, line }: ParamsOf<"flameline/rollBack">): Promise<ResultOf<"flameline/rollBack">> {
    const at = { line, character: 0 };
    const [found] = await this.#taken(uri, { start: at, end: at }, true);
    return found === undefined ? null : { title: found.gain.fix.title, edits: undoEdits(found.gain, found.document.text) };
  }

  /** Of the fixes whose function or changed lines a range touches. With `only`, one that is alone in the document counts anywhere. */
  async #taken(uri: string, range: Range, only = false): Promise<{ gain: FixGain; document: Annotated["document"] }[]> {
    const annotated = await this.#annotations.annotate(uri);
    const gains = annotated === undefined ? [] : await this.gains(annotated);
    if (annotated === undefined || gains.length === 0) return [];
    const { document } = annotated;
    const outline = await this.#workspace.outline(document.realPath, document.text);
    const touches = (first: number, last: number): boolean => first - 1 <= range.end.line && last - 1 >= range.start.line;
    const here = gains.filter(({ fix, lines }) => {
      const fn = outline?.functions.find(({ qualifiedName }) => qualifiedName === fix.subject);
      return lines.some((line) => touches(line, line)) || (fn !== undefined && touches(fn.startLine, fn.endLine));
    });
    const meant = only && here.length === 0 && gains.length === 1 ? gains : here;
    return meant.map((gain) => ({ gain, document }));
  }

  /** What an editor does with "fix all", at once: only what is proved. */
  async fixAll(uri: string): Promise<CodeAction[]> {
    const fixes = await this.#fixesOf(uri);
    if (fixes === undefined) return [];
    this.#offered.set(uri, fixes);
    const shown = await this.#withProofs(fixes, fixes.findings);
    return [fixAllAction(fixes.document, fixes.annotated.document.version, shown) ?? []].flat();
  }

  /** Those of all profiled files, for views: what they say of a selection is that of the lines only where it is the shown one. */
  async ofRecording(loaded: LoadedRecording, selection: Selection): Promise<readonly ShownFinding[]> {
    const all: ShownFinding[] = [];
    for (const path of loaded.places.shownPaths) {
      const fixes = await this.#fixesOf(URI.file(path).toString());
      if (fixes === undefined || JSON.stringify(fixes.annotated.view.selection) !== JSON.stringify(selection)) continue;
      const { lines } = fixes.annotated;
      for (const fix of await this.#withProofs(fixes, fixes.findings)) {
        const { startLine, endLine } = fix.finding;
        const id = lines.find(({ line }) => line >= startLine && line <= endLine)?.id;
        if (id !== undefined) all.push(shownFinding(fix, path, loaded.places.lineFunction.at(id)));
      }
    }
    return all;
  }

  /** Runs the user's code, in a copy of their workspace folder. Throws a {@link ServerError} where the fix is no longer there. */
  async prove(
    { uri, fix, seconds }: ParamsOf<"flameline/prove">,
    signal: AbortSignal,
    tell: (step: ClientNotifications["flameline/proving"]) => void,
  ): Promise<ProofRecord> {
    const fixes = await this.#fixesOf(uri);
    const finding = fixes?.findings.find(({ id }) => id === fix);
    if (fixes === undefined || finding === undefined) throw new ServerError({ kind: "no-such-fix" });
    const { document, loaded } = fixes.annotated;
    const proof = await this.#proveFinding(fixes.annotated, finding, { seconds, signal, tell });
    await this.#bookOf(loaded).keep(document.realPath, finding.id, document.text, proof);
    await this.publish();
    return proof;
  }

  /** The same for a change that no rule has made, of one function. It is kept where it is proved, for when it is made. Throws a {@link ServerError} where nothing was recorded of the file. */
  async proveChange(
    { uri, subject, changes, title, seconds }: ParamsOf<"flameline/proveChange">,
    signal: AbortSignal,
    tell: (step: ClientNotifications["flameline/proving"]) => void,
  ): Promise<ResultOf<"flameline/proveChange">> {
    const annotated = await this.#annotations.annotate(uri);
    if (annotated === undefined || annotated.lines.length === 0) throw new ServerError({ kind: "not-recorded", path: uri });
    const { view, document, functions, loaded } = annotated;
    const { proposedFix } = await import("../analysis/optimize/proposal.js");
    const total = (await functions()).find(({ key }) => key === subject)?.total ?? 0;
    const about = { event: view.selection.event, share: view.sum > 0 ? total / view.sum : 0, title };
    const finding = proposedFix(document.text, subject, changes, about);
    if (typeof finding === "string") return { proof: { verdict: "refused", safety: { tried: [] }, reason: finding }, fix: "", edits: [] };
    const proof = await this.#proveFinding(annotated, finding, { seconds, signal, tell });
    const text = TextDocument.create(uri, "", 0, document.text);
    if (proof.verdict === "proved") {
      await this.#bookOf(loaded).keep(document.realPath, finding.id, document.text, proof);
      this.#proposed.set(uri, { annotated, document: text, findings: [finding] });
    }
    const edits = finding.edits.map(({ start, end, text: newText }) => ({
      range: { start: text.positionAt(start), end: text.positionAt(end) },
      newText,
    }));
    return { proof, fix: finding.id, edits };
  }

  async #proveFinding(
    annotated: Annotated,
    finding: Finding,
    { seconds, signal, tell }: { seconds: number; signal: AbortSignal; tell: (step: ClientNotifications["flameline/proving"]) => void },
  ): Promise<ProofRecord> {
    const { loaded, view, document } = annotated;
    const file = document.realPath;
    const folders = this.#workspace.ownerSettings.folders.filter((folder) => file.startsWith(`${folder}/`));
    const [root] = folders.toSorted((a, b) => b.length - a.length);
    if (root === undefined)
      return { verdict: "refused", safety: { tried: [] }, reason: "The file lies outside of the workspace's folders." };
    const { proveFix } = await import("../prover/prove-fix.js");
    const { processOf } = await import("../analysis/optimize/process-of.js");
    const rows = recordedRows(annotated);
    return proveFix({
      root,
      file,
      text: document.text,
      finding,
      process: processOf(loaded.recording, view.selection, (row) => rows.has(row)),
      copies: join(this.#workspace.storage, "proofs"),
      harness: this.#workspace.harness,
      syntax: (path, read, visit) => this.#workspace.syntax(path, read, visit),
      environment: process.env,
      seconds,
      signal,
      progress: (phrase, part) => tell({ fix: finding.id, phrase, part }),
    });
  }

  /** The innermost function around a line (0-based) that has samples. */
  async functionAt(uri: string, line: number): Promise<ResultOf<"flameline/functionAt">> {
    const annotated = await this.#annotations.annotate(uri);
    if (annotated === undefined || annotated.lines.length === 0 || annotated.view.sum <= 0) return null;
    const { document, view } = annotated;
    const outline = await this.#workspace.outline(document.realPath, document.text);
    const around = (outline?.functions ?? []).filter(({ startLine, endLine }) => startLine <= line + 1 && line + 1 <= endLine);
    const costs = await annotated.functions();
    const fixes = (await this.#fixesOf(uri))?.findings ?? [];
    for (const { qualifiedName, startLine, endLine } of around.toSorted((a, b) => b.startLine - a.startLine)) {
      const total = costs.find(({ key }) => key === qualifiedName)?.total;
      if (total === undefined) continue;
      const text = document.text
        .split("\n")
        .slice(startLine - 1, endLine)
        .join("\n");
      const own = fixes.filter(({ subject, refusal }) => subject === qualifiedName && refusal === undefined);
      return { subject: qualifiedName, text, share: total / view.sum, event: view.selection.event, fixes: own.length };
    }
    return null;
  }

  /** What the fixes on a line (0-based) would do, a sentence each. */
  async sentences(uri: string, line: number): Promise<string[]> {
    const fixes = await this.#fixesOf(uri);
    const here = fixes?.findings.filter(({ startLine, endLine }) => startLine - 1 <= line && line <= endLine - 1) ?? [];
    return fixes === undefined ? [] : (await this.#withProofs(fixes, here)).map((fix) => adviceOf(fix));
  }

  async #withProofs({ annotated, document }: FileFixes, findings: readonly Finding[]): Promise<ShownFix[]> {
    const book = this.#bookOf(annotated.loaded);
    return Promise.all(
      findings.map(async (finding) => {
        return { finding, proof: await book.of(annotated.document.realPath, finding.id, document.getText()) };
      }),
    );
  }

  #bookOf(loaded: LoadedRecording): ProofBook {
    const book = this.#proofs.get(loaded) ?? new ProofBook(loaded.folder);
    this.#proofs.set(loaded, book);
    return book;
  }

  async #fixesOf(uri: string): Promise<FileFixes | undefined> {
    const { enabled, minimumShare } = this.#workspace.settings.fixes;
    const annotated = enabled ? await this.#annotations.annotate(uri) : undefined;
    if (annotated === undefined || annotated.lines.length === 0) return undefined;
    const { document, view, loaded, path } = annotated;
    const known = this.#found.get(uri);
    if (known?.annotated.view === view && known.document.getText() === document.text) return known;
    if (loaded.ownerOfPath(path) !== "mine") return undefined;
    // Nothing of it is loaded before there is something to look at.
    const { findFixes, rulesOf, calleesOf } = await import("../analysis/optimize/find.js");
    const { measureHeat } = await import("../analysis/optimize/heat.js");
    const rules = rulesOf(document.realPath);
    if (rules.length === 0) return undefined;
    const rows = recordedRows(annotated);
    const heat = measureHeat(loaded.recording, view.selection, (row) => rows.get(row) ?? 0, calleesOf(rules));
    const find = (root: Parameters<typeof findFixes>[0]): Finding[] => findFixes(root, heat, rules, minimumShare);
    const findings = (await this.#workspace.syntax(document.realPath, document.text, find)) ?? [];
    const fixes = { annotated, document: TextDocument.create(uri, "", 0, document.text), findings };
    this.#found.set(uri, fixes);
    return fixes;
  }
}

/** The document's line of the rows of `frames.lines` that are in it. */
function recordedRows({ loaded, lines, path }: Annotated): Map<number, number> {
  const { places } = loaded;
  const lineOfId = new Map(lines.map(({ id, line }) => [id, line]));
  const rows = new Map<number, number>();
  for (let context = 0; context < places.contexts; context++) {
    places.linesOf(context).forEach((id, position) => {
      const line = lineOfId.get(id);
      if (line !== undefined && places.linePath.at(id) === path) rows.set(places.rowOf(position), line);
    });
  }
  return rows;
}
