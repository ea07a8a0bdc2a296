import type * as vscode from "vscode";
import type { FlameGraphs } from "./flame-graphs.js";

/** Shows `*.pb.gz` and `*.pprof` as a flame graph where they are opened like a file. */
export class ProfileEditor implements vscode.CustomReadonlyEditorProvider {
  static readonly viewType = "flameline.profile";

  readonly #graphs: FlameGraphs;
  readonly #open: (uri: vscode.Uri) => Promise<unknown>;

  /** @param open makes the file the current recording; throws what is to be shown */
  constructor(graphs: FlameGraphs, open: (uri: vscode.Uri) => Promise<unknown>) {
    this.#graphs = graphs;
    this.#open = open;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  /** What is thrown here VS Code shows in the editor itself, with a way to open the file as text. */
  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    await this.#open(uri);
    await this.#graphs.fill(panel);
  }
}
