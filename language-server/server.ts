import {
  type CancellationToken,
  CodeActionKind,
  CodeLensRefreshRequest,
  type Connection,
  type InitializeResult,
  MarkupContent,
  TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI } from "vscode-uri";
import type { ServerInitialization } from "../protocol/language-server.js";
import { timeMap } from "../profile/time-map.js";
import { annotatedFunction } from "./annotated-function.js";
import { type Annotated, Annotations } from "./annotations.js";
import { baselineMembers, shownRecording } from "./baseline.js";
import { diagnose } from "./diagnose.js";
import { documentHeat } from "./document-heat.js";
import { FIX_ALL } from "./fix-actions.js";
import { type FixGain, withGain } from "./fix-gains.js";
import { Fixes } from "./fixes.js";
import { exportRecording } from "./export-recording.js";
import { functionGraph, selectedTree } from "./graphs.js";
import { lineHover } from "./hover.js";
import { LensBook } from "./lens-book.js";
import { documentHints, documentLenses } from "./lenses.js";
import { locateFunction } from "./locate-function.js";
import { finishLeftovers } from "./open-recording.js";
import { memoryOverTime } from "./memory-over-time.js";
import { Paced } from "./pacing.js";
import { recordingFindings } from "./recording-findings.js";
import { RepeatedWish } from "./repeated-wish.js";
import { type NotificationHandlers, notify, registerNotifications, registerRequests, type RequestHandlers } from "./requests.js";
import { Session, type SessionChange } from "./session.js";
import { comparedColumns } from "./compared-columns.js";
import { locateRow, tableColumns } from "./table-columns.js";
import { hottestFunction, hottestFunctions, hottestLines, waitTotals } from "./tables.js";
import { testAtLine } from "./test-at-line.js";
import { Workspace } from "./workspace.js";

/** The extension hears of changes, and lenses are asked for again, at most so often. */
const CHANGED_EVERY_MS = 250;
/**
 * What comes on top of a recording changes its shares by as much as it is longer: it is told when that may be a twentieth, at least every
 * other second. All that a window does while it records begins with it.
 */
const CHANGED_BY = 1 / 20;
const CHANGED_AT_LEAST_EVERY_MS = 2000;
/** Fixes are looked for at most so often, ms: after what a person did, and while a recording grows. */
const FIXES_PACE = { soon: 400, later: () => 3000 };

