/** A conversation with a running helper: hello, the list of processes, and recordings. */
import type { EventName } from "../protocol/events.js";
import {
  type DebugFile,
  HELPER_PROTOCOL_VERSION,
  type HelperHello,
  type HelperMessage,
  type ProcessListEntry,
  type Target,
} from "../protocol/helper.js";
import { FlamelineError, type Failure } from "./failures.js";
import { decodeHelperMessage, failureOfCode } from "./helper-messages.js";
import { HelperSocket, type OpenFailure, type SocketEnd } from "./helper-socket.js";
import { type LiveRecording, type RecordingListener, RunningRecording } from "./live-recording.js";

const HELLO_TIMEOUT_MS = 5_000;

export interface StartOptions {
  readonly target: Target;
  readonly events: readonly EventName[];
  /** CPU samples a second on each processor: 1 to 999. */
  readonly hz: number;
  readonly allocationSeconds?: number;
  /** A budget for the helper's own reading (see `StartRequest`). */
  readonly cpuShare?: number;
  readonly signal?: AbortSignal;
}

export class HelperConnection {
  readonly hello: HelperHello;
  readonly socketPath: string;
  /** Settles when the connection is gone; with the failure if nobody asked for it. Never rejects. */
  readonly closed: Promise<Failure | undefined>;
  readonly #socket: HelperSocket;
  readonly #parts: ConnectionParts;
  #next = 1;

  private constructor(socketPath: string, parts: ConnectionParts, socket: HelperSocket, hello: HelperHello) {
    this.socketPath = socketPath;
    this.#socket = socket;
    this.#parts = parts;
    this.closed = parts.closed;
    this.hello = hello;
  }

