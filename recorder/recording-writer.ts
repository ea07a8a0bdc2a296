import { type FileHandle, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FlamelineError } from "./failures.js";
import { parseMeta, type RecordingMeta, writeMeta } from "./recording-meta.js";

const SYNC_EVERY_MS = 5_000;

/** Appends a recording's messages, in order. */
export class RecordingWriter {
  readonly folder: string;
  readonly #file: FileHandle;
  readonly #limitBytes: number;
  #meta: RecordingMeta;
  #bytes = 0;
  #syncedAt = performance.now();

  constructor(folder: string, meta: RecordingMeta, file: FileHandle, limitBytes: number) {
    this.folder = folder;
    this.#meta = meta;
    this.#file = file;
    this.#limitBytes = limitBytes;
  }

  get meta(): RecordingMeta {
    return this.#meta;
  }

  /** Writes one message as received; it is in the file when this resolves. Throws `file-not-written` and `recording-too-large`. */
  async append(text: string): Promise<void> {
    // JSON text may hold line ends between its tokens; inside strings they are escaped.
    const line = `${text.includes("\n") ? text.replaceAll("\n", " ") : text}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#limitBytes) throw new FlamelineError({ kind: "recording-too-large", limit: this.#limitBytes });
    try {
      await this.#file.appendFile(line);
      this.#bytes += bytes;
      if (performance.now() - this.#syncedAt < SYNC_EVERY_MS) return;
      this.#syncedAt = performance.now();
      await this.#file.datasync();
    } catch (error) {
      throw notWritten(this.folder, error);
    }
  }

  /** Flushes and closes; the recording's last facts go into `meta.json`. */
  async end(last: Pick<RecordingMeta, "state" | "durationNs" | "batches" | "samples" | "notes">): Promise<RecordingMeta> {
    // The user may have named it while it ran.
    const written = parseMeta(await readFile(join(this.folder, "meta.json"), "utf8").catch(() => ""), this.#meta.id);
    this.#meta = { ...(written ?? this.#meta), ...last };
    try {
      await this.#file.datasync();
      await this.#file.close();
      await writeMeta(this.folder, this.#meta);
    } catch (error) {
      throw notWritten(this.folder, error);
    }
    return this.#meta;
  }
}

/** The failure behind an error of the file system. */
export function notWritten(path: string, error: unknown): FlamelineError {
  if (error instanceof FlamelineError) return error;
  return new FlamelineError({ kind: "file-not-written", path, detail: error instanceof Error ? error.message : String(error) }, error);
}
