import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LanguageServer } from "../../../extension/language-server-client.js";
import { LiveFeed } from "../../../extension/recording/live-feed.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "feed-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A server that notes what it hears; `crash` forgets it all, as a restart does. */
class FakeServer {
  heard: string[] = [];
  refuse = false;
  #restarted: (() => void) | undefined;
  readonly ask = async (method: string) => {
    this.heard.push(method);
    return null;
  };
  readonly notify = async (_method: string, { text }: { text: string }) => {
    if (this.refuse) {
      throw new Error("the connection is closed");
    }
    this.heard.push(text);
  };
  onRestarted(listener: () => void) {
    this.#restarted = listener;
    return { dispose: () => undefined };
  }
  crash() {
    this.heard = [];
    this.refuse = false;
    this.#restarted?.();
  }
}

function startFeed(server: FakeServer): LiveFeed {
  const log = { warn: () => undefined, error: () => undefined } as never;
  return new LiveFeed(server as unknown as LanguageServer, { id: "r", name: "n", folder, started: "{}" }, log);
}

const onDisk = (...messages: string[]) => writeFileSync(path.join(folder, "batches.jsonl"), ["started", ...messages].join("\n"));

describe("a live recording's way to the language server", () => {
  test("begins before its first batch and keeps the order", async () => {
    const server = new FakeServer();
    const feed = startFeed(server);
    feed.message("a");
    feed.message("b");
    onDisk("a", "b");
    await feed.drained();
    expect(server.heard).toEqual(["flameline/begin", "a", "b"]);
  });

  test("a restarted server hears everything again, each batch once", async () => {
    const server = new FakeServer();
    const feed = startFeed(server);
    feed.message("a");
    feed.message("b");
    onDisk("a", "b");
    await feed.drained();
    server.crash();
    onDisk("a", "b", "c");
    feed.message("c");
    await feed.drained();
    expect(server.heard).toEqual(["flameline/begin", "a", "b", "c"]);
  });

  test("batches that a dying server did not take come from the disk", async () => {
    const server = new FakeServer();
    const feed = startFeed(server);
    feed.message("a");
    await feed.drained();
    server.refuse = true;
    feed.message("b");
    feed.message("c");
    onDisk("a", "b", "c");
    await new Promise((resolve) => setTimeout(resolve, 10));
    server.crash();
    await feed.drained();
    expect(server.heard).toEqual(["flameline/begin", "a", "b", "c"]);
  });
});
