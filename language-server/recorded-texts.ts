import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readKeptTexts, type SourcesIndex } from "../profile-files/kept-texts.js";
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
    const { texts, leftOut } = await readKeptTexts(this.#folder);
    this.#leftOut = leftOut;
    for (const { path, text, bytes, sha256, mtimeMs } of texts) {
      const kept = { text, modifiedMs: mtimeMs, bytes, sha256, kept: true };
      this.#kept.set(path, kept);
      this.#keptBytes += bytes;
      this.#texts.set(path, Promise.resolve(kept));
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
