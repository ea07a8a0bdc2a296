import * as vscode from "vscode";
import { AnnotatedSource } from "./annotated-source.js";
import { createCommands } from "./commands.js";
import { Comparison } from "./comparison.js";
import { DisposableStore } from "./disposable-store.js";
import { guarded, showError } from "./failures.js";
import { EventSwitch } from "./events/event-switch.js";
import { RangeItem } from "./events/range-item.js";
import { FlameGraphPanel } from "./flame-graph-panel.js";
import { FlameGraphs } from "./flame-graphs.js";
import { distFolder } from "./folders.js";
import { Heat } from "./heat/heat.js";
import { KeepProfiling } from "./keep/keep-profiling.js";
import { LanguageServer } from "./language-server-client.js";
import { registerTools } from "./language-model-tools.js";
import { ProfileEditor } from "./profile-editor.js";
import { connectToHelper } from "./recording/connect.js";
import { KeptRecordings } from "./recording/kept-recordings.js";
import { RecordingSession } from "./recording/recording-session.js";
import { StatusBar } from "./recording/status-bar.js";
import { FixesTree } from "./trees/fixes-tree.js";
import { HottestTree } from "./trees/hottest-tree.js";
import { RecordingsTree } from "./trees/recordings-tree.js";

/** At a reload VS Code waits about five seconds; what is not written by then is finished at the next start. */
const LAST_WORDS_MS = 3000;

let goodbye: (() => Promise<unknown>) | undefined;

/**
 * Wires the features. Everything heavy (language client, recorder) is loaded by the first use, not here: VS Code comes here after each start, so
 * that Keep Profiling goes on where it was on.
 */
export function activate(context: vscode.ExtensionContext): void {
  const held = new DisposableStore();
  context.subscriptions.push(held);
  const log = held.add(vscode.window.createOutputChannel("Flameline", { log: true }));
  const failed = (error: unknown) => void showError(error, log);
  // Without a folder there is no storage of the workspace.
  const storage = (context.storageUri ?? context.globalStorageUri).fsPath;
  const dist = distFolder(context.extensionPath);

  const server = held.add(new LanguageServer(context.extensionPath, storage, log));
  const kept = held.add(new KeptRecordings(storage, server, context.workspaceState, log));
  const session = held.add(
    new RecordingSession((signal, restart) => connectToHelper(dist, log, signal, restart), server, kept, log, failed),
  );
  const graphs = held.add(new FlameGraphs(context.extensionUri, server));
  const hottest = held.add(new HottestTree(server, log, () => kept.wake()));
  held.add(new FixesTree(server, log));
  const events = held.add(new EventSwitch(server));
  const range = held.add(new RangeItem(server));
  const comparison = held.add(new Comparison(server, kept));
  const annotated = held.add(new AnnotatedSource(server));
  graphs.onAnnotate = (fn) => annotated.toggle(fn);
  const heat = held.add(new Heat(context.extensionUri, server, log));
  held.add(new StatusBar(session, server));
  held.add(new RecordingsTree(kept, session));

  held.add(kept.onChanged(() => heat.forgetNotices()));
  held.add(server.onRestarted(guarded(log, () => session.state.kind === "idle" && kept.reopen())));
  held.add(
    vscode.window.registerWebviewPanelSerializer(FlameGraphPanel.viewType, {
      deserializeWebviewPanel: (panel, state) => {
        kept.wake();
        return graphs.serializer.deserializeWebviewPanel(panel, state);
      },
    }),
  );
  const editor = new ProfileEditor(graphs, ({ fsPath }, again) => (again ? kept.openAgain(fsPath) : kept.open(fsPath)));
  for (const viewType of [ProfileEditor.viewType, ProfileEditor.secondViewType]) {
    held.add(vscode.window.registerCustomEditorProvider(viewType, editor));
  }

  const keep = held.add(
    new KeepProfiling({
      storage,
      connect: (mayAsk, signal) => connectToHelper(dist, log, signal, false, mayAsk),
      server,
      session,
      kept,
      graphs,
      memory: context.workspaceState,
      log,
      failed,
    }),
  );
  const commands = createCommands({
    extension: context.extension,
    log,
    server,
    kept,
    session,
    graphs,
    hottest,
    events,
    range,
    comparison,
    keep,
    annotated,
  });
  for (const [name, handler] of Object.entries(commands)) {
    const asked = (...args: unknown[]): unknown => {
      kept.wake();
      return handler(...args);
    };
    held.add(vscode.commands.registerCommand(`flameline.${name}`, guarded(log, asked)));
  }
  held.add(registerTools({ server, session, kept }));
  goodbye = async () => {
    await Promise.all([session.stop(), keep.stop()]);
    await server.stop();
  };
  keep.resume();
}

export async function deactivate(): Promise<void> {
  await Promise.race([goodbye?.().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))]);
}
