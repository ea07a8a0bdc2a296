// A client of the helper's socket that may say anything, and tells what came back.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";

/**
 * @typedef {object} Answer what the helper did
 * @property {{ type: string, code?: string, subject?: number, peerUid?: number }[]} messages in order, without batches and progress
 * @property {boolean} closed by the helper
 * @property {string} [refused] why there was no conversation at all
 */

export const HELLO = { type: "hello", protocol: 1, client: "flameline tests" };

/**
 * Says something and listens until the helper closes the connection, `until` holds, or the time is up.
 * @param {string} socket
 * @param {(string | Buffer | object)[]} sayings objects are sent as JSON
 * @param {{ seconds?: number, until?: (messages: Answer["messages"]) => boolean }} [options]
 * @returns {Promise<Answer>}
 */
export function say(socket, sayings, { seconds = 10, until = () => false } = {}) {
  return new Promise((resolve) => {
    const webSocket = new WebSocket("ws://helper/", { createConnection: () => connect(socket), perMessageDeflate: false });
    /** @type {Answer["messages"]} */
    const messages = [];
    let opened = false;
    const end = (closed, refused) => {
      clearTimeout(timer);
      webSocket.terminate();
      resolve({ messages, closed, ...(refused === undefined ? {} : { refused }) });
    };
    const timer = setTimeout(() => end(false), seconds * 1000);
    webSocket.on("open", () => {
      opened = true;
      for (const saying of sayings) {
        webSocket.send(typeof saying === "string" || Buffer.isBuffer(saying) ? saying : JSON.stringify(saying));
      }
    });
    webSocket.on("message", (/** @type {Buffer} */ data) => {
      const message = JSON.parse(data.toString());
      if (message.type !== "batch" && message.type !== "progress") {
        messages.push(message);
      }
      if (until(messages)) {
        end(false);
      }
    });
    webSocket.on("close", () => end(true));
    webSocket.on("error", (error) => (opened ? undefined : end(false, error.message)));
  });
}

/**
 * The same as another user, in a process of that user's.
 * @param {number} uid
 * @param {string} socket
 * @param {object[]} sayings
 * @param {number} [answers] how many messages to wait for
 * @returns {Promise<Answer>}
 */
export function sayAs(uid, socket, sayings, answers = sayings.length) {
  // The checkout may be closed to that user: root starts the process, which gives root up before it connects.
  const script = `process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});
    say(${JSON.stringify(socket)}, ${JSON.stringify(sayings)}, { seconds: 60, until: (messages) => messages.length >= ${answers} }).then((answer) => console.log(JSON.stringify(answer)));`;
  const program = `import(${JSON.stringify(fileURLToPath(import.meta.url))}).then(({ say }) => { ${script} });`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.once("error", reject);
    child.once("close", () => (output === "" ? reject(new Error("the other user's client said nothing")) : resolve(JSON.parse(output))));
  });
}
