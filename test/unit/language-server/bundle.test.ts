import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, expect, test } from "vitest";
import {
  createMessageConnection,
  type InitializeResult,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { smallerLibraries } from "../../../scripts/programs.mjs";

const ROOT = join(import.meta.dirname, "../../..");
const home = mkdtempSync(join(tmpdir(), "flameline-bundle-"));
let server: ChildProcess | undefined;

afterEach(() => {
  server?.kill();
  rmSync(home, { recursive: true });
});

test("bundled without the library's other features, the server answers all that it declares, and asks what it needs", async () => {
  const outfile = join(home, "server.js");
  await build({
    entryPoints: [join(ROOT, "language-server/main.ts")],
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    outfile,
    plugins: smallerLibraries,
  });
  expect(readFileSync(outfile, "utf8")).not.toContain("onDidOpenNotebookDocument");
  const connection = start(outfile);
  const asked: string[] = [];
  for (const method of ["workspace/codeLens/refresh", "workspace/inlayHint/refresh", "workspace/workspaceFolders"]) {
    connection.onRequest(method, () => {
      asked.push(method);
      return null;
    });
  }
  connection.listen();
  const { capabilities } = await connection.sendRequest<InitializeResult>("initialize", {
    processId: null,
    rootUri: null,
    capabilities: { workspace: { workspaceFolders: true, codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } } },
    initializationOptions: { folders: [home], storage: home, grammars: join(ROOT, "node_modules/@vscode/tree-sitter-wasm/wasm") },
  });
  expect(Object.keys(capabilities).sort()).toEqual([
    "codeActionProvider",
    "codeLensProvider",
    "hoverProvider",
    "inlayHintProvider",
    "textDocumentSync",
    "workspace",
  ]);
  await connection.sendNotification("initialized", {});
  const textDocument = { uri: `file://${home}/app.py` };
  const position = { line: 0, character: 0 };
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { ...textDocument, languageId: "python", version: 1, text: "def work():\n    pass\n" },
  });
  expect(await connection.sendRequest("textDocument/codeLens", { textDocument })).toEqual([]);
  expect(await connection.sendRequest("textDocument/hover", { textDocument, position })).toBeNull();
  const range = { start: position, end: { line: 2, character: 0 } };
  expect(await connection.sendRequest("textDocument/inlayHint", { textDocument, range })).toEqual([]);
  await connection.sendNotification("workspace/didChangeWorkspaceFolders", { event: { added: [], removed: [] } });
  await expect
    .poll(() => [...new Set(asked)].sort())
    .toEqual(["workspace/codeLens/refresh", "workspace/inlayHint/refresh", "workspace/workspaceFolders"]);
  expect(await connection.sendRequest("flameline/summary", {})).toBeNull();
  await connection.sendRequest("shutdown");
  connection.dispose();
});

function start(program: string): MessageConnection {
  const child = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  server = child;
  return createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
}
