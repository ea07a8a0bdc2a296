import * as vscode from "vscode";
import type { CodeOwner } from "../../protocol/queries.js";
import { DisposableStore } from "../disposable-store.js";
import type { LanguageServer } from "../language-server-client.js";
import { scopeText } from "../events/event-words.js";
import { setting } from "../settings.js";
import { type HottestItem, rowText } from "./hottest-rows.js";

const ROWS = 100;
/** A tree that is redrawn more often can't be read or clicked. */
const REDRAW_MS = 1000;

const ICONS: Readonly<Record<CodeOwner, string>> = {
  mine: "account",
  library: "library",
  runtime: "gear",
  kernel: "server-process",
  unknown: "question",
};

/** The hottest functions or lines of the recording that is shown. */
export class HottestTree implements vscode.TreeDataProvider<HottestItem>, vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #changed = this.#held.add(new vscode.EventEmitter<void>());
  readonly #server: LanguageServer;
  readonly #log: vscode.LogOutputChannel;
  readonly #seen: () => void;
  readonly #view: vscode.TreeView<HottestItem>;
  #by: HottestItem["kind"] = "function";
  #onlyMine = setting("justMyCode");
  #open = false;
  #redraw: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  /** @param seen is called when somebody sees it */
  constructor(server: LanguageServer, log: vscode.LogOutputChannel, seen: () => void) {
    this.#server = server;
    this.#log = log;
    this.#seen = seen;
    this.#view = this.#held.add(vscode.window.createTreeView("flameline.hottest", { treeDataProvider: this }));
    this.#held.add(
      server.onChanged(({ recording, selection: { event } }) => {
        this.#open = recording !== null;
        if (this.#by === "wait" && event !== "off_cpu") {
          this.show("function");
        }
        this.#redrawSoon();
      }),
    );
    this.#setContext();
  }

  show(by: HottestItem["kind"]): void {
    this.#by = by;
    this.#setContext();
    this.#changed.fire();
  }

  showOnlyMine(onlyMine: boolean): void {
    this.#onlyMine = onlyMine;
    this.#setContext();
    this.#changed.fire();
  }

  async getChildren(parent?: HottestItem): Promise<HottestItem[]> {
    this.#seen();
    if (parent !== undefined || !this.#open) {
      this.#view.description = "";
      return [];
    }
    const asked = { limit: ROWS, mineOnly: this.#onlyMine };
    try {
      if (this.#by === "function") {
        const { rows, ...scope } = await this.#server.ask("flameline/functions", asked);
        this.#view.description = scopeText(scope);
        return rows.map((row) => ({ kind: "function", row, scope }));
      }
      if (this.#by === "wait") {
        const { rows, ...scope } = await this.#server.ask("flameline/waits", {});
        this.#view.description = scopeText(scope);
        return rows.map((row) => ({ kind: "wait", row, scope }));
      }
      const { rows, ...scope } = await this.#server.ask("flameline/lines", asked);
      this.#view.description = scopeText(scope);
      return rows.map((row) => ({ kind: "line", row, scope }));
    } catch (error) {
      // It was closed meanwhile: the welcome text says what to do.
      this.#log.debug(`no hottest rows: ${String(error)}`);
      return [];
    }
  }

  getTreeItem(item: HottestItem): vscode.TreeItem {
    const { label, description, tooltip } = rowText(item);
    const row = new vscode.TreeItem(label);
    row.description = description;
    row.tooltip = tooltip;
    row.contextValue = item.kind;
    row.accessibilityInformation = { label: `${label}, ${description}` };
    if (item.kind === "wait") {
      row.iconPath = new vscode.ThemeIcon("watch");
      return row;
    }
    const { file, line, owner } = item.row;
    row.iconPath = new vscode.ThemeIcon(ICONS[owner]);
    if (file !== null) {
      const at = new vscode.Position(Math.max((line ?? 1) - 1, 0), 0);
      row.command = { command: "vscode.open", title: "Open", arguments: [vscode.Uri.file(file), { selection: new vscode.Range(at, at) }] };
    } else if (item.kind === "function" && item.row.function >= 0) {
      row.command = { command: "flameline.showFunction", title: "Show Callers and Callees", arguments: [item.row.function] };
    }
    return row;
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    this.#held.dispose();
  }

  #redrawSoon(): void {
    this.#redraw ??= setTimeout(() => {
      this.#redraw = undefined;
      this.#changed.fire();
    }, REDRAW_MS);
  }

  #setContext(): void {
    void vscode.commands.executeCommand("setContext", "flameline.onlyMine", this.#onlyMine);
    void vscode.commands.executeCommand("setContext", "flameline.hottestLines", this.#by === "line");
    void vscode.commands.executeCommand("setContext", "flameline.hottestWaits", this.#by === "wait");
  }
}
