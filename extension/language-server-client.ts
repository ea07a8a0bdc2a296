import * as path from "node:path";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type {
  ClientNotifications,
  ParamsOf,
  ResultOf,
  ServerInitialization,
  ServerMethod,
  ServerNotifications,
} from "../protocol/language-server.js";
import { DisposableStore } from "./disposable-store.js";
import { folderPaths } from "./folders.js";
import { onSettings, serverSettings } from "./settings.js";

/** A typed request to the server, which is started when it is not running. */
export type Ask = <M extends ServerMethod>(method: M, params: ParamsOf<M>, cancelled?: vscode.CancellationToken) => Promise<ResultOf<M>>;

/** The language server's process: started by the first question, restarted by the client when it crashes. */
export class LanguageServer implements vscode.Disposable {
  readonly #held = new DisposableStore();
  readonly #changed = this.#held.add(new vscode.EventEmitter<ClientNotifications["flameline/changed"]>());
  readonly #proving = this.#held.add(new vscode.EventEmitter<ClientNotifications["flameline/proving"]>());
  readonly #restarted = this.#held.add(new vscode.EventEmitter<void>());
  readonly #extensionPath: string;
  readonly #storage: string;
  readonly #log: vscode.LogOutputChannel;
  #starting: Promise<LanguageClient> | undefined;
  #client: LanguageClient | undefined;

  /** At most 4 times a second, while something is recorded or another recording is shown. */
  readonly onChanged = this.#changed.event;
  /** While a proof runs. */
  readonly onProving = this.#proving.event;
  /** The server crashed and runs again, without any recording. */
  readonly onRestarted = this.#restarted.event;

  /** @param storage folder that holds `recordings/` */
  constructor(extensionPath: string, storage: string, log: vscode.LogOutputChannel) {
    this.#extensionPath = extensionPath;
    this.#storage = storage;
    this.#log = log;
    this.#held.add(onSettings([], () => this.#client && void this.notify("flameline/settings", serverSettings())));
  }

  get running(): boolean {
    return this.#client !== undefined;
  }

  readonly ask: Ask = async (method, params, cancelled) => {
    const client = await this.start();
    return client.sendRequest(method, params, cancelled);
  };

  async notify<N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]): Promise<void> {
    const client = await this.start();
    await client.sendNotification(method, params);
  }

  start(): Promise<LanguageClient> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async stop(): Promise<void> {
    const client = await this.#starting?.catch(() => undefined);
    this.#client = undefined;
    await client?.stop();
  }

  dispose(): void {
    this.#held.dispose();
  }

  async #start(): Promise<LanguageClient> {
    // Loaded here and not above: it takes longer than the whole activation may.
    const { LanguageClient, State, TransportKind } = await import("./language-client.js");
    const extensionPath = this.#extensionPath;
    const initialization: ServerInitialization = {
      settings: serverSettings(),
      folders: folderPaths(),
      storage: this.#storage,
      grammars: path.join(extensionPath, "dist", "grammars"),
      harness: path.join(extensionPath, "dist", "python-harness", "run.py"),
    };
    const client = new LanguageClient(
      "flameline",
      "Flameline",
      // Its working folder is ours, so that it is never taken for a program of the workspace.
      { module: path.join(extensionPath, "dist", "language-server.js"), transport: TransportKind.ipc, options: { cwd: extensionPath } },
      {
        // Every language: where the server has no outline it knows places by name, and it needs unsaved texts to move lines along.
        // Cells of notebooks are documents of their own.
        documentSelector: [{ scheme: "file" }, { scheme: "vscode-notebook-cell", language: "python" }],
        initializationOptions: initialization,
        outputChannel: this.#log,
        // A hover leads to the function's lines, and takes back a fix; no other command can be run from one.
        markdown: { isTrusted: { enabledCommands: ["flameline.annotateFunction", "flameline.rollBackFix"] } },
      },
    );
    let started = false;
    this.#held.add(
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Running && started) {
          this.#log.warn("the language server was restarted");
          this.#restarted.fire();
        }
        started ||= newState === State.Running;
      }),
    );
    this.#held.add(
      client.onNotification("flameline/changed", (change: ClientNotifications["flameline/changed"]) => this.#changed.fire(change)),
    );
    this.#held.add(
      client.onNotification("flameline/proving", (step: ClientNotifications["flameline/proving"]) => this.#proving.fire(step)),
    );
    await client.start();
    this.#client = client;
    return client;
  }
}
