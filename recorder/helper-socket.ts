/** One WebSocket over the helper's Unix socket: text frames of at most 1 MiB each way, in order, with back pressure. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { type ClientMessage, MAX_FRAME_BYTES } from "../protocol/helper.js";
import { FlamelineError } from "./failures.js";

/** Frames taken from the socket and not yet handled at which reading pauses, so that a slow disk cannot fill the memory. */
const PAUSE_AT = 16;
const HANDSHAKE_TIMEOUT_MS = 5_000;
const MAX_REASON = 200;

/** Why a socket could not be opened: nothing listens there, or it is there and does not let us in. */
export type OpenFailure =
  | { readonly kind: "nobody" }
  | { readonly kind: "silent"; readonly seconds: number }
  /** `status` is HTTP's, where the helper answered. */
  | { readonly kind: "refused"; readonly detail: string; readonly status?: number };

/** Why a socket is gone: we closed it, or it broke or was closed by the helper. */
export type SocketEnd = { readonly kind: "asked" } | { readonly kind: "broken"; readonly error: Error | undefined };

export interface SocketEvents {
  /** Handles one frame; the next one waits for it. A rejection closes the socket with that error as the reason. */
  readonly onText: (text: string) => Promise<void> | void;
  /** Once, after the last frame was handled. */
  readonly onClosed: (end: SocketEnd) => void;
}

export class HelperSocket {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  #queue: Promise<void> = Promise.resolve();
  #pending = 0;
  #error: Error | undefined;
  #asked = false;

  private constructor(socket: WebSocket, events: SocketEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("message", (data, isBinary) => this.#receive(isBinary ? undefined : rawText(data)));
    socket.on("error", (error) => this.#fail(asFailure(error)));
    socket.on("close", () => void this.#queue.then(() => events.onClosed(this.#end())));
  }

  /** Opens `path`. Resolves with the reason when there is no helper to talk to. */
  static open(path: string, events: SocketEvents): Promise<HelperSocket | OpenFailure> {
    return new Promise((resolve) => {
      // By this address and not by `createConnection`, which the extension host's own http replaces by its proxy's.
      const socket = new WebSocket(`ws+unix:${path}:/`, {
        maxPayload: MAX_FRAME_BYTES,
        perMessageDeflate: false,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      });
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(openFailure(error)));
      socket.once("unexpected-response", (_, response) => {
        void firstText(response).then((detail) => {
          socket.terminate();
          resolve({ kind: "refused", detail, status: response.statusCode ?? 0 });
        });
      });
      // The helper's first frame may arrive in the same read as the handshake, so listen before anything is awaited.
      socket.once("open", () => {
        socket.removeAllListeners("error");
        resolve(new HelperSocket(socket, events));
      });
    });
  }

  send(message: ClientMessage): void {
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) > MAX_FRAME_BYTES) {
      throw new FlamelineError({ kind: "helper-refused", detail: "the request is larger than 1 MiB" });
    }
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  close(): void {
    this.#asked = true;
    this.#socket.close();
    // A helper that hangs must not keep us.
    setTimeout(() => this.#socket.terminate(), 1_000).unref();
  }

  #receive(text: string | undefined): void {
    this.#pending++;
    if (this.#pending === PAUSE_AT) this.#socket.pause();
    this.#queue = this.#queue.then(async () => {
      try {
        if (this.#error !== undefined) return;
        if (text === undefined) throw new FlamelineError({ kind: "helper-nonsense", detail: "a binary frame" });
        await this.#events.onText(text);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      } finally {
        this.#pending--;
        if (this.#pending === 0 && this.#socket.isPaused) this.#socket.resume();
      }
    });
  }

  #end(): SocketEnd {
    return this.#asked && this.#error === undefined ? { kind: "asked" } : { kind: "broken", error: this.#error };
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#socket.terminate();
  }
}

/** The reason that a helper gives where it does not let us in: a short text. */
async function firstText(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk);
      if (text.length > MAX_REASON) break;
    }
  } catch {
    // What came until then is enough.
  }
  return text.trim().slice(0, MAX_REASON) || `status ${response.statusCode}`;
}

/** A helper that goes while we knock (reset, hang up) is nobody: another one may be started. */
function openFailure({ code, message }: NodeJS.ErrnoException): OpenFailure {
  if (message.includes("handshake has timed out")) return { kind: "silent", seconds: HANDSHAKE_TIMEOUT_MS / 1_000 };
  if (code === "EACCES" || code === "EPERM") return { kind: "refused", detail: code };
  return { kind: "nobody" };
}

function rawText(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

/** ws reports broken frames (too long, invalid UTF-8, wrong opcode) as errors with a WS_ERR code: the peer's fault, not the network's. */
function asFailure(error: NodeJS.ErrnoException): Error {
  return error.code?.startsWith("WS_ERR") === true ? new FlamelineError({ kind: "helper-nonsense", detail: error.message }, error) : error;
}
