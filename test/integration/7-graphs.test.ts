import * as assert from "node:assert";
import { rmSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { FlameGraphs } from "../../extension/flame-graphs.js";
import { ProfileEditor } from "../../extension/profile-editor.js";
import type { Selection } from "../../protocol/queries.js";
import type { FromWebview, ToWebview } from "../../protocol/webview.js";
import { extension, openApp, ownParts, type Parts, profileOf, until, workspaceFolder } from "./window.js";

/** A panel whose page is this test: what VS Code's own panel would hand to a page is in `received`. */
class Page {
  readonly received: ToWebview[] = [];
  readonly #messages = new vscode.EventEmitter<unknown>();
  readonly #viewState = new vscode.EventEmitter<unknown>();
  readonly #disposed = new vscode.EventEmitter<void>();
  readonly #state = { visible: true, active: true };
  readonly panel: vscode.WebviewPanel;
  #requests = 0;

  constructor() {
    const state = this.#state;
    const webview = {
      onDidReceiveMessage: this.#messages.event,
      postMessage: async (message: ToWebview) => this.received.push(message),
      asWebviewUri: (uri: vscode.Uri) => uri,
      cspSource: "",
      options: {},
      html: "",
    };
    // VS Code makes panels only together with a page: this has the members that a graph uses.
    const double = {
      webview,
      onDidChangeViewState: this.#viewState.event,
      onDidDispose: this.#disposed.event,
      dispose: () => undefined,
      get visible() {
        return state.visible;
      },
      get active() {
        return state.active;
      },
    };
    this.panel = double as unknown as vscode.WebviewPanel;
  }

  send(message: FromWebview): void {
    this.#messages.fire(message);
  }

  setActive(active: boolean): void {
    this.#state.active = active;
    this.#viewState.fire(undefined);
  }

  /** The recording that the page was told last, with what is shown of it. */
  get shown(): { name: string; selection: Selection } | undefined {
    const message = this.received.findLast(({ type }) => type === "recording");
    return message?.type === "recording" && message.summary !== null
      ? { name: message.summary.name, selection: message.selection }
      : undefined;
  }

  /** Names of the functions of a tree that the page asks for. */
  async functions(): Promise<readonly string[]> {
    const request = ++this.#requests;
    this.send({ type: "getTree", request, direction: "top-down", selection: { event: "cpu" }, minimumShare: 0 });
    const answer = await until("the tree", () => this.received.find((message) => message.type === "tree" && message.request === request));
    return answer.type === "tree" ? (answer.tree?.functions.name ?? []) : [];
  }
}

describe("open flame graphs", () => {
  let parts: Parts;
  let graphs: FlameGraphs;
  let editor: ProfileEditor;
  beforeEach(() => {
    parts = ownParts();
    graphs = new FlameGraphs(extension().extensionUri, parts.server);
    editor = new ProfileEditor(graphs, ({ fsPath }, again) => (again ? parts.kept.openAgain(fsPath) : parts.kept.open(fsPath)));
  });
  afterEach(async () => {
    graphs.dispose();
    await parts.server.stop();
    rmSync(parts.storage, { recursive: true, force: true });
  });

  const open = async (name: string, frames: readonly string[], threads?: readonly string[]): Promise<Page> => {
    const page = new Page();
    const stacks = frames.map((frame) => ({ frames: [frame], value: 50e6 }));
    const uri = vscode.Uri.file(profileOf(name, stacks, threads === undefined ? {} : { threads }));
    await editor.resolveCustomEditor({ uri, dispose: () => undefined }, page.panel);
    page.send({ type: "ready" });
    await until(`the graph of ${name}`, () => page.shown?.name === name);
    return page;
  };

  it("each show the recording of their own file, and the one that the user goes to is the current one", async () => {
    const first = await open("first", ["alpha"]);
    const second = await open("second", ["beta"]);
    const current = async () => (await parts.server.ask("flameline/summary", {}))?.name;
    first.setActive(false);
    assert.strictEqual(await current(), "second");
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.strictEqual(first.shown?.name, "first", "another file's numbers never come under this file's name");
    second.setActive(false);
    first.setActive(true);
    await until("the first to be current", async () => (await current()) === "first");
    assert.strictEqual(second.shown?.name, "second");
  });

  it("answer for their own file also when both ask at once", async () => {
    const first = await open("first", ["alpha"]);
    const second = await open("second", ["beta"]);
    const answers = await Promise.all([first.functions(), second.functions(), first.functions(), second.functions()]);
    assert.deepStrictEqual(answers, [["alpha"], ["beta"], ["alpha"], ["beta"]]);
  });

  it("follow the process that is chosen in one of them, as lenses, heat and lists do", async () => {
    const app = path.join(workspaceFolder(), "app.py");
    const chosen = await open("both", [`slow_sum:8 (${app})`, `text_work:15 (${app})`], ["one/main", "two/main"]);
    const other = new Page();
    const id = (await parts.server.ask("flameline/summary", {}))?.id ?? "";
    await graphs.fill(other.panel, id, () => Promise.reject(new Error("it is current")));
    other.send({ type: "ready" });
    await until("the other graph", () => other.shown);
    const { document } = await openApp();
    const hot = async () => (await parts.server.ask("flameline/functions", { limit: 9, mineOnly: false })).rows.map(({ name }) => name);
    const heat = async () => {
      const answer = await parts.server.ask("flameline/documentHeat", { uri: document.uri.toString() });
      return answer?.lines.filter(({ total }) => total > 0).map(({ lineIndex }) => lineIndex);
    };
    assert.deepStrictEqual([(await hot()).length, await heat()], [2, [7, 14]]);
    const selection: Selection = { event: "cpu", pids: [1001] };
    chosen.send({ type: "select", selection });
    await until("the other graph to follow", () => other.shown?.selection.pids?.[0] === 1001);
    assert.deepStrictEqual([await hot(), await heat()], [["text_work"], [14]]);
    assert.deepStrictEqual(chosen.shown?.selection, selection);
  });
});
