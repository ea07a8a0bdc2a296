/**
 * Recordings on disk: `recordings/<UTC>-<slug>/{batches.jsonl, run.pb.gz, meta.json, sources/<sha256>}`. This file
 * owns the folders, `meta.json` and `batches.jsonl`; the language server turns the batches into `run.pb.gz` and `sources`.
 *
 * Durability: every message is written before it is forwarded, so a crash of any of our processes loses none. The
 * file is flushed to the disk every 5 s and at the end, so a power cut loses at most the last 5 s.
 */
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EventName } from "../protocol/events.js";
import { FlamelineError } from "./failures.js";
import { META_FORMAT, parseMeta, type RecordingMeta, writeMeta } from "./recording-meta.js";
import { isStillWriting } from "./writer-process.js";
import { notWritten, RecordingWriter } from "./recording-writer.js";

/** What all recordings of a workspace may take on disk. */
const STORAGE_LIMIT_BYTES = 1e9;

export interface StoredRecording {
  readonly meta: RecordingMeta;
  /** Absolute path of the recording's folder. */
  readonly folder: string;
  readonly bytes: number;
}

export interface NewRecording {
  readonly name: string;
  readonly folders: readonly string[];
  readonly events: readonly EventName[];
  readonly hz: number;
  readonly startedUnixMs: number;
}

export class RecordingStore {
  readonly #root: string;
  readonly #limitBytes: number;

  /** `storage` is the folder that holds `recordings/`. */
  constructor(storage: string, limitBytes: number = STORAGE_LIMIT_BYTES) {
    this.#root = join(storage, "recordings");
    this.#limitBytes = limitBytes;
  }

  /** Makes the folder of a new recording. Throws `file-not-written`. */
  async create(recording: NewRecording): Promise<RecordingWriter> {
    try {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      const id = await this.#makeFolder(`${utcStamp(recording.startedUnixMs)}-${slug(recording.name)}`);
      const meta: RecordingMeta = {
        ...recording,
        format: META_FORMAT,
        id,
        named: false,
        state: "recording",
        writerPid: process.pid,
        durationNs: 0,
        batches: 0,
        samples: 0,
        notes: [],
      };
      const folder = join(this.#root, id);
      await writeMeta(folder, meta);
      return new RecordingWriter(folder, meta, await open(join(folder, "batches.jsonl"), "ax", 0o600), this.#limitBytes);
    } catch (error) {
      throw notWritten(this.#root, error);
    }
  }

  /** All recordings, newest first. One that says "recording" while its writer is dead is a leftover of a crash: "interrupted". */
  async list(): Promise<readonly StoredRecording[]> {
    const names = await readdir(this.#root).catch(() => []);
    const found = await Promise.all(names.map((name) => this.#read(name)));
    return found
      .filter((one) => one !== undefined)
      .toSorted((a, b) => b.meta.startedUnixMs - a.meta.startedUnixMs || (a.meta.id < b.meta.id ? 1 : -1));
  }

  async get(id: string): Promise<StoredRecording | undefined> {
    return (await this.list()).find((one) => one.meta.id === id);
  }

  /** Gives a recording a name, which also keeps it from the limit. */
  async rename(id: string, name: string): Promise<void> {
    const stored = await this.get(id);
    if (stored === undefined) throw new FlamelineError({ kind: "file-missing", path: join(this.#root, id) });
    await writeMeta(stored.folder, { ...stored.meta, name, named: true }).catch((error: unknown) => {
      throw notWritten(stored.folder, error);
    });
  }

  async delete(id: string): Promise<void> {
    const stored = await this.get(id);
    if (stored !== undefined) await rm(stored.folder, { recursive: true, force: true });
  }

  /** Removes the oldest unnamed recordings until all take less than the limit, and returns them so that the caller says so. */
  async enforceLimit(): Promise<readonly StoredRecording[]> {
    const all = await this.list();
    let bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    const removed: StoredRecording[] = [];
    // The newest stays: it is the one that the user has just made.
    for (const one of all.slice(1).toReversed()) {
      if (bytes <= this.#limitBytes) break;
      if (one.meta.named || one.meta.state === "recording") continue;
      await rm(one.folder, { recursive: true, force: true });
      bytes -= one.bytes;
      removed.push(one);
    }
    return removed;
  }

  async #makeFolder(wanted: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const id = attempt === 1 ? wanted : `${wanted}-${attempt}`;
      try {
        await mkdir(join(this.#root, id), { mode: 0o700 });
        return id;
      } catch (error) {
        if (!isErrno(error, "EEXIST") || attempt === 100) throw error;
      }
    }
  }

  async #read(name: string): Promise<StoredRecording | undefined> {
    const folder = join(this.#root, name);
    const meta = parseMeta(await readFile(join(folder, "meta.json"), "utf8").catch(() => ""), name);
    if (meta === undefined) return undefined;
    const dead = meta.state === "recording" && !isStillWriting(meta.writerPid, meta.startedUnixMs);
    const shown = dead
      ? { ...meta, state: "interrupted" as const, notes: [...meta.notes, "The window that recorded it ended before the recording did."] }
      : meta;
    return { meta: shown, folder, bytes: await sizeOf(folder) };
  }
}

/** "20250131T235959Z": sorts by time, and is a file name on every system. */
export function utcStamp(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
}

function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return plain.slice(0, 40) || "recording";
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
