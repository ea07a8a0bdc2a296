/**
 * Takes a recording from a helper's socket as the extension does: the recorder writes each message to the disk and hands it to the language
 * server, a process of its own, whose heat of a document is asked for whenever it says that something changed. Prints what was counted
 * at each station.
 *
 * ```
 * node throughput-client.mjs SOCKET STORAGE DOCUMENT SECONDS
 * ```
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ShownRecording } from "../../protocol/language-server.js";
import type { DocumentHeat } from "../../protocol/queries.js";
import { HelperConnection } from "../../recorder/helper-connection.js";
import { record } from "../../recorder/record.js";
import { RecordingStore } from "../../recorder/storage.js";
import { startLanguageServer } from "../support/language-server-process.mjs";

const [socket = "", storage = "", document = "", seconds = "1"] = process.argv.slice(2);
const HEAT_EVERY_MS = 250;
const uri = pathToFileURL(document).href;
mkdirSync(join(storage, "recordings"), { recursive: true });
const server = await startLanguageServer(storage, join(document, ".."));
const ask = async <T>(method: string, params: unknown): Promise<T> => (await server.ask(method, params)) as T;
await server.tell("textDocument/didOpen", {
  textDocument: { uri, languageId: "python", version: 1, text: readFileSync(document, "utf8") },
});
const connection = await HelperConnection.open(socket, "flameline bench");
if (!(connection instanceof HelperConnection)) throw new Error(`the helper can't be reached: ${JSON.stringify(connection)}`);

let began = 0;
let queue: Promise<unknown> = Promise.resolve();
const delays: number[] = [];
const active = await record({
  connection,
  target: { kind: "user" },
  events: ["cpu"],
  hz: 99,
  keep: { store: new RecordingStore(storage), name: "throughput", folders: [] },
  onMessage: (text, message) => {
    if (message.type === "started") began = performance.now();
    if (message.type === "batch") {
      // How much later than it was due a batch reaches the server.
      delays.push(performance.now() - began - message.timeNs / 1e6);
      queue = queue.then(() => server.tell("flameline/batch", { id: stored.id, text }));
    }
  },
});
const stored = active.stored ?? { id: "", folder: "" };
queue = queue.then(() =>
  ask("flameline/begin", { id: stored.id, name: "throughput", folder: stored.folder, started: JSON.stringify(active.started) }),
);
const heats: number[] = [];
let seen = 0;
let hottest = 0;
const heating = setInterval(() => {
  if (server.changes.length === seen) return;
  seen = server.changes.length;
  const asked = performance.now();
  void ask<DocumentHeat | null>("flameline/documentHeat", { uri }).then((heat) => {
    heats.push(performance.now() - asked);
    hottest = heat?.lines.length ?? 0;
  });
}, HEAT_EVERY_MS);
const result = await active.ended;
const taken = performance.now() - began;
clearInterval(heating);
await queue;
const shown = await ask<ShownRecording>("flameline/summary", {});
const heat = await ask<DocumentHeat | null>("flameline/documentHeat", { uri });
const behind = performance.now() - began - taken;
console.log(
  JSON.stringify({
    seconds: taken / 1000,
    due: Number(seconds),
    received: result.samples,
    missingBatches: result.missingBatches,
    lost: result.loss?.lost ?? -1,
    inModel: shown.events.reduce((sum, { samples }) => sum + samples, 0),
    total: shown.events.reduce((sum, each) => sum + each.total, 0),
    warnings: shown.warnings,
    inHeat: heat?.total ?? 0,
    heatLines: hottest,
    heats: heats.length,
    slowestHeatMs: Math.max(0, ...heats),
    latestBatchMs: Math.max(0, ...delays),
    serverBehindMs: behind,
  }),
);
connection.close();
server.stop();
