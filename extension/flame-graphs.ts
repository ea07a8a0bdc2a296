import * as vscode from "vscode";
import type { SourceLocation } from "../protocol/queries.js";
import { DisposableStore } from "./disposable-store.js";
import { FlameGraphPanel, type FlameGraphPanelOptions } from "./flame-graph-panel.js";
import type { LanguageServer } from "./language-server-client.js";

/** Graphs follow a live recording at most this often: each update asks for a whole tree. */
const UPDATE_MS = 1000;

/** The flame graph's own tab, and the ones that stand in the editors of opened profile files. */
export class FlameGraphs implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #options: FlameGraphPanelOptions;
  readonly #main: FlameGraphPanel;
  readonly #inEditors = new Set<FlameGraphPanel>();
  readonly #server: LanguageServer;
  /** The latest of the graphs' deeds that need their own recording to be the current one. */
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Shows what each line of a function costs. */
  onAnnotate: (fn: number) => Promise<void> = () => Promise.resolve();

  constructor(extensionUri: vscode.Uri, server: LanguageServer) {
    this.#server = server;
    const annotate = (fn: number) => this.onAnnotate(fn);
    this.#options = { extensionUri, ask: server.ask, openSource, annotate, onSelect: (graph) => this.#update(graph) };
    this.#main = this.#held.add(new FlameGraphPanel(this.#options));
    this.#held.add(server.onChanged(() => this.#updateSoon()));
  }

  /** The tab that a reload brings back. */
  get serializer(): vscode.WebviewPanelSerializer {
    return this.#main;
  }

  /** Opens the tab; `revealFunction` (index in the recording) is zoomed to. */
  async show(revealFunction?: number): Promise<void> {
    await this.#main.show(revealFunction);
  }

  /** The graph that the user works in, or else one that is seen. */
  get shown(): FlameGraphPanel | undefined {
    const all = [this.#main, ...this.#inEditors];
    return all.find(({ shown }) => shown === "active") ?? all.find(({ shown }) => shown === "visible");
  }

  /** Puts a graph of the recording `id` into the panel of a custom editor; `open` makes that the current recording. */
  async fill(panel: vscode.WebviewPanel, id: string, open: () => Promise<unknown>): Promise<void> {
    const graph = new FlameGraphPanel(this.#options, { id, asCurrent: (use) => this.#asCurrent(id, open, use) });
    this.#inEditors.add(graph);
    panel.onDidDispose(() => this.#inEditors.delete(graph));
    await graph.deserializeWebviewPanel(panel);
  }

  /** One at a time: editors side by side must not take each other's recording away before they have their answer. */
  #asCurrent<T>(id: string, open: () => Promise<unknown>, use: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      const shown = await this.#server.ask("flameline/summary", {});
      if (shown?.id !== id) await open();
      return use();
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#held.dispose();
  }

  #updateSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, UPDATE_MS);
  }

  /** All graphs, but for the one that already knows. */
  #update(except?: FlameGraphPanel): void {
    for (const graph of [this.#main, ...this.#inEditors]) {
      if (graph !== except) void graph.update();
    }
  }
}

/** Shows a line in the column where sources are, so that the graph stays where it is. */
export async function openSource({ file, line }: SourceLocation, preserveFocus: boolean, graphColumn?: vscode.ViewColumn): Promise<void> {
  const at = new vscode.Position(Math.max(line - 1, 0), 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), {
    selection: new vscode.Range(at, at),
    preserveFocus,
    viewColumn:
      vscode.window.visibleTextEditors[0]?.viewColumn ??
      (graphColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One),
  });
}
