import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Finding } from "../protocol/findings.js";
import type { ParamsOf, ResultOf, ServerMethod } from "../protocol/language-server.js";
import type { SourceLocation } from "../protocol/queries.js";
import type { FromWebview, PictureFormat, ToWebview } from "../protocol/webview.js";
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
  readonly annotate: (fn: number) => Promise<void>;
  /** The user chose another event, process or thread in this graph; the server has been told, and so have lenses, heat and trees. */
  readonly onSelect: (graph: FlameGraphPanel) => void;
}

type Picture = FromWebview & { readonly type: "picture" };

/** A window of a million boxes is drawn in a thirtieth of a second. */
const PICTURE_MS = 10_000;

/** The recording of a graph that always shows the same one: that of an opened profile file. */
export interface OwnRecording {
  readonly id: string;
  /** Runs `use` while it is the current recording, which it becomes where it isn't. */
  readonly asCurrent: <T>(use: () => Promise<T>) => Promise<T>;
}

/**
 * The flame graph's editor tab: one, opened again where it was after a reload. The page keeps its own view
 * (`setState`) and is thrown away while hidden, so nothing here holds what it can ask for again. A graph with a recording of its own
 * shows that one and no other: while another one is current it keeps what it has drawn.
 */
export class FlameGraphPanel implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly viewType = "flameline.flameGraph";

  readonly #options: FlameGraphPanelOptions;
  readonly #own: OwnRecording | undefined;
  #panel: vscode.WebviewPanel | undefined;
  /** The page listens; before that, messages would be lost. */
  #ready = false;
  #reveal: number | undefined;
  /** What the page was told last. */
  #findings: readonly Finding[] = [];
  /** Takes the picture that the page was asked for. */
  #drawn: ((picture: Picture) => void) | undefined;

  constructor(options: FlameGraphPanelOptions, own?: OwnRecording) {
    this.#options = options;
    this.#own = own;
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

  /** The user works in it, or (where none is worked in) sees it. */
  get shown(): "active" | "visible" | "no" {
    return !this.#ready || !this.#panel?.visible ? "no" : this.#panel.active ? "active" : "visible";
  }

  /** A picture of what is seen; empty where the page draws nothing, or doesn't answer in time. */
  async picture(format: PictureFormat): Promise<Uint8Array> {
    const picture = await new Promise<Picture | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), PICTURE_MS);
      this.#drawn = (drawn) => {
        if (drawn.format !== format) return;
        clearTimeout(timer);
        resolve(drawn);
      };
      this.#post({ type: "draw", format });
    });
    return Buffer.from(picture?.data ?? "", format === "png" ? "base64" : "utf8");
  }

  /** To be called when the recording changed, or the selection of all views. Cheap while no graph is open. */
  async update(): Promise<void> {
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
      // The editor that the user goes to is the recording whose heat is wanted.
      if (panel.active && this.#ready && this.#own) void this.#run(() => this.#sendRecording(), 0);
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
    await this.#run(() => this.#answer(message), "request" in message ? message.request : 0);
  }

  /** Does what is asked, with the graph's own recording as the current one where it has one; says in the page what goes wrong. */
  async #run(deed: () => Promise<unknown>, request: number): Promise<void> {
    try {
      await (this.#own ? this.#own.asCurrent(deed) : deed());
    } catch (error) {
      this.#post({ type: "failed", request, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #answer(message: FromWebview): Promise<unknown> {
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
      case "getTimeMap": {
        const { selection, window, request } = message;
        return this.#post({ type: "timeMap", request, map: await ask("flameline/timeMap", { selection, window }) });
      }
      case "getCallers": {
        const answer = await ask("flameline/callers", { function: message.function, selection: message.selection });
        return this.#post({ type: "callers", request: message.request, answer });
      }
      case "getFindings":
        this.#findings = await ask("flameline/findings", { selection: message.selection });
        return this.#post({ type: "findings", request: message.request, findings: this.#findings });
      case "openFinding": {
        const finding = this.#findings.find(({ id }) => id === message.id);
        return this.#open(finding?.places[0]?.location ?? null, false);
      }
      case "getTable": {
        const { kind, selection, request } = message;
        return this.#post({ type: "table", request, table: await ask("flameline/table", { kind, selection }) });
      }
      case "openRow": {
        const { kind, id, selection } = message;
        return this.#open(await ask("flameline/locateRow", { kind, id, selection }), message.preserveFocus);
      }
      case "annotate":
        return this.#options.annotate(message.function);
      case "openSource": {
        const { function: fn, selection } = message;
        return this.#open(await ask("flameline/locate", { function: fn, selection }), message.preserveFocus);
      }
      case "select":
        await ask("flameline/select", { selection: message.selection });
        this.#options.onSelect(this);
        return this.#sendRecording();
      case "compareRange": {
        const shown = await ask("flameline/summary", {});
        if (shown !== null) await ask("flameline/compare", { path: shown.id, ...message.range });
        return this.#sendRecording();
      }
      case "stopComparing":
        await ask("flameline/compare", { path: null });
        return this.#sendRecording();
      case "copy":
        return vscode.env.clipboard.writeText(message.text);
      case "picture":
        return this.#drawn?.(message);
    }
  }

  #open(place: SourceLocation | null, preserveFocus: boolean): unknown {
    if (place) return this.#options.openSource(place, preserveFocus, this.#panel?.viewColumn);
    return this.#post({ type: "failed", request: 0, message: NO_SOURCE });
  }

  async #sendRecording(): Promise<void> {
    const shown = await this.#options.ask("flameline/summary", {});
    if (this.#own && this.#own.id !== shown?.id) return;
    if (shown === null) return this.#post({ type: "recording", summary: null, selection: { event: "cpu" } });
    // Apart: another selection is no growth of the recording.
    const { selection, ...summary } = shown;
    this.#post({ type: "recording", summary, selection });
    if (this.#reveal !== undefined) {
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
