import type * as vscode from "vscode";
import type { RecordingSummary } from "../protocol/queries.js";
import { failurePage } from "./failure-page.js";
import type { FlameGraphs } from "./flame-graphs.js";

/** Shows a profile as a flame graph where it is opened like a file. */
export class ProfileEditor implements vscode.CustomReadonlyEditorProvider {
  static readonly viewType = "flameline.profile";
  /** For files that VS Code has a viewer of its own for: a choice in “Open With…”, and the default for who wants it. */
  static readonly secondViewType = "flameline.otherProfile";

  readonly #graphs: FlameGraphs;
  readonly #open: (uri: vscode.Uri, again: boolean) => Promise<RecordingSummary>;

  /** @param open makes the file the current recording, for the first time or `again`; throws the sentence that is shown instead */
  constructor(graphs: FlameGraphs, open: (uri: vscode.Uri, again: boolean) => Promise<RecordingSummary>) {
    this.#graphs = graphs;
    this.#open = open;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  /** Never throws: VS Code shows a dialog of its own instead of the reason. */
  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    let summary: RecordingSummary;
    try {
      summary = await this.#open(uri, false);
    } catch (error) {
      panel.webview.html = failurePage(error instanceof Error ? error.message : String(error));
      return;
    }
    await this.#graphs.fill(panel, summary.id, () => this.#open(uri, true));
  }
}