/** Answers one client over a connection, from `initialize` to `exit`. */
export function serve(connection: Connection): void {
  const editor = new TextDocuments(TextDocument);
  const log = (message: string): void => connection.console.info(message);
  let stop = (): void => undefined;

  connection.onInitialize(async (params): Promise<InitializeResult> => {
    const workspace = new Workspace((params.initializationOptions ?? {}) as Partial<ServerInitialization>, log);
    await workspace.start();
    const refresh = {
      lenses: params.capabilities.workspace?.codeLens?.refreshSupport === true,
      hints: params.capabilities.workspace?.inlayHint?.refreshSupport === true,
      folders: params.capabilities.workspace?.workspaceFolders === true,
    };
    stop = answer(connection, editor, workspace, refresh, log);
    return {
      serverInfo: { name: "Flameline" },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        codeLensProvider: { resolveProvider: false },
        inlayHintProvider: { resolveProvider: false },
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });
  connection.onShutdown(() => stop());
  editor.listen(connection);
  connection.listen();
}

/** Registers all handlers; answers what ends the server's own timers. */
function answer(
  connection: Connection,
  editor: TextDocuments<TextDocument>,
  workspace: Workspace,
  refresh: { readonly lenses: boolean; readonly hints: boolean; readonly folders: boolean },
  log: (message: string) => void,
): () => void {
  const book = new LensBook();
  const session = new Session(workspace, (change) => changed(change), log);
  const annotations = new Annotations(workspace, session, editor);

  // Their answers are not waited for: a client that never answers must not stop the next update.
  const lenses = new RepeatedWish(() => void connection.sendRequest(CodeLensRefreshRequest.type).catch(() => undefined));
  const hints = new RepeatedWish(() => void connection.languages.inlayHint.refresh().catch(() => undefined));

  const fixes = new Fixes(workspace, annotations, connection, editor);
  const findFixes = new Paced(
    FIXES_PACE,
    () => fixes.publish(),
    (error) => log(`fixes were not looked for: ${String(error)}`),
  );
  editor.onDidChangeContent(() => findFixes.request());
  editor.onDidClose(() => findFixes.request());

  const publish = new Paced(
    {
      soon: CHANGED_EVERY_MS,
      later: () => Math.min(CHANGED_AT_LEAST_EVERY_MS, ((session.current?.recording.info.durationNs ?? 0) / 1e6) * CHANGED_BY),
    },
    async () => {
      const shown = await session.view();
      const hottest = shown === undefined ? null : hottestFunction(shown.loaded, shown.view);
      notify(connection, "flameline/changed", {
        recording: shown?.loaded.id ?? null,
        selection: session.selection,
        events: shown?.loaded.recording.eventsWithSamples() ?? [],
        leftOut: shown?.view.leftOut ?? 0,
        range: shown?.view.range ?? "",
        samples: shown?.view.samples ?? 0,
        hottest,
        ...(shown === undefined ? {} : memoryOverTime(shown.loaded.recording)),
        ...baselineMembers(session.baseline, session.current?.recording),
        hottestShare: hottest === null || shown === undefined || shown.view.sum === 0 ? 0 : hottest.self / shown.view.sum,
      });
      if (refresh.lenses) {
        lenses.request();
      }
      if (refresh.hints) {
        hints.request();
      }
    },
    (error) => log(`an update was not sent: ${String(error)}`),
  );

  const changed = (change: SessionChange): void => {
    if (change === "replaced") {
      book.clear();
    }
    publish.request(change === "more" ? "later" : "soon");
    findFixes.request(change === "more" ? "later" : "soon");
  };

  const requests: RequestHandlers = {
    "flameline/begin": async (params) => {
      await session.begin(params);
      return null;
    },
    "flameline/finish": async ({ id }) => session.finish(id),
    "flameline/open": async ({ path }) => session.open(path),
    "flameline/openRing": async (params) => session.openRing(params),
    "flameline/clear": () => {
      session.clear();
      return null;
    },
    "flameline/summary": () => (session.current === undefined ? null : shownRecording(session, session.current)),
    "flameline/compare": async ({ path, ...range }) => session.compare(path, range),
    "flameline/select": ({ selection }) => {
      session.select(selection);
      return null;
    },
    "flameline/documentHeat": async ({ uri }) => documentHeat(annotations, uri),
    "flameline/functions": async (params) => hottestFunctions(session.required(), session.selection, params, session.baseline),
    "flameline/lines": async (params) => hottestLines(session.required(), session.selection, params),
    "flameline/waits": async (params) => waitTotals(session.required(), params.selection ?? session.selection),
    "flameline/table": async ({ kind, selection }) =>
      session.current === undefined
        ? null
        : session.baseline === undefined
          ? tableColumns(session.current, kind, selection)
          : comparedColumns(session.current, session.baseline, kind, selection),
    "flameline/annotate": async (wish) =>
      session.current === undefined ? null : annotatedFunction(workspace, annotations, session.current, session.selection, wish),
    "flameline/findings": async ({ selection }) => {
      const { current } = session;
      if (current === undefined) return [];
      const found = [...(await recordingFindings(current, selection)), ...(await fixes.ofRecording(current, selection))];
      return found.sort((a, b) => b.share - a.share);
    },
    "flameline/locateRow": async ({ kind, id, selection }) =>
      session.current === undefined ? null : locateRow(workspace, session.current, kind, id, selection),
    "flameline/tree": async (params) => (session.current === undefined ? null : selectedTree(session.current, params, session.baseline)),
    "flameline/timeMap": ({ selection, window }) =>
      session.current === undefined ? null : timeMap(session.current.recording, selection, window),
    "flameline/callers": async (params) =>
      session.current === undefined ? null : functionGraph(session.current, params.function, params.selection),
    "flameline/locate": async (params) =>
      session.current === undefined ? null : locateFunction(workspace, session.current, params.function, params.selection),
    "flameline/export": async (params) => exportRecording(session.required(), params),
    "flameline/prove": async (params, cancelled) =>
      abortable(cancelled, (signal) => fixes.prove(params, signal, (step) => notify(connection, "flameline/proving", step))),
    "flameline/proveChange": async (params, cancelled) =>
      abortable(cancelled, (signal) => fixes.proveChange(params, signal, (step) => notify(connection, "flameline/proving", step))),
    "flameline/functionAt": async ({ uri, line }) => fixes.functionAt(uri, line),
    "flameline/explainLine": async ({ uri, line }) => {
      const hover = withGain(await lineHover(annotations, uri, line), await fixes.hover(uri, line));
      return hover === null || !MarkupContent.is(hover.contents)
        ? null
        : { cost: hover.contents.value, fixes: await fixes.sentences(uri, line) };
    },
    "flameline/fixApplied": async (params) => {
      await fixes.applied(params);
      publish.request();
      return null;
    },
    "flameline/rollBack": async (params) => fixes.rollBack(params),
    "flameline/madeFixes": async () => fixes.made(),
    "flameline/testAt": async ({ uri, line }) => testAtLine(workspace, await annotations.document(uri), line),
    "flameline/diagnose": async () => ({ findings: session.current === undefined ? [] : await diagnose(session.current) }),
  };
  registerRequests(connection, requests);

  const notifications: NotificationHandlers = {
    "flameline/batch": ({ id, text }) => session.message(id, text),
    "flameline/settings": (settings) => {
      workspace.settings = settings;
      publish.request();
      findFixes.request();
    },
  };
  registerNotifications(connection, notifications);

  const gains = (annotated: Annotated): Promise<readonly FixGain[]> => fixes.gains(annotated);
  connection.onCodeLens(({ textDocument }) =>
    documentLenses(workspace, book, annotations, textDocument.uri, gains).finally(() => lenses.granted()),
  );
  connection.onHover(async ({ textDocument, position }) => {
    const [line, gain] = await Promise.all([
      lineHover(annotations, textDocument.uri, position.line),
      fixes.hover(textDocument.uri, position.line),
    ]);
    return withGain(line, gain);
  });
  connection.onCodeAction(({ textDocument: { uri }, range, context: { only } }) => {
    const asksForAll = only?.some((kind) => FIX_ALL === kind || FIX_ALL.startsWith(`${kind}.`));
    return asksForAll === true ? fixes.fixAll(uri) : fixes.codeActions(uri, range);
  });
  connection.languages.inlayHint.on(({ textDocument }) =>
    documentHints(workspace, book, annotations, textDocument.uri, gains).finally(() => hints.granted()),
  );

  connection.onInitialized(() => {
    void start(connection, workspace, session, refresh.folders ? () => publish.request() : undefined, log);
  });
  return () => {
    publish.dispose();
    findFixes.dispose();
    lenses.dispose();
    hints.dispose();
  };
}

/** What a request's cancellation ends. */
async function abortable<T>(cancelled: CancellationToken, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listening = cancelled.onCancellationRequested(() => controller.abort());
  try {
    return await work(controller.signal);
  } finally {
    listening.dispose();
  }
}

/** After `initialized`: follows the workspace's folders where the client tells them, and finishes what a crash left behind. */
async function start(
  connection: Connection,
  workspace: Workspace,
  session: Session,
  onFolders: (() => void) | undefined,
  log: (message: string) => void,
): Promise<void> {
  if (onFolders !== undefined) {
    connection.workspace.onDidChangeWorkspaceFolders(() => {
      void followFolders(connection, workspace).then(onFolders, (error: unknown) => log(`the folders were not read: ${String(error)}`));
    });
  }
  const finished = await finishLeftovers(workspace, (id) => session.isLive(id), log);
  if (finished.length > 0) {
    log(`finished after a crash: ${finished.join(", ")}`);
  }
}

async function followFolders(connection: Connection, workspace: Workspace): Promise<void> {
  const folders = (await connection.workspace.getWorkspaceFolders()) ?? [];
  const local = folders.map(({ uri }) => URI.parse(uri)).filter(({ scheme }) => scheme === "file");
  await workspace.setFolders(local.map(({ fsPath }) => fsPath));
}