  /** Opens the socket at `path` and says hello. Resolves with the reason when nobody listens there. */
  static async open(path: string, client: string): Promise<HelperConnection | OpenFailure> {
    const parts = new ConnectionParts();
    const socket = await HelperSocket.open(path, parts);
    if (!(socket instanceof HelperSocket)) return socket;
    socket.send({ type: "hello", protocol: HELPER_PROTOCOL_VERSION, client });
    const timer = setTimeout(() => parts.failHello({ kind: "helper-silent", seconds: HELLO_TIMEOUT_MS / 1_000 }), HELLO_TIMEOUT_MS);
    try {
      return new HelperConnection(path, parts, socket, await parts.hello);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The processes that this user may record. */
  processes(): Promise<readonly ProcessListEntry[]> {
    const request = this.#next++;
    return new Promise((resolve, reject) => {
      if (this.#parts.gone !== undefined) return reject(new FlamelineError(this.#parts.gone));
      this.#parts.requests.set(request, (answer) => ("kind" in answer ? reject(new FlamelineError(answer)) : resolve(answer)));
      this.#socket.send({ type: "processes", request });
    });
  }

  /** Starts a recording; resolves when samples are being taken, which takes seconds the first time (progress messages come before). */
  async start(options: StartOptions, listener: RecordingListener): Promise<LiveRecording> {
    const recording = this.#next++;
    if (this.#parts.gone !== undefined) throw new FlamelineError(this.#parts.gone);
    const running = new RunningRecording(recording, options.target, listener, this.#socket);
    this.#parts.recordings.set(recording, running);
    void running.ended.then(() => this.#parts.recordings.delete(recording));
    const abort = (): void => {
      running.end({ kind: "lost", failure: { kind: "cancelled" } });
      this.#socket.send({ type: "stop", recording });
    };
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      if (options.signal?.aborted === true) abort();
      else {
        const { target, events, hz, allocationSeconds, cpuShare } = options;
        const box = allocationSeconds === undefined ? {} : { allocationSeconds };
        this.#socket.send({ type: "start", recording, target, events, hz, ...box, ...(cpuShare === undefined ? {} : { cpuShare }) });
      }
      return running.live(await running.whenStarted);
    } finally {
      options.signal?.removeEventListener("abort", abort);
    }
  }

  /** Says how far a debug file is that a batch named. */
  tellDebugFile(message: DebugFile): void {
    this.#socket.send(message);
  }

  /**
   * Lets a recording go over into the next one at one moment (see `RenewRequest`); the first one's end follows by itself. Throws where the
   * helper refuses; the first one then goes on.
   */
  async renew(live: LiveRecording, listener: RecordingListener): Promise<LiveRecording> {
    const number = this.#next++;
    if (this.#parts.gone !== undefined) throw new FlamelineError(this.#parts.gone);
    const running = new RunningRecording(number, live.target, listener, this.#socket);
    this.#parts.recordings.set(number, running);
    void running.ended.then(() => this.#parts.recordings.delete(number));
    // A refusal ends it; whoever waits for its end hears so.
    void running.whenStarted.catch((error: unknown) => running.end({ kind: "lost", failure: failureBehind(error) }));
    this.#socket.send({ type: "renew", recording: live.number, next: number });
    return running.live(await running.whenStarted);
  }

  close(): void {
    this.#socket.close();
  }
}

/** What the socket's events reach; made before the connection, because the first frame can arrive with the handshake. */
class ConnectionParts {
  readonly recordings = new Map<number, RunningRecording>();
  readonly requests = new Map<number, (answer: readonly ProcessListEntry[] | Failure) => void>();
  readonly hello: Promise<HelperHello>;
  readonly closed: Promise<Failure | undefined>;
  /** Set once the connection is gone: every later request fails with it. */
  gone: Failure | undefined;
  #greeted = false;
  #resolveHello: (hello: HelperHello) => void = () => undefined;
  #rejectHello: (error: Error) => void = () => undefined;
  #resolveClosed: (failure: Failure | undefined) => void = () => undefined;

  constructor() {
    this.hello = new Promise((resolve, reject) => {
      this.#resolveHello = resolve;
      this.#rejectHello = reject;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  failHello(failure: Failure): void {
    this.#rejectHello(new FlamelineError(failure));
  }

  readonly onText = async (text: string): Promise<void> => {
    const message = decodeHelperMessage(text);
    if (!this.#greeted) return this.#greet(message);
    switch (message.type) {
      case "hello":
        throw new FlamelineError({ kind: "helper-nonsense", detail: "a second hello" });
      case "progress":
      case "started":
      case "rate":
      case "allocations":
      case "batch":
      case "stopped":
        return this.recordings.get(message.recording)?.receive(text, message);
      case "processes":
        this.requests.get(message.request)?.(message.processes);
        this.requests.delete(message.request);
        return;
      case "error": {
        this.requests.get(message.subject)?.(failureOfCode(message.code, message.detail, { kind: "user" }));
        this.requests.delete(message.subject);
        return this.recordings.get(message.subject)?.receive(text, message);
      }
    }
  };

  readonly onClosed = (end: SocketEnd): void => {
    const failure = failureOfEnd(end);
    this.gone = failure;
    this.failHello(failure);
    for (const recording of this.recordings.values()) recording.lose(failure);
    for (const answer of this.requests.values()) answer(failure);
    this.requests.clear();
    this.#resolveClosed(end.kind === "asked" ? undefined : failure);
  };

  #greet(message: HelperMessage): void {
    if (message.type === "error") {
      const failure = failureOfCode(message.code, message.detail, { kind: "user" });
      // "the helper speaks protocol 2, the client 1"
      const theirs = Number(/protocol (\d{1,6})/.exec(message.detail)?.[1] ?? 0);
      return this.failHello(failure.kind === "wrong-version" ? wrongVersion(theirs, 0) : failure);
    }
    if (message.type !== "hello") throw new FlamelineError({ kind: "helper-nonsense", detail: `${message.type} before hello` });
    if (message.protocol !== HELPER_PROTOCOL_VERSION) return this.failHello(wrongVersion(message.protocol, message.pid));
    this.#greeted = true;
    this.#resolveHello(message);
  }
}

function failureBehind(error: unknown): Failure {
  return error instanceof FlamelineError ? error.failure : { kind: "helper-refused", detail: String(error) };
}

function failureOfEnd(end: SocketEnd): Failure {
  if (end.kind === "asked") return { kind: "cancelled" };
  if (end.error instanceof FlamelineError) return end.error.failure;
  return { kind: "helper-closed", keptBatches: 0, detail: end.error?.message ?? "" };
}

function wrongVersion(theirs: number, pid: unknown): Failure {
  const known = typeof pid === "number" && Number.isSafeInteger(pid) && pid > 1;
  return { kind: "wrong-version", ours: HELPER_PROTOCOL_VERSION, theirs, pid: known ? pid : 0 };
}
