import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { ParamsOf, ResultOf, ServerMethod } from "../protocol/language-server.js";
import type { RecordingSummary, Selection, SourceLocation } from "../protocol/queries.js";
import type { FromWebview, ToWebview } from "../protocol/webview.js";
import { flameGraphHtml } from "./flame-graph-html.js";
import { readFromWebview } from "./flame-graph-messages.js";

export interface FlameGraphPanelOptions {
  readonly extensionUri: vscode.Uri;
  readonly ask: <M extends ServerMethod>(method: M, params: ParamsOf<M>) => Promise<ResultOf<M>>;
  /** Shows a source; with `preserveFocus` the graph keeps the keyboard. It should not cover the graph, which is in `graphColumn`. */
  readonly openSource: (
    location: SourceLocation,
    preserveFocus: boolean,
    graphColumn: vscode.ViewColumn | undefined,
  ) => Promise<void> | void;
  /** The user chose another event, process or thread in the graph; the server has been told already. */
  readonly onSelect?: (selection: Selection) => void;
}

/**
 * The flame graph's editor tab: one, opened again where it was after a reload. The page keeps its own view
 * (`setState`) and is thrown away while hidden, so nothing here holds what it can ask for again.
 */
export class FlameGraphPanel implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly viewType = "flameline.flameGraph";

  readonly #options: FlameGraphPanelOptions;
  #panel: vscode.WebviewPanel | undefined;
  #selection: Selection = { event: "cpu" };
  /** The page listens; before that, messages would be lost. */
  #ready = false;
  #reveal: number | undefined;

  constructor(options: FlameGraphPanelOptions) {
    this.#options = options;
  }

  /** Opens the tab or brings it to the front; `revealFunction` (index in the recording) is zoomed to. */
  async show(revealFunction?: number): Promise<void> {
    this.#reveal = revealFunction;
    if (this.#panel) {
      this.#panel.reveal(undefined, false);
    } else {
      const column = vscode.window.activeTextEditor ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
      this.#adopt(vscode.window.createWebviewPanel(FlameGraphPanel.viewType, "Flame Graph", column, { enableScripts: true }));
    }
    if (this.#ready) await this.#sendRecording();
  }

  /** For `registerWebviewPanelSerializer`: the page itself restores what it showed from its own state. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#panel) panel.dispose();
    else this.#adopt(panel);
    return Promise.resolve();
  }

  /** To be called when the recording changed, or the selection of all views. Cheap while no graph is open. */
  async update(selection?: Selection): Promise<void> {
    if (selection) this.#selection = selection;
    if (this.#ready && this.#panel?.visible) await this.#sendRecording();
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const dist = vscode.Uri.joinPath(this.#options.extensionUri, "dist");
    const { webview } = panel;
    this.#panel = panel;
    this.#ready = false;
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = undefined;
      this.#ready = false;
    });
    // While hidden the page is gone; its successor says "ready" again.
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.#ready = false;
    });
    webview.onDidReceiveMessage((data: unknown) => this.#receive(data));
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    webview.html = flameGraphHtml({
      cspSource: webview.cspSource,
      nonce: randomBytes(18).toString("base64url"),
      styleNonce: randomBytes(18).toString("base64url"),
      scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, "webview.js")).toString(),
      styleUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, "webview.css")).toString(),
    });
  }

  async #receive(data: unknown): Promise<void> {
    const message = readFromWebview(data);
    if (!message) return;
    try {
      await this.#answer(message);
    } catch (error) {
      const request = "request" in message ? message.request : 0;
      this.#post({ type: "failed", request, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #answer(message: FromWebview): Promise<void> {
    const { ask } = this.#options;
    switch (message.type) {
      case "ready":
        this.#ready = true;
        return this.#sendRecording();
      case "getTree": {
        const { direction, selection, minimumShare, request } = message;
        const tree = await ask("flameline/tree", { direction, selection, minimumShare });
        return this.#post({ type: "tree", request, direction, tree });
      }
      case "getCallers": {
        const answer = await ask("flameline/callers", { function: message.function, selection: message.selection });
        return this.#post({ type: "callers", request: message.request, answer });
      }
      case "openSource": {
        const place = await ask("flameline/locate", { function: message.function, selection: message.selection });
        if (place) return this.#options.openSource(place, message.preserveFocus, this.#panel?.viewColumn);
        return this.#post({ type: "failed", request: 0, message: NO_SOURCE });
      }
      case "select":
        this.#selection = message.selection;
        await ask("flameline/select", { selection: message.selection });
        this.#options.onSelect?.(message.selection);
        return this.#sendRecording();
      case "copy":
        return vscode.env.clipboard.writeText(message.text);
    }
  }

  async #sendRecording(): Promise<void> {
    const summary = await this.#options.ask("flameline/summary", {});
    this.#selection = fittingSelection(summary, this.#selection);
    this.#post({ type: "recording", summary, selection: this.#selection });
    if (summary && this.#reveal !== undefined) {
      this.#post({ type: "reveal", function: this.#reveal });
      this.#reveal = undefined;
    }
  }

  #post(message: ToWebview): void {
    if (this.#ready) void this.#panel?.webview.postMessage(message);
  }
}

const NO_SOURCE =
  "The source of this function was not found on this machine: it has no file in the recording, or the file is not here. A path mapping (setting “flameline.pathMappings”) can mend the second.";

/** A selection's event that the recording does not have would show nothing: the first that it has is shown instead. */
function fittingSelection(summary: RecordingSummary | null, selection: Selection): Selection {
  const first = summary?.events.find((row) => row.samples > 0)?.event;
  if (!first || summary?.events.some((row) => row.event === selection.event)) return selection;
  return { ...selection, event: first };
}
