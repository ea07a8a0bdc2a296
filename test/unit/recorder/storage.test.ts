import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RecordingStore } from "../../../recorder/storage.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ENDED = { state: "ended", durationNs: 1, batches: 1, samples: 1, notes: [] } as const;

/** Makes a recording of about `bytes` bytes, `minute` minutes into 2025. */
async function make(store: RecordingStore, name: string, minute: number, bytes = 1_000): Promise<string> {
  const writer = await store.create({ name, folders: ["/src"], events: ["cpu"], hz: 99, startedUnixMs: Date.UTC(2025, 0, 1, 0, minute) });
  await writer.append("x".repeat(bytes));
  return (await writer.end(ENDED)).id;
}

async function names(store: RecordingStore): Promise<string[]> {
  return (await store.list()).map(({ meta }) => `${meta.id} "${meta.name}" ${meta.state}`);
}

test("recordings are listed newest first, and two of one second have two folders", async () => {
  const store = new RecordingStore(folder);
  await make(store, "Café ☕ server!", 1);
  await make(store, "Café ☕ server!", 1);
  await make(store, "///", 2);
  expect(await names(store)).toEqual([
    '20250101T000200Z-recording "///" ended',
    '20250101T000100Z-cafe-server-2 "Café ☕ server!" ended',
    '20250101T000100Z-cafe-server "Café ☕ server!" ended',
  ]);
});

test("the limit removes the oldest that have no name of their own, and says which", async () => {
  const store = new RecordingStore(folder, 6_000);
  const oldest = await make(store, "a", 1, 2_000);
  const second = await make(store, "b", 2, 2_000);
  const third = await make(store, "c", 3, 2_000);
  await store.rename(oldest, "Before the change");
  const newest = await make(store, "d", 4, 2_000);
  const removed = await store.enforceLimit();
  expect(removed.map(({ meta }) => meta.id)).toEqual([second, third]);
  expect((await store.list()).map(({ meta }) => meta.id)).toEqual([newest, oldest]);
});

test("the newest recording stays even when it alone is over the limit", async () => {
  const store = new RecordingStore(folder, 5_000);
  const id = await make(store, "big", 1, 4_900);
  expect(await store.enforceLimit()).toEqual([]);
  expect((await store.get(id))?.bytes).toBeGreaterThan(5_000);
});

test("a recording that is named while it runs keeps its name", async () => {
  const store = new RecordingStore(folder);
  const writer = await store.create({ name: "a", folders: [], events: ["cpu"], hz: 99, startedUnixMs: Date.now() });
  await store.rename(writer.meta.id, "Mine");
  await writer.end(ENDED);
  expect((await store.list())[0]?.meta).toMatchObject({ name: "Mine", named: true, state: "ended" });
});

test.each([
  // No process has this number: it is above the kernel's limit.
  ["whose process is gone", 2 ** 22 + 1, Date.now()],
  ["whose process number belongs to a younger process", process.pid, Date.UTC(2020, 0, 1)],
])("a recording %s is listed as interrupted", async (_, writerPid, startedUnixMs) => {
  const store = new RecordingStore(folder);
  const writer = await store.create({ name: "crash", folders: [], events: ["cpu"], hz: 99, startedUnixMs: Date.now() });
  await writer.append('{"type":"started"}');
  expect((await store.list())[0]?.meta.state).toBe("recording");
  writeFileSync(join(writer.folder, "meta.json"), JSON.stringify({ ...writer.meta, writerPid, startedUnixMs }));
  const [left] = await store.list();
  expect(left?.meta.state).toBe("interrupted");
  expect(left?.meta.notes).toEqual(["The window that recorded it ended before the recording did."]);
  await writer.end(ENDED);
});

test("folders that are no recordings are left alone", async () => {
  const store = new RecordingStore(folder, 10);
  mkdirSync(join(folder, "recordings", "holiday"), { recursive: true });
  writeFileSync(join(folder, "recordings", "holiday", "meta.json"), "{ not json");
  await make(store, "a", 1, 5);
  expect(await names(store)).toHaveLength(1);
  await store.enforceLimit();
  await store.delete("../..");
  await store.delete("holiday");
  expect(readdirSync(join(folder, "recordings")).toSorted()).toEqual(["20250101T000100Z-a", "holiday"]);
});
