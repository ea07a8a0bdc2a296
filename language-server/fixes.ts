import { join } from "node:path";
import type { CodeAction, Connection, PublishDiagnosticsParams, Range, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI } from "vscode-uri";
import type { Finding } from "../analysis/optimize/finding.js";
import type { ClientNotifications, ParamsOf } from "../protocol/language-server.js";
import type { Finding as ShownFinding } from "../protocol/findings.js";
import type { ProofRecord } from "../protocol/fixes.js";
import type { Selection } from "../protocol/queries.js";
import type { Annotated, Annotations } from "./annotations.js";
import { ServerError } from "./failures.js";
import { actionsOf, diagnosticOf, shownFinding, type ShownFix } from "./fix-actions.js";
import type { LoadedRecording } from "./loaded-recording.js";
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

  constructor(workspace: Workspace, annotations: Annotations, connection: Connection, editor: TextDocuments<TextDocument>) {
    this.#workspace = workspace;
    this.#annotations = annotations;
    this.#connection = connection;
    this.#editor = editor;
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
    const fixes = await this.#fixesOf(uri);
    if (fixes === undefined) return [];
    const here = fixes.findings.filter(({ startLine, endLine }) => startLine - 1 <= range.end.line && endLine - 1 >= range.start.line);
    const shown = await this.#withProofs(fixes, here);
    return shown.flatMap((fix) => actionsOf(fixes.document, fixes.annotated.document.version, fix));
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
    const { loaded, view, document } = fixes.annotated;
    const file = document.realPath;
    const folders = this.#workspace.ownerSettings.folders.filter((folder) => file.startsWith(`${folder}/`));
    const [root] = folders.toSorted((a, b) => b.length - a.length);
    if (root === undefined)
      return { verdict: "refused", safety: { tried: [] }, reason: "The file lies outside of the workspace's folders." };
    const { proveFix } = await import("../prover/prove-fix.js");
    const { processOf } = await import("../analysis/optimize/process-of.js");
    const rows = recordedRows(fixes.annotated);
    const proof = await proveFix({
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
      progress: (phrase, part) => tell({ fix, phrase, part }),
    });
    await this.#bookOf(loaded).keep(file, finding.id, document.text, proof);
    await this.publish();
    return proof;
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
