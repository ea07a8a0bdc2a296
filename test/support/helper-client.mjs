// A bare client of the helper's socket for benches and tests: what the recorder does, without its care.
import { connect } from "node:net";
import { WebSocket } from "ws";

/**
 * @param {string} socket
 * @returns {Promise<{ hello: object, record: (request: object, onBatch?: (batch: any) => void, onBox?: (box: any) => void) => Promise<{ started: any, stop: () => Promise<any> }>, close: () => void }>}
 */
export async function connectToHelper(socket) {
  const webSocket = new WebSocket("ws://helper/", {
    createConnection: () => connect(socket),
    perMessageDeflate: false,
    maxPayload: 1 << 20,
  });
  // Each question waits for the end of the connection, too.
  webSocket.setMaxListeners(0);
  const listeners = new Set();
  const next = (accept) =>
    new Promise((resolve, reject) => {
      const listener = (message) => {
        if (message.type === "error") {
          listeners.delete(listener);
          reject(new Error(`${message.code}: ${message.detail}`));
        } else if (accept(message)) {
          listeners.delete(listener);
          resolve(message);
        }
      };
      listeners.add(listener);
      webSocket.once("close", () => reject(new Error("the helper closed the connection")));
    });
  webSocket.on("message", (data) => {
    const message = JSON.parse(/** @type {Buffer} */ (data).toString());
    for (const listener of listeners) {
      listener(message);
    }
  });
  await new Promise((resolve, reject) => webSocket.once("open", resolve).once("error", reject));
  const send = (message) => webSocket.send(JSON.stringify(message));
  const greeted = next((message) => message.type === "hello");
  send({ type: "hello", protocol: 1, client: "flameline tests" });
  const hello = await greeted;
  let recordings = 0;
  return {
    hello,
    record: async (request, onBatch, onBox) => {
      const recording = ++recordings;
      if (onBatch) {
        listeners.add((message) => {
          if (message.type === "batch" && message.recording === recording) {
            onBatch(message);
          }
        });
      }
      if (onBox) {
        listeners.add((message) => {
          if (message.type === "allocations" && message.recording === recording) {
            onBox(message);
          }
        });
      }
      const begun = next((message) => message.type === "started" && message.recording === recording);
      send({ type: "start", recording, events: ["cpu"], hz: 99, ...request });
      const started = await begun;
      return {
        started,
        stop: () => {
          const stopped = next((message) => message.type === "stopped" && message.recording === recording);
          send({ type: "stop", recording });
          return stopped;
        },
      };
    },
    close: () => webSocket.close(),
  };
}
