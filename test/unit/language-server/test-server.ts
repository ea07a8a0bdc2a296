/** A language server in this process, spoken to over streams as VS Code does, with a workspace in a temporary folder. */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import {
  type CodeAction,
  type CodeLens,
  createConnection,
  createMessageConnection,
  type Diagnostic,
  type Hover,
  type InlayHint,
  type MessageConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import { serve } from "../../../language-server/server.js";
import type { ClientNotifications, ParamsOf, ResultOf, ServerMethod, ServerSettings } from "../../../protocol/language-server.js";
import type { ProcessRow } from "../../../protocol/helper.js";
import { batchFromStacks, type ColumnOptions } from "../../support/profile-text.js";

const GRAMMARS = join(import.meta.dirname, "../../../node_modules/@vscode/tree-sitter-wasm/wasm");
const HARNESS = join(import.meta.dirname, "../../../prover/python-harness/run.py");
const SETTINGS: ServerSettings = {
  lenses: "above",
  minimumShare: 0.005,
  justMyCode: true,
  include: [],
  exclude: [],
  pathMappings: [],
  fixes: { enabled: true, minimumShare: 0.01 },
};

export interface TestServer {
  /** The workspace folder. */
  readonly folder: string;
  readonly storage: string;
  readonly connection: MessageConnection;
  readonly changes: ClientNotifications["flameline/changed"][];
  /** Times, ms, at which the server asked for new lenses. */
  readonly refreshes: number[];
  ask<M extends ServerMethod>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  settings(change: Partial<ServerSettings>): Promise<void>;
  /** Changes the workspace's folders, as a user does who adds one. */
  setFolders(folders: readonly string[]): Promise<void>;
  /** Writes a file of the workspace and answers its absolute path. */
  write(path: string, text: string): string;
  /** Begins a live recording with a folder in the storage; its batches are numbered by themselves. */
  begin(id?: string, startUnixMs?: number): Promise<{ folder: string }>;
  /** Sends stacks as `root;…;leaf VALUE` lines: one batch of the live recording, every sample with a value of its own. */
  stacks(text: string, options?: StackOptions): Promise<void>;
  open(path: string, text: string, languageId?: string): Promise<void>;
  edit(path: string, text: string): Promise<void>;
  lenses(path: string): Promise<string[]>;
  hints(path: string): Promise<string[]>;
  hover(path: string, line: number): Promise<string | null>;
  /** Lines of the document with their shares: `12: 50 % self, 100 % total`. */
  heat(path: string): Promise<string[]>;
  /** The latest diagnostics of a document: `12: message`. */
  diagnostics(path: string): string[];
  codeActions(path: string, line: number): Promise<CodeAction[]>;
}

export interface StackOptions extends ColumnOptions {
  /** When the batch was closed, ns since the recording's start. */
  readonly timeNs?: number;
  /** Only on the disk: the message never reaches the server. */
  readonly unsent?: boolean;
  /** What is known of the batch's processes, by name. */
  readonly processes?: Readonly<Record<string, Partial<ProcessRow>>>;
}

const stops: (() => Promise<void>)[] = [];

/** To be called after each test. */
export async function stopServers(): Promise<void> {
  for (const stop of stops.splice(0)) {
    await stop();
  }
}

export async function startServer(
  settings: Partial<ServerSettings> = {},
  inside?: { folder: string; storage: string },
): Promise<TestServer> {
  const home = inside === undefined ? realpathSync(mkdtempSync(join(tmpdir(), "flameline-ls-"))) : undefined;
  const folder = inside?.folder ?? join(home ?? "", "work");
  const storage = inside?.storage ?? join(home ?? "", "storage");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(storage, "recordings"), { recursive: true });
  const [up, down] = [new PassThrough(), new PassThrough()];
  serve(createConnection(new StreamMessageReader(up), new StreamMessageWriter(down)));
  const connection = createMessageConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
  const changes: TestServer["changes"] = [];
  const refreshes: number[] = [];
  connection.onNotification("flameline/changed", (change: ClientNotifications["flameline/changed"]) => void changes.push(change));
  connection.onRequest("workspace/codeLens/refresh", () => {
    refreshes.push(performance.now());
    return null;
  });
  connection.onRequest("workspace/inlayHint/refresh", () => null);
  const diagnostics = new Map<string, Diagnostic[]>();
  connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
    diagnostics.set(params.uri, params.diagnostics);
  });
  let folders: readonly string[] = [folder];
  connection.onRequest("workspace/workspaceFolders", () => folders.map((path) => ({ name: path, uri: URI.file(path).toString() })));
  connection.listen();
  await connection.sendRequest("initialize", {
    processId: null,
    rootUri: null,
    capabilities: { workspace: { workspaceFolders: true, codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } } },
    initializationOptions: { settings: { ...SETTINGS, ...settings }, folders: [folder], storage, grammars: GRAMMARS, harness: HARNESS },
  });
  await connection.sendNotification("initialized", {});
  stops.unshift(async () => {
    await connection.sendRequest("shutdown");
    connection.dispose();
    if (home !== undefined) {
      // A text that is just being kept may still land in the folder.
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    }
  });

  const uriOf = (path: string): string =>
    /^[\w-]+:/.test(path) ? path : URI.file(path.startsWith("/") ? path : join(folder, path)).toString();
  const ask: TestServer["ask"] = async (method, params) => connection.sendRequest(method, params);
  let live = { id: "", wire: new Wire() };
  let version = 1;
  return {
    folder,
    storage,
    connection,
    changes,
    refreshes,
    ask,
    settings: async (change) => connection.sendNotification("flameline/settings", { ...SETTINGS, ...change }),
    async setFolders(next) {
      folders = next;
      await connection.sendNotification("workspace/didChangeWorkspaceFolders", { event: { added: [], removed: [] } });
    },
    write(path, text) {
      const absolute = join(folder, path);
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, text);
      return absolute;
    },
    async begin(id = "20260101T000000Z-run", startUnixMs = Date.now() + 60_000) {
      const recording = join(storage, "recordings", id);
      mkdirSync(recording, { recursive: true });
      const started = startedMessage(startUnixMs);
      writeFileSync(join(recording, "batches.jsonl"), `${started}\n`);
      live = { id, wire: new Wire() };
      await ask("flameline/begin", { id, name: id, folder: recording, started });
      return { folder: recording };
    },
    async stacks(text, options = {}) {
      const message = live.wire.batch(text, folder, options);
      writeFileSync(join(storage, "recordings", live.id, "batches.jsonl"), `${message}\n`, { flag: "a" });
      if (options.unsent !== true) {
        await connection.sendNotification("flameline/batch", { id: live.id, text: message });
      }
    },
    async open(path, text, languageId = "python") {
      await connection.sendNotification("textDocument/didOpen", { textDocument: { uri: uriOf(path), languageId, version, text } });
    },
    async edit(path, text) {
      version += 1;
      await connection.sendNotification("textDocument/didChange", {
        textDocument: { uri: uriOf(path), version },
        contentChanges: [{ text }],
      });
    },
    async lenses(path) {
      const lenses: CodeLens[] = await connection.sendRequest("textDocument/codeLens", { textDocument: { uri: uriOf(path) } });
      return lenses.map(({ range, command }) => `${range.start.line + 1}: ${command?.title}`);
    },
    async hints(path) {
      const range = { start: { line: 0, character: 0 }, end: { line: 1e6, character: 0 } };
      const hints: InlayHint[] = await connection.sendRequest("textDocument/inlayHint", { textDocument: { uri: uriOf(path) }, range });
      return hints.map(
        ({ position, label }) => `${position.line + 1}: ${typeof label === "string" ? label : label.map(({ value }) => value).join("")}`,
      );
    },
    async hover(path, line) {
      const position = { line: line - 1, character: 0 };
      const hover: Hover | null = await connection.sendRequest("textDocument/hover", { textDocument: { uri: uriOf(path) }, position });
      const contents = hover?.contents;
      return typeof contents === "object" && "value" in contents ? contents.value : null;
    },
    async heat(path) {
      const heat = await ask("flameline/documentHeat", { uri: uriOf(path) });
      const share = (value: number): string => `${Math.round((1000 * value) / (heat?.total ?? 1)) / 10} %`;
      const rows = heat?.lines.map(({ lineIndex, self, total, before }) => {
        const was = before === undefined ? "" : `, before ${Math.round(before * 1000) / 10} %`;
        return `${lineIndex + 1}: ${share(self)} self, ${share(total)} total${was}`;
      });
      return [...(rows ?? ["no recording"]), ...(heat?.notice === undefined ? [] : [heat.notice])];
    },
    diagnostics: (path) =>
      diagnostics
        .get(uriOf(path))
        ?.map(({ range, message }) => `${range.start.line + 1}: ${typeof message === "string" ? message : message.value}`) ?? [],
    async codeActions(path, line) {
      const position = { line: line - 1, character: 0 };
      const params = { textDocument: { uri: uriOf(path) }, range: { start: position, end: position }, context: { diagnostics: [] } };
      return connection.sendRequest("textDocument/codeAction", params);
    },
  };
}

