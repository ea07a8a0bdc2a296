import { createReadStream } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type * as vscode from "vscode";
import type { LanguageServer } from "../language-server-client.js";

export interface FeedStart {
  readonly id: string;
  readonly name: string;
  /** The recording's folder; `batches.jsonl` in it has every message before it comes here. */
  readonly folder: string;
  /** The helper's `started` message as received. */
  readonly started: string;
}

/** Hands a live recording to the language server, and again from the disk when the server had to be restarted. */
export class LiveFeed implements vscode.Disposable {
  readonly #server: LanguageServer;
  readonly #start: FeedStart;
  readonly #log: vscode.LogOutputChannel;
  readonly #restarts: vscode.Disposable;
  /** Messages after `started` that are on disk, and how many of them the server that runs now has. */
  #written = 0;
  #sent = 0;
  /** Sending happens in this order only. */
  #queue: Promise<void>;

  constructor(server: LanguageServer, start: FeedStart, log: vscode.LogOutputChannel) {
    this.#server = server;
    this.#start = start;
    this.#log = log;
    this.#queue = this.#begin();
    this.#restarts = server.onRestarted(() => this.#enqueue(() => this.#replay()));
  }

  /** A message that is on disk already. Never waits for the server: a slow one must not hold up the writing. */
  message(text: string): void {
    const number = this.#written++;
    this.#enqueue(async () => {
      if (this.#sent === number) {
        await this.#send(text);
      }
    });
  }

  /** Settles when the server has all messages, or can't take them. */
  async drained(): Promise<void> {
    await this.#queue;
    if (this.#sent < this.#written) {
      this.#enqueue(() => this.#replay());
      await this.#queue;
    }
  }

  dispose(): void {
    this.#restarts.dispose();
  }

  #enqueue(step: () => Promise<void>): void {
    this.#queue = this.#queue.then(step).catch((error: unknown) => {
      // It is on disk; a restarted server gets it from there.
      this.#log.warn(`the language server did not take a message: ${String(error)}`);
    });
  }

  async #begin(): Promise<void> {
    try {
      await this.#server.ask("flameline/begin", this.#start);
    } catch (error) {
      this.#log.error(`the language server could not begin the recording: ${String(error)}`);
    }
  }

  async #replay(): Promise<void> {
    await this.#begin();
    this.#sent = 0;
    let first = true;
    for await (const line of createInterface({ input: createReadStream(path.join(this.#start.folder, "batches.jsonl")) })) {
      // The first line is `started`; those that were written since are in the queue behind this.
      if (!first && this.#sent < this.#written) {
        await this.#send(line);
      }
      first = false;
    }
  }

  async #send(text: string): Promise<void> {
    await this.#server.notify("flameline/batch", { id: this.#start.id, text });
    this.#sent++;
  }
}
