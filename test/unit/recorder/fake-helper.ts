/** A helper that speaks the protocol from a script, on a Unix socket in a folder of its own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import type { Batch, ClientMessage, HelperHello, HelperMessage, Started, Stopped } from "../../../protocol/helper.js";
import { type Machine, thisMachine } from "../../../recorder/machine.js";

const UID = process.getuid?.() ?? 0;

export const HELLO: HelperHello = {
  type: "hello",
  protocol: 1,
  helper: "0.1.0",
  pid: 4242,
  peerUid: UID,
  kernel: "6.1.0",
  processors: 2,
  events: ["cpu"],
};

export function started(recording: number): Started {
  return { type: "started", recording, startUnixNs: "1700000000000000000", hz: 99, events: ["cpu"] };
}

/** A batch of `samples` samples of one function, `sequence` quarter seconds into the recording. */
export function batch(recording: number, sequence: number, samples = 3): Batch {
  const first = sequence === 0;
  return {
    type: "batch",
    recording,
    sequence,
    timeNs: (sequence + 1) * 250_000_000,
    strings: first ? ["", "work", "/src/app.py"] : [],
    processes: first
      ? [
          {
            pid: 7,
            parentPid: 1,
            name: "python",
            executable: "/usr/bin/python",
            commandLine: ["python", "app.py"],
            workingDirectory: "/src",
            root: "/",
            uid: UID,
            startNs: -5,
          },
        ]
      : [],
    threads: first ? [{ process: 0, tid: 7, name: "main" }] : [],
    frames: first
      ? { language: ["python"], function: [1], file: [2], line: [3], column: [0], module: [0], address: [""] }
      : { language: [], function: [], file: [], line: [], column: [], module: [], address: [] },
    stacks: first ? { parent: [-1], frame: [0] } : { parent: [], frame: [] },
    samples: {
      stack: Array.from({ length: samples }, () => 0),
      thread: Array.from({ length: samples }, () => 0),
      timeNs: Array.from({ length: samples }, (_, index) => sequence * 250_000_000 + index),
      event: Array.from({ length: samples }, () => "cpu" as const),
      value: Array.from({ length: samples }, () => 10_101_010),
    },
    counts: { process: [], kind: [], subject: [], calls: [], bytes: [] },
    memory: { process: [], timeNs: [], resident: [], anonymous: [] },
    updates: [],
    loss: { lost: 1, leafOnly: 0, truncated: 0, broken: 0, unresolvedFrames: 0 },
    cost: { bpfNs: 1, helperCpuNs: 2, symbolizerCpuNs: 3, residentBytes: 4, mapBytes: 5 },
  };
}

export function stopped(recording: number, batches: number, reason: Stopped["reason"] = "requested"): Stopped {
  return { type: "stopped", recording, reason, durationNs: batches * 250_000_000, batches };
}

export type Script = (message: ClientMessage, reply: (message: HelperMessage | string | Buffer) => void, socket: WebSocket) => void;

/** Says hello, records two batches, and stops when asked. */
export const WELL_BEHAVED: Script = (message, reply) => {
  if (message.type === "hello") reply(HELLO);
  if (message.type === "processes") reply({ type: "processes", request: message.request, processes: [] });
  if (message.type === "start") {
    reply({ type: "progress", recording: message.recording, phase: "loading" });
    for (const one of [started(message.recording), batch(message.recording, 0), batch(message.recording, 1)]) reply(one);
  }
  if (message.type === "stop") {
    reply(batch(message.recording, 2, 1));
    reply(stopped(message.recording, 3));
  }
};

export class FakeHelper {
  readonly machine: Machine;
  readonly socketPath: string;
  readonly #folder: string;
  readonly #http: Server = createServer();
  #sockets = 0;

  constructor(change: Partial<Machine> = {}) {
    this.#folder = mkdtempSync(join(tmpdir(), "flameline-test-"));
    const socketFolder = join(this.#folder, "run");
    // The environment of a test run as root through sudo must not lead to another user's folder.
    this.machine = {
      ...thisMachine(),
      env: { PATH: process.env["PATH"] },
      socketFolder,
      socketFolderOwner: UID,
      servicePrograms: [],
      ...change,
    };
    this.socketPath = join(socketFolder, String(this.machine.uid), "helper.sock");
    mkdirSync(dirname(this.socketPath), { recursive: true });
    for (const folder of [socketFolder, dirname(this.socketPath)]) chmodSync(folder, 0o755);
  }

  get connections(): number {
    return this.#sockets;
  }

  /** Where a service would listen. */
  get servicePath(): string {
    return join(this.machine.socketFolder, "helper.sock");
  }

  /** Refuses every client, as a helper does that does not serve it. */
  async refuse(status: number, reason: string, path = this.socketPath): Promise<void> {
    this.#http.on("upgrade", (_, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: ${reason.length}\r\n\r\n${reason}`);
    });
    await new Promise<void>((resolve) => this.#http.listen(path, resolve));
  }

  async listen(script: Script = WELL_BEHAVED, path = this.socketPath): Promise<this> {
    new WebSocketServer({ server: this.#http, maxPayload: 1 << 20 }).on("connection", (socket) => {
      this.#sockets++;
      socket.on("error", () => undefined);
      socket.on("message", (data: Buffer) => {
        script(
          JSON.parse(data.toString("utf8")) as ClientMessage,
          (answer) => socket.send(typeof answer === "string" || Buffer.isBuffer(answer) ? answer : JSON.stringify(answer)),
          socket,
        );
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(path, resolve));
    return this;
  }

  close(): void {
    this.#http.closeAllConnections();
    this.#http.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }
}
