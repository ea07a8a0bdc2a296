import { isCellPath } from "../source/notebook-cells.js";
import { type Judgement, judgeText } from "../source/staleness.js";
import { carryRewritten, type CarryLine } from "./carry-rewritten.js";
import { type Baseline, baselineSelection, baselineTitle } from "./baseline.js";
import { documentDifference, type DocumentDifference, type DocumentSide } from "./document-difference.js";
import { type DocumentFunction, documentFunctions, functionKeys, namedFunctions } from "./document-functions.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { type DocumentText, documentText, type EditorTexts } from "./open-documents.js";
import { shownLines } from "./own-cost.js";
import type { Session } from "./session.js";
import type { View } from "./view.js";
import type { Workspace } from "./workspace.js";

/** What the current recording says about a document. */
export interface Annotated {
  readonly document: DocumentText;
  readonly loaded: LoadedRecording;
  readonly view: View;
  /** Path index in the recording's places; -1 when the file has no samples. */
  readonly path: number;
  /** Why there are no numbers, when the user should know. */
  readonly notice: string | undefined;
  /** Line ids of the file with the line (1-based) where each is in the document as it is now. */
  readonly lines: readonly { readonly id: number; readonly line: number }[];
  /** Of the view, or of a part of it. */
  readonly functions: (part?: View) => Promise<readonly DocumentFunction[]>;
  readonly carry: CarryLine;
}

/** Shares of a document's lines and functions in the recording before the current one. */
export interface Before {
  /** By line of the document as it is now, 1-based. */
  readonly lines: ReadonlyMap<number, { readonly self: number; readonly total: number }>;
  /** Total share by {@link DocumentFunction.key}. */
  readonly functions: ReadonlyMap<string, number>;
}

/** A diff of a large file takes longer than a question may: the latest are kept. */
const KEPT_JUDGEMENTS = 32;
/** Of a live recording a difference is computed again at most so often. */
const LIVE_DIFFERENCE_MS = 2000;
const NOTHING_BEFORE: Before = { lines: new Map(), functions: new Map() };

/** Puts recordings onto documents: by path, over edits, now and before. */
export class Annotations {
  readonly #workspace: Workspace;
  readonly #session: Session;
  readonly #editor: EditorTexts;
  /** The latest, for lenses, heat and hovers of one document ask for it together. */
  #difference:
    | {
        readonly baseline: Baseline;
        readonly view: View;
        readonly text: string;
        readonly path: string;
        readonly ms: number;
        readonly difference: Promise<DocumentDifference | undefined>;
      }
    | undefined;
  readonly #judged: { readonly key: readonly unknown[]; readonly judgement: Judgement }[] = [];

  constructor(workspace: Workspace, session: Session, editor: EditorTexts) {
    this.#workspace = workspace;
    this.#session = session;
    this.#editor = editor;
  }