function startedMessage(startUnixMs: number): string {
  return JSON.stringify({ type: "started", recording: 1, startUnixNs: `${startUnixMs}000000`, hz: 99, events: ["cpu"] });
}

/** Turns stacks into the messages of one recording. Every batch brings tables of its own, shifted behind those before it. */
class Wire {
  #sequence = 0;
  #strings = 0;
  #processes = 0;
  #threads = 0;
  #frames = 0;
  #stacks = 0;

  batch(text: string, folder: string, options: StackOptions): string {
    const rows = text.split("\n").filter((row) => row.trim() !== "");
    const stacks = rows.map((row) => {
      const [, frames = "", value = "1"] = /^\s*(.*?)\s+(-?\d+)\s*$/.exec(row) ?? [];
      return { frames: frames.split(";").map((frame) => frame.replaceAll("$W", folder)), value: Number(value) };
    });
    const batch = batchFromStacks(stacks, options);
    const string = (index: number): number => (index === 0 ? 0 : index + this.#strings);
    const shifted = {
      ...batch,
      sequence: this.#sequence,
      timeNs: options.timeNs ?? batch.timeNs,
      processes: batch.processes.map((row) => ({ ...row, ...options.processes?.[row.name] })),
      threads: batch.threads.map((row) => ({ ...row, process: row.process + this.#processes })),
      frames: {
        ...batch.frames,
        function: batch.frames.function.map(string),
        file: batch.frames.file.map(string),
        module: batch.frames.module.map(string),
      },
      stacks: {
        parent: batch.stacks.parent.map((parent) => (parent < 0 ? -1 : parent + this.#stacks)),
        frame: batch.stacks.frame.map((frame) => frame + this.#frames),
      },
      samples: {
        ...batch.samples,
        stack: batch.samples.stack.map((stack) => stack + this.#stacks),
        thread: batch.samples.thread.map((thread) => thread + this.#threads),
      },
      updates: batch.updates.map((update) => ({
        ...update,
        frame: update.frame + this.#frames,
        positions: update.positions.map((row) => ({ ...row, function: string(row.function), file: string(row.file) })),
      })),
    };
    this.#sequence += 1;
    this.#strings += batch.strings.length;
    this.#processes += batch.processes.length;
    this.#threads += batch.threads.length;
    this.#frames += batch.frames.function.length;
    this.#stacks += batch.stacks.parent.length;
    return JSON.stringify(shifted);
  }
}
