import * as vscode from "vscode";
import type { Finding } from "../../protocol/findings.js";
import type { Selection } from "../../protocol/queries.js";
import { DisposableStore } from "../disposable-store.js";
import type { LanguageServer } from "../language-server-client.js";
import { fixText } from "./fix-rows.js";

/** A tree that is redrawn more often can't be read or clicked. */
const REDRAW_MS = 1000;

/** A fix of a file: `id` is its name for a proof. */
export interface FixItem {
  readonly uri: vscode.Uri;
  readonly id: string;
  readonly finding: Finding;
}

export function isFixItem(value: unknown): value is FixItem {
  return typeof value === "object" && value !== null && "finding" in value && "uri" in value && value.uri instanceof vscode.Uri;
}

/** Every fix that is known for the recording that is shown, the largest saving first. It asks only while somebody sees it. */
export class FixesTree implements vscode.TreeDataProvider<FixItem>, vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #changed = this.#held.add(new vscode.EventEmitter<void>());
  readonly #server: LanguageServer;
  readonly #log: vscode.LogOutputChannel;
  readonly onDidChangeTreeData = this.#changed.event;
  #selection: Selection | undefined;
  #redraw: NodeJS.Timeout | undefined;

  constructor(server: LanguageServer, log: vscode.LogOutputChannel) {
    this.#server = server;
    this.#log = log;
    this.#held.add(vscode.window.createTreeView("flameline.fixes", { treeDataProvider: this }));
    this.#held.add(
      server.onChanged(({ recording, selection }) => {
        this.#selection = recording === null ? undefined : selection;
        this.#redrawSoon();
      }),
    );
    // A proof that has ended, and text that was changed, show there.
    this.#held.add(vscode.languages.onDidChangeDiagnostics(() => this.#redrawSoon()));
  }

  async getChildren(parent?: FixItem): Promise<FixItem[]> {
    if (parent !== undefined || this.#selection === undefined) {
      return [];
    }
    try {
      const found = await this.#server.ask("flameline/findings", { selection: this.#selection });
      return found
        .flatMap((finding): FixItem[] => {
          const file = finding.places[0]?.location?.file;
          return finding.fix === undefined || file === undefined ? [] : [{ uri: vscode.Uri.file(file), id: finding.fix.id, finding }];
        })
        .toSorted((a, b) => b.finding.share - a.finding.share);
    } catch (error) {
      // It was closed meanwhile.
      this.#log.debug(`no fixes: ${String(error)}`);
      return [];
    }
  }

  getTreeItem({ uri, finding }: FixItem): vscode.TreeItem {
    const { label, description, tooltip, state, icon } = fixText(finding);
    const row = new vscode.TreeItem(label);
    row.id = finding.id;
    row.description = description;
    row.tooltip = tooltip;
    row.contextValue = state;
    row.iconPath = new vscode.ThemeIcon(icon);
    row.accessibilityInformation = { label: `${label}, ${description}` };
    const at = new vscode.Position(Math.max((finding.places[0]?.location?.line ?? 1) - 1, 0), 0);
    row.command = { command: "vscode.open", title: "Open", arguments: [uri, { selection: new vscode.Range(at, at) }] };
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
}
