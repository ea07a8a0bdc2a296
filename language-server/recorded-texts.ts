import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Files } from "../source/files.js";
import { writeAtomically } from "./atomic-file.js";

/** The most that a recording keeps of the files it names, in bytes of UTF-8. */
const MAX_KEPT_BYTES = 20 * 1024 * 1024;

/** A text as it was when its file first got samples, or when it was first asked for. */
export interface RecordedText {
  readonly text: string;
  /** When the file had last been written, ms since 1970. */
  readonly modifiedMs: number;
  /** True when the text was taken by the recording, and not from what is on the disk now. */
  readonly kept: boolean;
}

interface KeptText extends RecordedText {
  readonly bytes: number;
  readonly sha256: string;
}

/** `sources.json`: which text lies in `sources/<sha256>`. Paths are absolute, with symbolic links resolved. */
interface SourcesIndex {
  readonly version: 1;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly bytes: number; readonly mtimeMs: number }[];
  /** Sampled files that were left out because of {@link MAX_KEPT_BYTES}. */
  readonly leftOut: number;
}

/**
 * The texts that a recording is about: a file's text is taken when it first gets samples and, where the recording
 * has a folder, written there at once, so that neither a later edit nor a crash loses it.
 */
export class RecordedTexts {
  readonly #files: Files;
  readonly #folder: string | undefined;
  readonly #texts = new Map<string, Promise<KeptText | undefined>>();
  readonly #kept = new Map<string, KeptText>();
  #keptBytes = 0;
  #leftOut = 0;

  /** `folder` is the recording's, or undefined for a profile that is only looked at. */
  constructor(files: Files, folder: string | undefined) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Reads what an earlier session kept; a damaged index or text counts as absent. */
  async load(): Promise<void> {
    if (this.#folder === undefined) {
      return;
    }
    const index = parseIndex(await readFile(join(this.#folder, "sources.json"), "utf8").catch(() => ""));
    this.#leftOut = index.leftOut;
    for (const { path, sha256, bytes, mtimeMs } of index.files) {
      const data = await readFile(join(this.#folder, "sources", sha256)).catch(() => undefined);
      if (data !== undefined && createHash("sha256").update(data).digest("hex") === sha256) {
        const kept = { text: data.toString("utf8"), modifiedMs: mtimeMs, bytes, sha256, kept: true };
        this.#kept.set(path, kept);
        this.#keptBytes += bytes;
        this.#texts.set(path, Promise.resolve(kept));
      }
    }
  }

  /** Takes the text of a file of the workspace that has samples, once. */
  async capture(path: string): Promise<void> {
    await this.#read(path, true);
  }

  /** The text that the recording took, else the one on the disk when this was first asked; undefined when there is none. */
  async get(path: string): Promise<RecordedText | undefined> {
    return this.#read(path, false);
  }

  /** Writes `sources.json`. */
  async writeIndex(): Promise<void> {
    if (this.#folder === undefined) {
      return;
    }
    const files = [...this.#kept].map(([path, { sha256, bytes, modifiedMs }]) => ({ path, sha256, bytes, mtimeMs: modifiedMs }));
    const index: SourcesIndex = { version: 1, files, leftOut: this.#leftOut };
    await writeAtomically(join(this.#folder, "sources.json"), `${JSON.stringify(index, undefined, 2)}\n`);
  }

  #read(path: string, keep: boolean): Promise<KeptText | undefined> {
    const known = this.#texts.get(path);
    if (known !== undefined && !keep) {
      return known;
    }
    const reading = (known ?? this.#readFile(path)).then(async (text) =>
      text !== undefined && keep && !text.kept ? this.#keep(path, text) : text,
    );
    this.#texts.set(path, reading);
    return reading;
  }

  async #readFile(path: string): Promise<KeptText | undefined> {
    const before = await this.#files.stat(path);
    const text = before?.isFile === true ? await this.#files.readText(path) : undefined;
    if (before === undefined || text === undefined) {
      return undefined;
    }
    const sha256 = createHash("sha256").update(text).digest("hex");
    return { text, modifiedMs: before.mtimeMs, bytes: Buffer.byteLength(text), sha256, kept: false };
  }

  async #keep(path: string, found: KeptText): Promise<KeptText> {
    if (this.#folder === undefined) {
      return found;
    }
    if (this.#keptBytes + found.bytes > MAX_KEPT_BYTES) {
      this.#leftOut += 1;
      return found;
    }
    this.#keptBytes += found.bytes;
    const kept = { ...found, kept: true };
    this.#kept.set(path, kept);
    try {
      const folder = join(this.#folder, "sources");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const part = join(folder, `${found.sha256}.part`);
      await writeFile(part, found.text, { mode: 0o600 });
      await rename(part, join(folder, found.sha256));
    } catch {
      // The disk is full or the folder is gone: the text stays in memory, and finishing the recording reports it.
      this.#kept.delete(path);
      this.#keptBytes -= found.bytes;
    }
    return kept;
  }
}

function parseIndex(text: string): SourcesIndex {
  const empty: SourcesIndex = { version: 1, files: [], leftOut: 0 };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("files" in value) || !Array.isArray(value.files)) {
      return empty;
    }
    const leftOut = "leftOut" in value && typeof value.leftOut === "number" ? value.leftOut : 0;
    return { version: 1, files: value.files.filter(isIndexedFile), leftOut };
  } catch {
    return empty;
  }
}

function isIndexedFile(value: unknown): value is SourcesIndex["files"][number] {
  const file = value as Partial<Record<keyof SourcesIndex["files"][number], unknown>> | null;
  return (
    typeof file === "object" &&
    file !== null &&
    typeof file.path === "string" &&
    typeof file.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(file.sha256) &&
    typeof file.bytes === "number" &&
    typeof file.mtimeMs === "number"
  );
}
