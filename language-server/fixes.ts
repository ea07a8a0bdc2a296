import type {
  CodeAction,
  Connection,
  Diagnostic,
  PublishDiagnosticsParams,
  Range,
  TextDocuments,
  WorkspaceEdit,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Finding } from "../analysis/optimize/finding.js";
import type { Annotated, Annotations } from "./annotations.js";
import type { Workspace } from "./workspace.js";
import { percent } from "./wording.js";

/** `DiagnosticSeverity.Information`: seen, and no warning. */
const INFORMATION = 3;
const SOURCE = "Flameline";

/** What was found in one text under one view. */
interface FileFixes {
  readonly view: Annotated["view"];
  readonly document: TextDocument;
  readonly version: number | null;
  readonly findings: readonly Finding[];
}

/** Finds the fixes of open documents that were profiled, and shows them as diagnostics and code actions. */
export class Fixes {
  readonly #workspace: Workspace;
  readonly #annotations: Annotations;
  readonly #connection: Connection;
  readonly #editor: TextDocuments<TextDocument>;
  readonly #found = new Map<string, FileFixes>();
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
      const diagnostics = fixes?.findings.map((finding) => diagnosticOf(fixes.document, finding)) ?? [];
      const text = JSON.stringify(diagnostics);
      if (text === (this.#shown.get(uri) ?? "[]")) continue;
      const params: PublishDiagnosticsParams = { uri, diagnostics };
      const version = fixes?.version ?? undefined;
      await this.#connection.sendDiagnostics(version === undefined ? params : { ...params, version });
      if (diagnostics.length > 0) this.#shown.set(uri, text);
      else this.#shown.delete(uri);
    }
  }

  async codeActions(uri: string, range: Range): Promise<CodeAction[]> {
    const fixes = await this.#fixesOf(uri);
    if (fixes === undefined) return [];
    const here = fixes.findings.filter(({ startLine, endLine }) => startLine - 1 <= range.end.line && endLine - 1 >= range.start.line);
    return here.flatMap((finding) => actionsOf(uri, fixes, finding));
  }

  async #fixesOf(uri: string): Promise<FileFixes | undefined> {
    const { enabled, minimumShare } = this.#workspace.settings.fixes;
    // Nothing of ours is loaded before there is something to look at.
    const annotated = enabled ? await this.#annotations.annotate(uri) : undefined;
    if (annotated === undefined || annotated.lines.length === 0) return undefined;
    const { document, view, loaded, path } = annotated;
    const known = this.#found.get(uri);
    if (known?.view === view && known.document.getText() === document.text) return known;
    if (loaded.ownerOfPath(path) !== "mine") return undefined;
    const { findFixes, rulesOf, calleesOf } = await import("../analysis/optimize/find.js");
    const { measureHeat } = await import("../analysis/optimize/heat.js");
    const rules = rulesOf(document.realPath);
    const lines = recordedRows(annotated);
    const heat = measureHeat(loaded.recording, view.selection, (row) => lines.get(row) ?? 0, calleesOf(rules));
    const findings =
      rules.length === 0
        ? []
        : await this.#workspace.syntax(document.realPath, document.text, (root) => findFixes(root, heat, rules, minimumShare));
    const fixes: FileFixes = {
      view,
      document: TextDocument.create(uri, "", 0, document.text),
      version: document.version,
      findings: findings ?? [],
    };
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

function diagnosticOf(document: TextDocument, finding: Finding): Diagnostic {
  return {
    range: rangeOf(document, finding),
    severity: INFORMATION,
    source: SOURCE,
    code: finding.rule,
    message: `${sentence(finding)} (unproved)`,
  };
}

function sentence({ share, event, message, expectedGain }: Finding): string {
  return `${percent(share)} of ${event} ${message}: at most ${expectedGain.toFixed(2)} times as fast without it`;
}

function rangeOf(document: TextDocument, { start, end }: { readonly start: number; readonly end: number }): Range {
  return { start: document.positionAt(start), end: document.positionAt(end) };
}

function actionsOf(uri: string, { document, version }: FileFixes, finding: Finding): CodeAction[] {
  const diagnostics = [diagnosticOf(document, finding)];
  const lineEnd = document.offsetAt({ line: finding.startLine, character: 0 });
  const at = document.positionAt(
    document
      .getText()
      .slice(0, lineEnd)
      .replace(/\r?\n$/, "").length,
  );
  const edit: WorkspaceEdit = {
    documentChanges: [
      {
        textDocument: { uri, version },
        edits: finding.edits.map((each) => ({ range: rangeOf(document, each), newText: each.text, annotationId: finding.rule })),
      },
    ],
    changeAnnotations: {
      [finding.rule]: { label: finding.title, description: sentence(finding), needsConfirmation: true },
    },
  };
  const comment = /\.pyw?$/.test(uri) ? "#" : "//";
  return [
    { title: `${finding.title} (unproved)`, kind: "quickfix", diagnostics, edit },
    {
      title: "Never propose fixes for this line",
      kind: "quickfix",
      diagnostics,
      edit: {
        documentChanges: [
          { textDocument: { uri, version }, edits: [{ range: { start: at, end: at }, newText: `  ${comment} flameline: ignore` }] },
        ],
      },
    },
  ];
}
