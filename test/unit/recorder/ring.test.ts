import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readProfile } from "../../../cli/read-profile.js";
import { Ring } from "../../../recorder/keep/ring.js";
import { batch, started, stopped } from "./fake-helper.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ring = (minutes = 30, bytes = 1e6, at = join(folder, "ring")) => Ring.open(at, { minutes, bytes }, { name: "shop" });
const segments = (): string[] => readdirSync(join(folder, "ring")).filter((name) => name.endsWith(".jsonl"));
const onDisk = (): number => segments().reduce((sum, name) => sum + statSync(join(folder, "ring", name)).size, 0);

/** A segment of `samples` samples that began at a second; ended in order unless it is cut. */
async function segment(into: Ring, second: number, samples: number, end = true): Promise<string> {
  const file = await into.segment(second * 1_000);
  const start = { ...started(1), startUnixNs: `${second}000000000` };
  const first = batch(1, 0, samples);
  // The process goes on, and each segment tells its start from its own.
  const processes = first.processes.map((row) => ({ ...row, startNs: (1_699_999_990 - second) * 1e9 + (second % 7) * 1_000 }));
  const messages = [start, { ...first, processes }, batch(1, 1, samples), ...(end ? [stopped(1, 2)] : [])];
  for (const message of messages) await file.append(JSON.stringify(message));
  await file.end();
  return join(folder, "ring", file.name);
}

describe("a ring", () => {
  test("never takes more than its bytes: the oldest go first", async () => {
    const one = await ring(30, 50_000);
    let largest = 0;
    for (let i = 0; i < 40; i++) {
      const file = await one.segment(1_700_000_000_000 + i * 1_000);
      for (let j = 0; j < 30; j++) {
        await file.append(JSON.stringify({ type: "batch", text: "x".repeat(200) }));
        largest = Math.max(largest, onDisk());
      }
      await file.end();
    }
    expect(largest).toBeGreaterThan(40_000);
    expect(largest).toBeLessThanOrEqual(50_000);
    expect(segments().at(-1)).toBe("1700000039000-0.jsonl");
    expect(segments()[0]).not.toBe("1700000000000-0.jsonl");
  });

  test("asks for a new segment long before one alone could fill it, and refuses what can't fit", async () => {
    const file = await (await ring(30, 20_000)).segment(1_700_000_000_000);
    expect(file.full).toBe(false);
    await file.append("x".repeat(1_300));
    expect(file.full).toBe(true);
    await expect(file.append("x".repeat(20_000))).rejects.toMatchObject({ failure: { kind: "recording-too-large" } });
  });

  test("forgets what is older than its minutes, also of a run before", async () => {
    const old = await segment(await ring(), 1_700_000_000, 3);
    const young = await segment(await ring(), 1_700_000_060, 3);
    const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    utimesSync(old, minutesAgo(11), minutesAgo(11));
    utimesSync(young, minutesAgo(9), minutesAgo(9));
    await ring(10);
    expect(segments()).toEqual(["1700000060000-0.jsonl"]);
  });

  test("is one process's at a time", async () => {
    const one = await ring();
    const other = JSON.stringify({ format: 1, writerPid: process.ppid, startedUnixMs: Date.now() });
    writeFileSync(join(folder, "ring", "ring.json"), other);
    await expect(ring()).rejects.toMatchObject({ failure: { kind: "keep-elsewhere", pid: process.ppid } });
    // One that is gone is none.
    writeFileSync(join(folder, "ring", "ring.json"), other.replace(String(process.ppid), "4194000"));
    await ring();
    await one.close();
    expect(readFileSync(join(folder, "ring", "ring.json"), "utf8")).toContain('"writerPid":0');
  });

  test("that can't be written is one failure with its place", async () => {
    writeFileSync(join(folder, "ring"), "a file where the folder should be");
    await expect(ring()).rejects.toMatchObject({ failure: { kind: "file-not-written", path: join(folder, "ring") } });
  });
});

