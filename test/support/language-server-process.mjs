// The shipped language server as a process of its own, spoken to as the extension does.
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { root } from "../../scripts/paths.mjs";

const SETTINGS = { lenses: "above", minimumShare: 0.005, justMyCode: true, include: [], exclude: [], pathMappings: [] };

/** @param {string} storage folder that holds `recordings/` @param {string} [folder] the workspace's */
export async function startLanguageServer(storage, folder = storage) {
  const child = spawn(process.execPath, [path.join(root, "dist/language-server.js"), "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  // A server that was killed reads no more.
  child.stdin.on("error", () => {});
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  connection.onError(() => {});
  for (const question of ["workspace/codeLens/refresh", "workspace/inlayHint/refresh", "client/registerCapability"]) {
    connection.onRequest(question, () => null);
  }
  connection.onRequest("workspace/workspaceFolders", () => [{ name: "work", uri: pathToFileURL(folder).href }]);
  const changes = [];
  connection.onNotification("flameline/changed", (change) => void changes.push(change));
  connection.listen();
  const grammars = path.join(root, "node_modules/@vscode/tree-sitter-wasm/wasm");
  await connection.sendRequest("initialize", {
    processId: null,
    rootUri: null,
    capabilities: { workspace: { workspaceFolders: true } },
    initializationOptions: { settings: SETTINGS, folders: [folder], storage, grammars },
  });
  await connection.sendNotification("initialized", {});
  const fixture = (name) => JSON.parse(readFileSync(path.join(root, `test/fixtures/wire/${name}.json`), "utf8"));
  let live = { id: "", folder: "", sequence: 0 };
  return {
    pid: child.pid,
    ended,
    changes,
    ask: (method, params) => connection.sendRequest(method, params),
    tell: (method, params) => connection.sendNotification(method, params),
    /** Begins a live recording, from nothing. */
    begin: async (id, started = JSON.stringify({ ...fixture("started"), startUnixNs: `${Date.now()}000000` })) => {
      live = { id, folder: path.join(storage, "recordings", id), sequence: 0 };
      mkdirSync(live.folder, { recursive: true });
      writeFileSync(path.join(live.folder, "batches.jsonl"), `${started}\n`);
      await connection.sendRequest("flameline/begin", { id, name: id, folder: live.folder, started });
    },
    /** So many batches, on the disk first. */
    batches: async (count) => {
      for (let i = 0; i < count; i++) {
        const rows = live.sequence === 0 ? {} : { strings: [], processes: [], threads: [] };
        const text = JSON.stringify({ ...fixture("batch"), ...rows, sequence: live.sequence++ });
        appendFileSync(path.join(live.folder, "batches.jsonl"), `${text}\n`);
        await connection.sendNotification("flameline/batch", { id: live.id, text });
      }
    },
    /** @returns {Promise<number>} the samples of a recording that was cut off */
    reopen: async (id) => {
      const summary = await connection.sendRequest("flameline/open", { path: path.join(storage, "recordings", id) });
      return summary.events.reduce((sum, { samples }) => sum + samples, 0);
    },
    stop: () => child.kill("SIGTERM"),
  };
}