  async document(uri: string): Promise<DocumentText | undefined> {
    return documentText(uri, this.#editor, this.#workspace.files);
  }

  /** Undefined when there is no recording or no such document. */
  async annotate(uri: string): Promise<Annotated | undefined> {
    const shown = await this.#session.view();
    const document = shown === undefined ? undefined : await this.document(uri);
    if (shown === undefined || document === undefined) {
      return undefined;
    }
    const { loaded, view } = shown;
    const path = loaded.places.pathIndex(document.realPath);
    const none = { document, loaded, view, path, notice: undefined, lines: [], functions: async () => [], carry: () => undefined };
    if (path < 0) {
      return none;
    }
    const { judgement, text } = await this.#judge(loaded, path, document);
    if (judgement.kind === "hidden") {
      return { ...none, notice: judgement.notice };
    }
    const { carry } = judgement;
    const lines = linesOfPath(loaded, view, path).flatMap((id) => {
      const line = carry(loaded.places.lineNumber.at(id));
      return line === undefined ? [] : [{ id, line }];
    });
    const functions = async (part: View = view): Promise<readonly DocumentFunction[]> =>
      documentFunctions(this.#workspace, loaded, part, path, text);
    return { ...none, lines, functions, carry };
  }

  /** What the recording before said about the document, as far as its text of then is known. */
  async before(document: DocumentText, view: View): Promise<Before> {
    const previous = this.#session.previous;
    if (previous === undefined) {
      return NOTHING_BEFORE;
    }
    const { event, idle } = view.selection;
    const old = await previous.view({ event, ...(idle === undefined ? {} : { idle }) });
    const path = previous.places.pathIndex(document.realPath);
    if (path < 0 || old.sum === 0) {
      return NOTHING_BEFORE;
    }
    const { judgement, text } = await this.#judge(previous, path, document);
    if (judgement.kind === "hidden") {
      return NOTHING_BEFORE;
    }
    const { carry } = judgement;
    const { self, total } = shownLines(previous, old);
    const lines = new Map<number, { self: number; total: number }>();
    for (const id of linesOfPath(previous, old, path)) {
      const line = carryRewritten(carry, previous.places.lineNumber.at(id));
      if (line !== undefined) {
        lines.set(line, { self: (self[id] ?? 0) / old.sum, total: (total[id] ?? 0) / old.sum });
      }
    }
    const functions = await documentFunctions(this.#workspace, previous, old, path, text);
    return { lines, functions: new Map(functions.map((fn) => [fn.key, fn.total / old.sum])) };
  }

  /** Against the baseline; undefined where none is chosen, or its numbers may not be shown on the document. */
  async difference(annotated: Annotated): Promise<DocumentDifference | undefined> {
    const { baseline } = this.#session;
    const { document, loaded, view } = annotated;
    if (baseline === undefined || annotated.notice !== undefined) {
      return undefined;
    }
    const known = this.#difference;
    const same = known?.baseline.loaded === baseline.loaded && known.view.selection === view.selection && known.text === document.text;
    const fresh = known?.view === view || (loaded.live && Date.now() - (known?.ms ?? 0) < LIVE_DIFFERENCE_MS);
    if (known !== undefined && same && fresh && known.path === document.realPath) {
      return known.difference;
    }
    const difference = this.#compare(annotated, baseline);
    this.#difference = { baseline, view, text: document.text, path: document.realPath, ms: Date.now(), difference };
    return difference;
  }

  async #compare(annotated: Annotated, baseline: Baseline): Promise<DocumentDifference | undefined> {
    const { document, loaded, view } = annotated;
    const old = await baseline.loaded.view(baselineSelection(baseline, loaded.recording, view.selection));
    const path = baseline.loaded.places.pathIndex(document.realPath);
    const none = { loaded: baseline.loaded, view: old, lines: [], functions: async () => [] };
    const base = path < 0 ? none : await this.#baseSide(baseline.loaded, old, path, document);
    const difference = base && (await documentDifference(base, { loaded, view, lines: annotated.lines, functions: annotated.functions }));
    return difference && { name: baselineTitle(baseline, this.#session.current?.recording), ...difference };
  }

  /** Undefined where the text of then is not known. */
  async #baseSide(loaded: LoadedRecording, view: View, path: number, document: DocumentText): Promise<DocumentSide | undefined> {
    const { judgement, text } = await this.#judge(loaded, path, document);
    if (judgement.kind === "hidden") {
      return undefined;
    }
    const lines = linesOfPath(loaded, view, path).flatMap((id) => {
      const line = carryRewritten(judgement.carry, loaded.places.lineNumber.at(id));
      return line === undefined ? [] : [{ id, line }];
    });
    return { loaded, view, lines, functions: async (part) => documentFunctions(this.#workspace, loaded, part, path, text) };
  }

  /** Whether a recording's numbers may be shown on a document, and the text that ran. Asked again with the same texts, it costs nothing. */
  async #judge(loaded: LoadedRecording, path: number, document: DocumentText): Promise<{ judgement: Judgement; text: string }> {
    if (isCellPath(document.realPath)) {
      // Its path is made of its text.
      return { judgement: { kind: "shown", carry: (line) => line }, text: document.text };
    }
    const ran = await loaded.texts.get(document.realPath);
    const loadedMs = loaded.loadedMs(path, ran?.modifiedMs ?? 0);
    const text = ran?.text ?? "";
    const key = [loaded, document.realPath, document.text, text, loadedMs];
    const known = this.#judged.findIndex((one) => one.key.every((part, index) => part === key[index]));
    const [one] = known >= 0 ? this.#judged.splice(known, 1) : [];
    const judgement =
      one?.judgement ??
      judgeText({
        path: document.realPath,
        currentText: document.text,
        recorded: ran?.kept === true ? ran : undefined,
        disk: ran?.kept === false ? ran : undefined,
        loadedMs,
      });
    this.#judged.push({ key, judgement });
    this.#judged.splice(0, this.#judged.length - KEPT_JUDGEMENTS);
    return { judgement, text };
  }

  /** Line (1-based) of each function's name in the document as it is now, by {@link DocumentFunction.key}. */
  async currentNameLines(document: DocumentText): Promise<ReadonlyMap<string, number>> {
    const outline = await this.#workspace.outline(document.realPath, document.text);
    const named = outline === undefined ? [] : namedFunctions(outline);
    const keys = functionKeys(named);
    return new Map(named.map(({ nameLine }, index) => [keys[index] ?? "", nameLine]));
  }
}

/** The ids of a file's lines with cost in a view. */
function linesOfPath(loaded: LoadedRecording, view: View, path: number): readonly number[] {
  const byPath = view.once("line ids by path", () => {
    const { linePath, lineNumber, lines } = loaded.places;
    const { total } = view.lines();
    const ids = new Map<number, number[]>();
    for (let id = 0; id < lines; id++) {
      const of = linePath.at(id);
      if (of >= 0 && lineNumber.at(id) > 0 && (total[id] ?? 0) > 0) {
        const known = ids.get(of);
        if (known === undefined) {
          ids.set(of, [id]);
        } else {
          known.push(id);
        }
      }
    }
    return ids;
  });
  return byPath.get(path) ?? [];
}