describe("reading a ring", () => {
  const read = (lastMinutes?: number) => readProfile(join(folder, "ring"), lastMinutes);

  test("gives all segments as one recording, in which what goes on is one thing", async () => {
    const one = await ring();
    await segment(one, 1_700_000_000, 3);
    await segment(one, 1_700_000_001, 2);
    const { recording, warnings } = await read();
    expect(warnings).toEqual([]);
    expect(recording.samples.length).toBe(10);
    expect(recording.info).toMatchObject({ name: "shop", startUnixNs: "1700000000000000000", durationNs: 1_500_000_000 });
    expect([recording.functions.length, recording.frames.length, recording.stacks.length]).toEqual([1, 1, 1]);
    expect(recording.threads).toHaveLength(1);
    expect(recording.loss.lost).toBe(2);
    expect(recording.cost).toMatchObject({ bpfNs: 2, helperCpuNs: 4, symbolizerCpuNs: 6, residentBytes: 4 });
    expect(recording.samples.timeNs.at(6)).toBe(1_000_000_000);
  });

  test("says how long nothing was recorded in between", async () => {
    const one = await ring();
    await segment(one, 1_700_000_000, 3);
    await segment(one, 1_700_000_010, 3);
    await segment(one, 1_700_000_020, 3);
    expect((await read()).warnings).toEqual(["Recording was interrupted 2 times, for 19 s in all; nothing is known of that time."]);
  });

  test("gives the last minutes only, counted from its end", async () => {
    const one = await ring();
    for (let i = 0; i < 10; i++) {
      const path = await segment(one, 1_700_000_000 + i * 60, 1);
      utimesSync(path, 1_700_000_001 + i * 60, 1_700_000_001 + i * 60);
    }
    const { recording } = await read(3);
    expect(recording.info.startUnixNs).toBe("1700000361000000000");
    expect(recording.samples.length).toBe(6);
    const cut = await read(2.99);
    // The beginning of the segment that holds the moment is left out.
    expect(cut.recording.samples.length).toBe(6);
    expect((await read(119.75 / 60)).recording.samples.length).toBe(4);
  });

  test("reads damaged and half-written segments as far as they go, and says so", async () => {
    const one = await ring();
    const cut = await segment(one, 1_700_000_000, 3, false);
    appendFileSync(cut, JSON.stringify(batch(1, 2, 5)).slice(0, -40));
    const damaged = await segment(one, 1_700_000_001, 3);
    writeFileSync(
      damaged,
      readFileSync(damaged, "utf8").replace('{"type":"stopped"', '{"type":#"stopped"').replace('"timeNs":[0,1,2]', '"timeNs":[0,null,2]'),
    );
    writeFileSync(join(folder, "ring", "1700000002000-0.jsonl"), "\0\0\0\0");
    const live = await segment(one, 1_700_000_003, 3, false);
    appendFileSync(live, '{"type":"batch","recordi');
    const { recording, warnings } = await read();
    expect(recording.samples.length).toBe(6 + 5 + 6);
    expect(warnings).toEqual([
      "The recording's last message was cut off and is left out.",
      "Recording was interrupted once, for 1.5 s in all; nothing is known of that time.",
      "1 sample could not be read and was left out.",
    ]);
  });

  test("of nothing says so", async () => {
    await ring();
    await expect(read()).rejects.toThrow(/it keeps nothing yet/);
  });

  test("tells pauses, within and over segments", async () => {
    const one = await ring();
    const first = await one.segment(1_700_000_000_000);
    for (const message of [
      { ...started(1), startUnixNs: "1700000000000000000" },
      batch(1, 0),
      { type: "rate", recording: 1, timeNs: 250_000_000, hz: 0 },
      stopped(1, 4),
    ]) {
      await first.append(JSON.stringify(message));
    }
    const second = await one.segment(1_700_000_001_000);
    for (const message of [
      { ...started(1), startUnixNs: "1700000001000000000", hz: 0 },
      { type: "rate", recording: 1, timeNs: 500_000_000, hz: 7 },
      batch(1, 3),
      stopped(1, 4),
    ]) {
      await second.append(JSON.stringify(message));
    }
    const { recording, warnings } = await read();
    expect(recording.info.hz).toBe(7);
    expect(warnings[0]).toBe("Sampling paused for 1.3 s of 2.0 s to stay within its budget; shares are of the rest.");
  });
});
