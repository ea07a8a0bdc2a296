import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectRunningHelper } from "../../../recorder/connect-helper.js";
import type { HelperConnection } from "../../../recorder/helper-connection.js";
import { type ActiveRecording, record } from "../../../recorder/record.js";
import { RecordingStore } from "../../../recorder/storage.js";
import { FakeHelper, type Script, WELL_BEHAVED } from "./fake-helper.js";

let helper: FakeHelper;
let connection: HelperConnection;
let store: RecordingStore;
const seen: string[] = [];

beforeEach(() => {
  helper = new FakeHelper();
  store = new RecordingStore(helper.path("storage"));
  seen.length = 0;
});
afterEach(() => {
  connection.close();
  helper.close();
});

async function begin(script: Script = WELL_BEHAVED, seconds?: number): Promise<ActiveRecording> {
  await helper.listen(script);
  const found = await connectRunningHelper({ machine: helper.machine });
  if (found === undefined) throw new Error("no connection");
  connection = found;
  return record({
    connection,
    target: { kind: "workspace", folders: ["/src"], excludePids: [], excludeTrees: [], excludePrograms: [] },
    events: ["cpu"],
    hz: 99,
    keep: { store, name: "My App", folders: ["/src"] },
    ...(seconds === undefined ? {} : { seconds }),
    onMessage: (text, message) => {
      // What is handed on is on disk already.
      const file = message.type === "progress" ? "" : readFileSync(batchesOf("20231114T221320Z-my-app"), "utf8");
      seen.push(`${message.type}${file.endsWith(`${text}\n`) ? " on disk" : ""}`);
    },
  });
}

function batchesOf(id: string): string {
  return join(helper.path("storage"), "recordings", id, "batches.jsonl");
}

describe("a recording", () => {
  test("is on disk before it is handed on, and ends in order", async () => {
    const active = await begin();
    const result = await active.stop();
    expect(seen).toEqual(["progress", "started on disk", "batch on disk", "batch on disk", "batch on disk", "stopped on disk"]);
    expect(result).toMatchObject({
      reason: "requested",
      failure: undefined,
      durationNs: 750_000_000,
      batches: 3,
      samples: 7,
      missingBatches: 0,
    });
    const [stored] = await store.list();
    expect(stored?.meta).toMatchObject({ id: "20231114T221320Z-my-app", state: "ended", samples: 7, batches: 3, notes: [] });
  });

  test("keeps what was taken when the helper dies, and says so", async () => {
    const active = await begin((message, reply, socket) => {
      WELL_BEHAVED(message, reply, socket);
      if (message.type === "start") setTimeout(() => socket.terminate(), 30);
    });
    expect(await active.ended).toMatchObject({
      reason: "helper-lost",
      failure: { kind: "helper-closed", keptBatches: 2 },
      samples: 6,
      durationNs: 500_000_000,
    });
    const [stored] = await store.list();
    expect(stored?.meta).toMatchObject({ state: "interrupted", samples: 6, notes: ["The recording helper ended unexpectedly."] });
    expect(
      readFileSync(batchesOf(stored?.meta.id ?? ""), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(3);
  });

  test("stops by its timer", async () => {
    const active = await begin(WELL_BEHAVED, 0.05);
    expect(await active.ended).toMatchObject({ reason: "requested", samples: 7 });
  });

  test("that outgrows the limit stops and is kept", async () => {
    store = new RecordingStore(helper.path("storage"), 1_100);
    const active = await begin();
    expect(await active.ended).toMatchObject({ reason: "requested", failure: { kind: "recording-too-large" }, batches: 1 });
    expect((await store.list())[0]?.meta.notes[0]).toMatch(/reached 1 MB; what was taken is kept/);
  });

  test("without a place to write is refused at its start, in one sentence", async () => {
    writeFileSync(helper.path("storage"), "a file where the folder should be");
    const active = await begin().catch((error: unknown) => error);
    if (active instanceof Error) throw active;
    expect(await (active as ActiveRecording).ended).toMatchObject({ failure: { kind: "file-not-written" } });
  });
});
